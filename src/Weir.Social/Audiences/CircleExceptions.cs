using Microsoft.EntityFrameworkCore;
using Weir.Social.Data;

namespace Weir.Social.Audiences;

/// <summary>
/// Circles that audiences keep out. An audience says "except this circle", so taking somebody out of the circle would let them in: whoever
/// leaves a circle, in whatever way, is kept out by name of every post that keeps the circle out at that moment. The owner sees the name
/// among the audience's exceptions and can take it away there. Called in the transaction that ends the membership, before it ends.
/// </summary>
internal static class CircleExceptions
{
    /// <summary>One member leaves this circle.</summary>
    public static Task KeepOutAsync(WeirDb db, Guid circle, Guid member, CancellationToken cancellation) => db.Database.ExecuteSqlAsync(
        $"""
        INSERT INTO "AudienceExceptions" ("PostId", "Handle", "AccountId")
        SELECT kept."PostId", account."UserName", account."Id"
        FROM "AudienceCircles" AS kept
        JOIN "CircleMembers" AS member ON member."CircleId" = kept."CircleId"
        JOIN "Accounts" AS account ON account."Id" = member."AccountId"
        WHERE kept."Except" AND kept."CircleId" = {circle} AND member."AccountId" = {member}
        ON CONFLICT ("PostId", "Handle") DO NOTHING
        """,
        cancellation);

    /// <summary>All members leave this circle: it is deleted.</summary>
    public static Task KeepAllOutAsync(WeirDb db, Guid circle, CancellationToken cancellation) => db.Database.ExecuteSqlAsync(
        $"""
        INSERT INTO "AudienceExceptions" ("PostId", "Handle", "AccountId")
        SELECT kept."PostId", account."UserName", account."Id"
        FROM "AudienceCircles" AS kept
        JOIN "CircleMembers" AS member ON member."CircleId" = kept."CircleId"
        JOIN "Accounts" AS account ON account."Id" = member."AccountId"
        WHERE kept."Except" AND kept."CircleId" = {circle}
        ON CONFLICT ("PostId", "Handle") DO NOTHING
        """,
        cancellation);

    /// <summary>One person leaves every circle of this owner. In several of them, one name is enough.</summary>
    public static Task KeepOutOfAllAsync(WeirDb db, Guid owner, Guid member, CancellationToken cancellation) => db.Database.ExecuteSqlAsync(
        $"""
        INSERT INTO "AudienceExceptions" ("PostId", "Handle", "AccountId")
        SELECT DISTINCT kept."PostId", account."UserName", account."Id"
        FROM "AudienceCircles" AS kept
        JOIN "Circles" AS circle ON circle."Id" = kept."CircleId"
        JOIN "CircleMembers" AS member ON member."CircleId" = kept."CircleId"
        JOIN "Accounts" AS account ON account."Id" = member."AccountId"
        WHERE kept."Except" AND circle."OwnerId" = {owner} AND member."AccountId" = {member}
        ON CONFLICT ("PostId", "Handle") DO NOTHING
        """,
        cancellation);
}
