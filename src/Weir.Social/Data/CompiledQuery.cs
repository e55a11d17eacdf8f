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
        then.With(db, body);

    /// <summary>The body of a part of a query, with <paramref name="arguments"/> in the place of its parameters.</summary>
    public static Expression With(this LambdaExpression part, params Expression[] arguments) =>
        new Replacement(part.Parameters, arguments).Visit(part.Body);

    private sealed class Replacement(IList<ParameterExpression> parameters, Expression[] arguments) : ExpressionVisitor
    {
        protected override Expression VisitParameter(ParameterExpression node) =>
            parameters.IndexOf(node) is >= 0 and var index ? arguments[index] : node;
    }
}
