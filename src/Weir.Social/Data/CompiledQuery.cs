using System.Collections.Concurrent;
using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore.Metadata;

namespace Weir.Social.Data;

/// <summary>
/// A query that EF Core translates once for each kind of database. Any other is walked through at every run, to find out that it was translated before,
/// which can take as long as the query itself.
/// </summary>
/// <param name="compile">With <c>EF.CompileAsyncQuery</c>.</param>
internal sealed class CompiledQuery<T>(Func<T> compile)
    where T : Delegate
{
    private readonly ConcurrentDictionary<IModel, T> _byModel = new();

    public T On(WeirDb db) => _byModel.GetOrAdd(db.Model, _ => compile());
}

internal static class QueryParts
{
    /// <summary>One expression of both: <paramref name="then"/> with <paramref name="body"/> in the place of its second parameter.</summary>
    /// <param name="db">The context, or the parameter that stands for it.</param>
    public static Expression Then<TFrom, TTo>(this Expression body, Expression db, Expression<Func<WeirDb, IQueryable<TFrom>, IQueryable<TTo>>> then) =>
        new Replacement(then.Parameters[0], db, then.Parameters[1], body).Visit(then.Body);

    private sealed class Replacement(ParameterExpression one, Expression forOne, ParameterExpression other, Expression forOther) : ExpressionVisitor
    {
        protected override Expression VisitParameter(ParameterExpression node) => node == one ? forOne : node == other ? forOther : node;
    }
}
