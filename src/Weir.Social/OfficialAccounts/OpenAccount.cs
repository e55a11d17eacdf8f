using Microsoft.EntityFrameworkCore;
using Weir.Hosting;
using Weir.Social.Accounts;
using Weir.Social.Articles;
using Weir.Social.Audiences;
using Weir.Social.Data;
using Weir.Social.Files;
using Weir.Social.Sessions;

namespace Weir.Social.OfficialAccounts;

/// <summary><c>/api/official</c>: open an account, find them, look at one, change it, close it.</summary>
internal static class OpenAccount
{
    private const int MaxListed = 100;

    internal sealed record Request(string? Handle, string? Name, string? Description, OfficialKind? Kind, bool? Open);

    internal sealed record Opened(Guid Id, string Handle);

    /// <param name="Widen">What <paramref name="Open"/> shows to strangers it shall show them.</param>
    internal sealed record Patch(
        string? Name, string? Description, OfficialKind? Kind, bool? Open, bool? ShowsFollowers, bool? ShowsReads, Guid? Avatar, bool Widen = false);

    internal sealed record Mine(bool MayOpen, List<OfficialCard> Accounts);

    public static void Map(RouteGroupBuilder official)
    {
        official.MapPost("", OpenAsync);
        official.MapGet("", ListAsync);
        // No handle has a hyphen.
        official.MapGet("/my-accounts", MineAsync);
        official.MapGet("/{handle}", GetAsync);
        official.MapPatch("/{handle}", PatchAsync);
        official.MapDelete("/{handle}", CloseAsync);
    }

    public static Task<bool> MayOpenAsync(WeirDb db, Caller caller, CancellationToken cancellation) => db.OfficialSettings.AnyAsync(
        s => s.Mode == OpeningMode.Everyone
            || (s.Mode == OpeningMode.Named && (caller.IsAdmin || db.OfficialPermissions.Any(p => p.AccountId == caller.Id))),
        cancellation);

    /// <summary>Closes it inside the running transaction: nobody is in its audiences any more.</summary>
    public static async Task ShutAsync(OfficialAccount account, WeirDb db, Cutting cutting, TimeProvider clock, CancellationToken cancellation)
    {
        account.ClosedAt ??= clock.Now();
        foreach (var editor in await db.OfficialEditors.Where(e => e.OfficialAccountId == account.Id).Select(e => e.AccountId).ToListAsync(cancellation))
        {
            await cutting.OfHostAsync(editor, cancellation);
        }
    }

    private static async Task<Results<Created<Opened>, ProblemHttpResult>> OpenAsync(
        Request request, Caller caller, WriteScope write, WeirDb db, TimeProvider clock, CancellationToken cancellation)
    {
        var handle = Handle.Parse(request.Handle);
        var name = PlainText.Parse(request.Name, PlainText.NameLength);
        var description = OfficialText.Parse(request.Description, OfficialAccount.DescriptionLength);
        var faults = new List<(string, string, string)>();
        if (handle is null)
        {
            faults.Add(("handle", "handle-shape", "A handle has 3 to 30 of the letters a-z, digits and _."));
        }

        else if (!caller.IsAdmin && ReservedHandles.Contains(handle))
        {
            faults.Add(("handle", "handle-reserved", "This handle belongs to the server."));
        }

        if (name is null)
        {
            faults.Add(NameFault);
        }

        if (description is null)
        {
            faults.Add(DescriptionFault);
        }

        return faults.Count > 0 ? Problems.Fields(faults) : await write.RunAsync<Results<Created<Opened>, ProblemHttpResult>>(async () =>
        {
            if (!await MayOpenAsync(db, caller, cancellation))
            {
                return Problems.Forbidden("may-not-open-official", "An administrator of this server says who may open an official account.");
            }

            if (await db.OfficialEditors.CountAsync(e => e.AccountId == caller.Id && e.Role == EditorRole.Owner, cancellation) >= OfficialAccount.MaxPerOwner)
            {
                return Problems.Conflict("too-many-official", $"You own {OfficialAccount.MaxPerOwner} accounts.");
            }

            if (await db.OfficialAccounts.AnyAsync(a => a.Handle == handle, cancellation))
            {
                return Problems.Field("handle", "handle-taken", "An official account has this handle.");
            }

            var now = clock.Now();
            var account = new OfficialAccount
            {
                Id = Guid.CreateVersion7(clock.GetUtcNow()),
                Handle = handle!,
                Name = name!,
                Description = description!,
                Kind = request.Kind ?? OfficialKind.Subscription,
                Open = request.Open ?? false,
                CreatedAt = now,
            };
            db.OfficialAccounts.Add(account);
            db.OfficialEditors.Add(new OfficialEditor { OfficialAccountId = account.Id, AccountId = caller.Id, Role = EditorRole.Owner, InvitedAt = now, AcceptedAt = now });
            db.Followers.Add(new Follower { OfficialAccountId = account.Id, AccountId = caller.Id, Since = now, SeenAt = now });
            return TypedResults.Created($"/api/official/{account.Handle}", new Opened(account.Id, account.Handle));
        }, cancellation);
    }

    private static async Task<Results<Ok<List<OfficialCard>>, ProblemHttpResult>> ListAsync(
        Caller caller, WeirDb db, OfficialCards cards, CancellationToken cancellation, string scope = "all", string q = "")
    {
        var there = db.OfficialAccounts.Where(a => a.ClosedAt == null);
        if (scope == "following")
        {
            there = there.Where(a => db.Followers.Any(f => f.OfficialAccountId == a.Id && f.AccountId == caller.Id));
        }
        else if (scope != "all")
        {
            return Problems.Field("scope", "scope-unknown", "The scope is following or all.");
        }

        var wanted = q.Trim().TrimStart('@').ToLowerInvariant();
        return TypedResults.Ok(await cards.MakeAsync(
            there.Where(a => a.Handle.Contains(wanted) || a.Name.ToLower().Contains(wanted)).OrderBy(a => a.Name).ThenBy(a => a.Handle).Take(MaxListed), caller.Id, cancellation));
    }

    private static async Task<Ok<Mine>> MineAsync(Caller caller, WeirDb db, OfficialCards cards, CancellationToken cancellation) => TypedResults.Ok(new Mine(
        await MayOpenAsync(db, caller, cancellation),
        await cards.MakeAsync(
            db.OfficialAccounts.Where(a => a.ClosedAt == null && db.OfficialEditors.Any(e => e.OfficialAccountId == a.Id && e.AccountId == caller.Id)).OrderBy(a => a.Name),
            caller.Id,
            cancellation)));

    private static async Task<Results<Ok<OfficialCard>, ProblemHttpResult>> GetAsync(
        string handle, Caller caller, OfficialEntrance entrance, OfficialCards cards, CancellationToken cancellation)
    {
        var (seen, refusal) = await entrance.EnterAsync(handle, caller, null, cancellation);
        return seen is null ? refusal! : TypedResults.Ok(await cards.MakeAsync(seen.Account.Id, caller.Id, cancellation));
    }

    private static async Task<Results<Ok<OfficialCard>, ProblemHttpResult>> PatchAsync(
        string handle, Patch patch, Caller caller, OfficialEntrance entrance, WeirDb db, OfficialCards cards, ArticlePages pages, TimeProvider clock, CancellationToken cancellation)
    {
        var name = patch.Name is null ? null : PlainText.Parse(patch.Name, PlainText.NameLength);
        var description = patch.Description is null ? null : OfficialText.Parse(patch.Description, OfficialAccount.DescriptionLength);
        var faults = new List<(string, string, string)>();
        if (patch.Name is not null && name is null)
        {
            faults.Add(NameFault);
        }

        if (patch.Description is not null && description is null)
        {
            faults.Add(DescriptionFault);
        }

        if (faults.Count > 0)
        {
            return Problems.Fields(faults);
        }

        var id = Guid.Empty;
        var fault = await entrance.ChangeAsync(handle, caller, EditorRole.Owner, async account =>
        {
            id = account.Id;
            if (patch is { Open: true, Widen: false } && !account.Open)
            {
                return Widening.Fault("open");
            }

            if (patch.Avatar is { } avatar && avatar != account.AvatarId)
            {
                // The empty id takes the picture away.
                if (avatar != Guid.Empty && await FileUses.ClaimAsync(db, caller.Id, FileKind.Avatar, [avatar], FilePlace.Avatar, account.Id, cancellation) is null)
                {
                    return Problems.Field("avatar", "picture-unknown", "This picture is not there, or not yours.");
                }

                account.AvatarId = avatar == Guid.Empty ? null : avatar;
                await FileUses.ReleaseAsync(db, FilePlace.Avatar, account.Id, clock.Now(), cancellation, keep: [avatar]);
            }

            account.Name = name ?? account.Name;
            account.Description = description ?? account.Description;
            account.Kind = patch.Kind ?? account.Kind;
            account.Open = patch.Open ?? account.Open;
            account.ShowsFollowers = patch.ShowsFollowers ?? account.ShowsFollowers;
            account.ShowsReads = patch.ShowsReads ?? account.ShowsReads;
            return null;
        }, cancellation);
        pages.Forget();
        return fault is null ? TypedResults.Ok(await cards.MakeAsync(id, caller.Id, cancellation)) : fault;
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> CloseAsync(
        string handle, Caller caller, OfficialEntrance entrance, WeirDb db, Cutting cutting, ArticlePages pages, TimeProvider clock, CancellationToken cancellation)
    {
        var fault = await entrance.ChangeAsync(handle, caller, EditorRole.Owner, async account =>
        {
            await ShutAsync(account, db, cutting, clock, cancellation);
            return null;
        }, cancellation);
        pages.Forget();
        return fault is null ? TypedResults.NoContent() : fault;
    }

    private static (string, string, string) NameFault => ("name", "name-shape", $"A name has 1 to {PlainText.NameLength} characters, not only blanks.");

    private static (string, string, string) DescriptionFault =>
        ("description", "description-shape", $"A description has at most {OfficialAccount.DescriptionLength} characters.");
}
