using System.Text.Json;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Accounts;
using Weir.Social.Data;
using Weir.Social.Security;
using Weir.Social.Sessions;
using Weir.Social.Throttling;
using Weir.Social.WebApp;

namespace Weir.Social.Passkeys;

/// <summary>What the browser is asked, as WebAuthn's JSON, and the name under which its answer is expected.</summary>
internal sealed record PasskeyQuestion(string Id, JsonElement Options);

/// <summary>
/// <c>/api/me/passkeys</c>: list, register, name, remove. Identity's handler asks and verifies; neither its cookies nor data protection are used: what was asked waits in
/// <see cref="PasskeyChallenges"/>.
/// </summary>
internal static class PasskeyCalls
{
    internal sealed record Entry(Guid Id, string Name, DateTimeOffset CreatedAt, DateTimeOffset? LastUsedAt, bool Synced);

    internal sealed record Begin(string? Password);

    internal sealed record Registration(string? Id, JsonElement? Credential, string? Name);

    internal sealed record Patch(string? Name);

    public static void AddServices(IServiceCollection services, SocialOptions options)
    {
        services.AddSingleton(provider => new PasskeyChallenges(provider.GetRequiredService<TimeProvider>()));
        services.AddScoped<IUserStore<Account>, AccountStore>();
        services.AddScoped<IPasskeyHandler<Account>, SitePasskeys>();
        services.Configure<IdentityPasskeyOptions>(passkeys =>
        {
            // Without a public address it is whatever host the person's browser shows.
            passkeys.ServerDomain = options.PublicUrl?.Host;
            // It takes the place of handle and password: found without a handle, and the device asks who holds it.
            passkeys.ResidentKeyRequirement = "required";
            passkeys.UserVerificationRequirement = "required";
            passkeys.AttestationConveyancePreference = "none";
            passkeys.ValidateOrigin = context => ValueTask.FromResult(!context.CrossOrigin && OwnOrigin.Is(context.Origin, context.HttpContext.Request, options));
        });
    }

    public static void Map(RouteGroupBuilder api)
    {
        var passkeys = api.MapGroup("/me/passkeys").WithTags("Passkeys");
        passkeys.MapGet("", async (Caller caller, WeirDb db, CancellationToken cancellation) => TypedResults.Ok(await db.Passkeys
            .Where(p => p.AccountId == caller.Id)
            .OrderBy(p => p.CreatedAt)
            .Select(p => new Entry(p.Id, p.Name, p.CreatedAt, p.LastUsedAt, p.IsBackedUp))
            .ToListAsync(cancellation)));
        passkeys.MapPost("/challenge", BeginAsync);
        passkeys.MapPost("", RegisterAsync);
        passkeys.MapPatch("/{id}", RenameAsync);
        passkeys.MapDelete("/{id}", RemoveAsync);
        PasskeySignIn.Map(api);
    }

    /// <summary>The password again: whoever holds a borrowed device must not make themselves a way in that stays.</summary>
    private static async Task<Results<Created<PasskeyQuestion>, ProblemHttpResult>> BeginAsync(
        Begin begin,
        Caller caller,
        PasswordQueue passwords,
        IPasskeyHandler<Account> handler,
        PasskeyChallenges challenges,
        Limits limits,
        WeirDb db,
        HttpContext context,
        CancellationToken cancellation)
    {
        var (account, fault) = await MyAccount.CheckPasswordAsync(
            begin.Password, "password", caller, passwords, limits, db, context, cancellation);
        if (fault is not null)
        {
            return fault;
        }

        if (await db.Passkeys.CountAsync(p => p.AccountId == caller.Id, cancellation) >= Passkey.MaxPerPerson)
        {
            return TooMany();
        }

        var made = await handler.MakeCreationOptionsAsync(new PasskeyUserEntity { Id = account.Id.ToString(), Name = account.Handle, DisplayName = account.Name }, context);
        return TypedResults.Created((string?)null, new PasskeyQuestion(
            challenges.Put(caller.Id, made.AttestationState!, account.PasswordHash), Parse(made.CreationOptionsJson)));
    }

    private static async Task<Results<Created<Entry>, ProblemHttpResult>> RegisterAsync(
        Registration registration,
        Caller caller,
        IPasskeyHandler<Account> handler,
        PasskeyChallenges challenges,
        WriteScope write,
        WeirDb db,
        TimeProvider clock,
        HttpContext context,
        ILogger<Passkey> log,
        SecurityLog security,
        CancellationToken cancellation)
    {
        if (PlainText.Parse(registration.Name, PlainText.NameLength) is not { } name)
        {
            return NameFault();
        }

        if (challenges.Take(registration.Id, caller.Id) is not { } asked)
        {
            return Expired();
        }

        var verdict = await handler.PerformAttestationAsync(new PasskeyAttestationContext
        {
            HttpContext = context,
            CredentialJson = registration.Credential?.GetRawText() ?? "null",
            AttestationState = asked.State,
        });
        if (!verdict.Succeeded)
        {
            log.LogInformation("A passkey was not registered: {Reason}", verdict.Failure.Message);
            return Problems.Field("credential", "passkey-refused", "This passkey cannot be used here.");
        }

        var passkey = new Passkey
        {
            CredentialId = verdict.Passkey.CredentialId,
            Id = Guid.CreateVersion7(clock.GetUtcNow()),
            AccountId = caller.Id,
            Name = name,
            PublicKey = verdict.Passkey.PublicKey,
            CreatedAt = clock.Now(),
            SignCount = verdict.Passkey.SignCount,
            Transports = string.Join(' ', (verdict.Passkey.Transports ?? []).Where(t => t.All(char.IsAsciiLetter)).Take(8)) is { Length: <= 200 } transports ? transports : "",
            IsUserVerified = verdict.Passkey.IsUserVerified,
            IsBackupEligible = verdict.Passkey.IsBackupEligible,
            IsBackedUp = verdict.Passkey.IsBackedUp,
        };
        var fault = await write.RunAsync(async () =>
        {
            if (await PasswordRecheck.FaultAsync(db, caller, asked.PasswordHash, Expired, cancellation) is { } changed)
            {
                return changed;
            }

            if (await db.Passkeys.CountAsync(p => p.AccountId == caller.Id, cancellation) >= Passkey.MaxPerPerson)
            {
                return TooMany();
            }

            if (await db.Passkeys.AnyAsync(p => p.CredentialId == passkey.CredentialId, cancellation))
            {
                return Problems.Field("credential", "passkey-refused", "This passkey cannot be used here.");
            }

            db.Passkeys.Add(passkey);
            return null;
        }, cancellation);
        if (fault is not null)
        {
            return fault;
        }

        security.PasskeyAdded(context, caller);
        var entry = new Entry(passkey.Id, name, passkey.CreatedAt, null, passkey.IsBackedUp);
        return TypedResults.Created($"/api/me/passkeys/{passkey.Id.ToText()}", entry);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> RenameAsync(
        string id, Patch patch, Caller caller, WriteScope write, WeirDb db, CancellationToken cancellation)
    {
        if (PlainText.Parse(patch.Name, PlainText.NameLength) is not { } name)
        {
            return NameFault();
        }

        Ids.TryParse(id, out var wanted);
        return await write.RunAsync(
            () => db.Passkeys.Where(p => p.Id == wanted && p.AccountId == caller.Id).ExecuteUpdateAsync(set => set.SetProperty(p => p.Name, name), cancellation),
            cancellation) > 0 ? TypedResults.NoContent() : Problems.NotFound();
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> RemoveAsync(
        string id, Caller caller, WriteScope write, WeirDb db, SecurityLog security, HttpContext context, CancellationToken cancellation)
    {
        Ids.TryParse(id, out var wanted);
        var removed = await write.RunAsync(
            () => db.Passkeys.Where(p => p.Id == wanted && p.AccountId == caller.Id).ExecuteDeleteAsync(cancellation), cancellation);
        if (removed == 0)
        {
            return Problems.NotFound();
        }

        security.PasskeyRemoved(context, caller);
        return TypedResults.NoContent();
    }

    public static JsonElement Parse(string json) => JsonElement.Parse(json);

    public static ProblemHttpResult Expired() => Problems.Field("id", "passkey-expired", "This took too long. Try again.");

    private static ProblemHttpResult TooMany() => Problems.Conflict("too-many-passkeys", $"You have {Passkey.MaxPerPerson} passkeys.");

    private static ProblemHttpResult NameFault() => Problems.Field("name", "name-shape", $"A name has 1 to {PlainText.NameLength} characters, not only blanks.");
}
