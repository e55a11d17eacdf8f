using Microsoft.AspNetCore.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Weir.Hosting;
using Weir.Social.Data;

namespace Weir.Social.Sessions;

/// <summary>
/// Who makes this request, asked again when it acts. A request is let in when its head has come; its body may take minutes, and its turn
/// may come later still. Meanwhile the session may have ended, the account may have been suspended or deleted, and an administrator may
/// be one no longer. What is done by nobody's request has nobody to ask about.
/// </summary>
internal sealed class CallerStanding(IServiceProvider services, SessionsEpochReader epochs)
{
    private Caller? _caller;
    private long _epoch;

    /// <summary>This request is for administrators only.</summary>
    public bool MustAdminister { get; set; }

    /// <param name="epoch">Read before the caller was.</param>
    public void Begin(Caller caller, long epoch) => (_caller, _epoch) = (caller, epoch);

    /// <summary>In a writing transaction's turn, or before anything else that has an effect.</summary>
    /// <exception cref="StandingLostException">The request may not do this any more.</exception>
    public async ValueTask CheckAsync(CancellationToken cancellation)
    {
        if (_caller is null || await epochs.ReadAsync() is var epoch && epoch == _epoch)
        {
            return;
        }

        // Somebody's account or session was changed since: seldom this one's.
        var isAdmin = await services.GetRequiredService<WeirDb>().Sessions.AsNoTracking()
            .Where(s => s.Id == _caller.Session && s.Account!.SuspendedAt == null && s.Account.DeletedAt == null)
            .Select(s => (bool?)s.Account!.IsAdmin).SingleOrDefaultAsync(cancellation);
        if (isAdmin is null || (MustAdminister && isAdmin == false))
        {
            throw new StandingLostException(isSignedIn: isAdmin is not null);
        }

        _epoch = epoch;
    }
}

/// <summary>Nothing was written: the request is answered as if it had been made now.</summary>
internal sealed class StandingLostException(bool isSignedIn) : Exception("Whoever made this request may not do this any more.")
{
    public bool IsSignedIn => isSignedIn;
}

internal sealed class LostStandings : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is not StandingLostException lost)
        {
            return false;
        }

        await (lost.IsSignedIn ? Problems.Forbidden() : SessionAuthentication.SignInFirst(httpContext)).ExecuteAsync(httpContext);
        return true;
    }
}
