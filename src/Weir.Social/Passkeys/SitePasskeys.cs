using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using Weir.Hosting;
using Weir.Social.Accounts;

namespace Weir.Social.Passkeys;

/// <summary>
/// Identity's handler for the site as this request names it. By itself it takes the host's name in Unicode, which is no domain to a
/// browser (WebAuthn 5.1.2: <c>rp.id</c> is a valid domain string).
/// </summary>
internal sealed class SitePasskeys(UserManager<Account> users, IOptionsFactory<IdentityPasskeyOptions> options) : IPasskeyHandler<Account>
{
    public Task<PasskeyCreationOptionsResult> MakeCreationOptionsAsync(PasskeyUserEntity userEntity, HttpContext httpContext) =>
        For(httpContext).MakeCreationOptionsAsync(userEntity, httpContext);

    public Task<PasskeyRequestOptionsResult> MakeRequestOptionsAsync(Account? user, HttpContext httpContext) =>
        For(httpContext).MakeRequestOptionsAsync(user, httpContext);

    public Task<PasskeyAttestationResult> PerformAttestationAsync(PasskeyAttestationContext context) =>
        For(context.HttpContext).PerformAttestationAsync(context);

    public Task<PasskeyAssertionResult<Account>> PerformAssertionAsync(PasskeyAssertionContext context) =>
        For(context.HttpContext).PerformAssertionAsync(context);

    private PasskeyHandler<Account> For(HttpContext context)
    {
        var site = options.Create(Options.DefaultName);
        site.ServerDomain ??= HostNames.Of(context.Request);
        return new PasskeyHandler<Account>(users, Options.Create(site));
    }
}
