using System.Linq.Expressions;
using System.Reflection;
using Weir.Social.Data;

namespace Weir.Social.Tests.Visibility;

/// <summary>Somebody, and something that they may or may not see.</summary>
internal sealed class Pair
{
    public Guid Viewer { get; init; }

    public Guid Thing { get; init; }
}

/// <summary>
/// A rule that slices ask for one viewer, asked of many by one statement: it is the slices' own query, in which each pair's viewer stands
/// where the one viewer's id was.
/// </summary>
internal static class ManyViewers
{
    private static readonly Guid One = Guid.NewGuid();

    /// <param name="rule">What of everything the viewer may have.</param>
    public static IQueryable<Pair> Allowed<T>(this IQueryable<Pair> pairs, Func<Guid, IQueryable<T>> rule, Expression<Func<T, Guid>> id)
    {
        var pair = Expression.Parameter(typeof(Pair), "pair");
        var theirs = new OfPair(Expression.Property(pair, nameof(Pair.Viewer))).Visit(rule(One).Expression);
        var same = Expression.Lambda(Expression.Equal(id.Body, Expression.Property(pair, nameof(Pair.Thing))), id.Parameters);
        var any = Expression.Call(typeof(Queryable), nameof(Queryable.Any), [typeof(T)], theirs, Expression.Quote(same));
        return pairs.Where(Expression.Lambda<Func<Pair, bool>>(any, pair));
    }

    private sealed class OfPair(Expression viewer) : ExpressionVisitor
    {
        protected override Expression VisitMember(MemberExpression node)
        {
            if (node is not { Member: FieldInfo captured, Expression: ConstantExpression { Value: not WeirDb } closure })
            {
                return base.VisitMember(node);
            }

            return captured.GetValue(closure.Value) switch
            {
                Guid id when id == One => viewer,
                IQueryable part => Visit(part.Expression),
                _ => base.VisitMember(node),
            };
        }
    }
}
