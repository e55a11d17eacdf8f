using System.Net;
using Weir.Contracts;
using Weir.Social.Sessions;

namespace Weir.Social.Security;

/// <summary>
/// What an operator looks for after an attack, and all events of this kind: a log category of its own, <c>Weir.Security</c>, whose entries
/// have a number, a name and named values. None of them is a secret, and nothing that somebody typed is in them: people type passwords
/// where a handle belongs. Accounts and sessions are ids, and addresses those of the clients, behind a trusted proxy too. How many lines
/// there are is bounded by <see cref="SecurityLines"/>.
/// </summary>
internal sealed partial class SecurityLog(ILoggerFactory loggers, TimeProvider clock)
{
    public const string Category = "Weir.Security";

    private readonly ILogger _log = loggers.CreateLogger(Category);
    private readonly SecurityLines _lines = new(clock);

    public void SignedIn(HttpContext from, Guid account, Guid session, string way) =>
        SignedIn(account.ToText(), session.ToText(), AddressOf(from), way);

    /// <param name="account">Null when nobody has the handle that was typed.</param>
    public void SignInFailed(HttpContext from, Guid? account, string reason)
    {
        if (MayWriteRefusal())
        {
            SignInFailed(account?.ToText() ?? "none", AddressOf(from), reason);
        }
    }

    public void SignedUp(HttpContext from, Guid account, Guid invitedBy)
    {
        if (MayWriteChange())
        {
            SignedUp(account.ToText(), invitedBy.ToText(), AddressOf(from));
        }
    }

    public void SignUpFailed(HttpContext from, string reason)
    {
        if (MayWriteRefusal())
        {
            SignUpFailed(AddressOf(from), reason);
        }
    }

    public void SetUpDone(HttpContext from, Guid account) => SetUpDone(account.ToText(), AddressOf(from));

    public void SetUpFailed(HttpContext from)
    {
        if (MayWriteRefusal())
        {
            SetUpFailed(AddressOf(from));
        }
    }

    public void PasswordCheckFailed(HttpContext from, Caller caller)
    {
        if (MayWriteRefusal())
        {
            PasswordCheckFailed(caller.Id.ToText(), caller.Session.ToText(), AddressOf(from));
        }
    }

    public void PasswordChanged(HttpContext from, Caller caller) =>
        PasswordChanged(caller.Id.ToText(), caller.Session.ToText(), AddressOf(from));

    public void PasswordReset(HttpContext from, Guid account) => PasswordReset(account.ToText(), AddressOf(from));

    public void PasswordResetFailed(HttpContext from)
    {
        if (MayWriteRefusal())
        {
            PasswordResetFailed(AddressOf(from));
        }
    }

    public void PasskeyAdded(HttpContext from, Caller caller)
    {
        if (MayWriteChange())
        {
            PasskeyAdded(caller.Id.ToText(), caller.Session.ToText(), AddressOf(from));
        }
    }

    public void PasskeyRemoved(HttpContext from, Caller caller)
    {
        if (MayWriteChange())
        {
            PasskeyRemoved(caller.Id.ToText(), caller.Session.ToText(), AddressOf(from));
        }
    }

    public void EncoderKeyRenewed(HttpContext from, Caller caller)
    {
        if (MayWriteChange())
        {
            EncoderKeyRenewed(caller.Id.ToText(), caller.Session.ToText(), AddressOf(from));
        }
    }

    public void SessionsEnded(HttpContext from, Caller caller, int count)
    {
        if (MayWriteChange())
        {
            SessionsEnded(count, caller.Id.ToText(), caller.Session.ToText(), AddressOf(from));
        }
    }

    public void AccountDeleted(HttpContext from, Caller caller)
    {
        if (MayWriteChange())
        {
            AccountDeleted(caller.Id.ToText(), caller.Session.ToText(), AddressOf(from));
        }
    }

    /// <summary>Whatever is in the audit trail: suspensions, roles, links that set passwords, contents that were removed.</summary>
    public void Administration(string action, Guid actor, Guid? subject) =>
        Administration(action, actor.ToText(), subject?.ToText() ?? "none");

    public void ViewersCut(Guid broadcast, IReadOnlyCollection<Guid> accounts) =>
        ViewersCut(accounts.Count, broadcast.ToText(), string.Join(' ', accounts.Take(MostNamed).Select(account => account.ToText())));

    /// <summary>A limit refused this request. One line stands for all of the same address and call within a minute.</summary>
    /// <param name="call">The method and the route's template, never the path: codes stand in paths.</param>
    public void Limited(HttpContext from, string call)
    {
        if (MayWriteRefusal())
        {
            Limited(call, from.Features.Get<Caller>()?.Id.ToText() ?? "none", AddressOf(from));
        }
    }

    /// <summary>
    /// Somebody was refused what is not there, or not for them. Bounded as <see cref="Limited(HttpContext, string)"/>, by account where
    /// there is one.
    /// </summary>
    public void Refused(HttpContext from, string call, int status)
    {
        if (MayWriteRefusal())
        {
            Refused(call, status, from.Features.Get<Caller>()?.Id.ToText() ?? "none", AddressOf(from));
        }
    }

    /// <summary>A connection was closed because its address has too many. Bounded as <see cref="Limited(HttpContext, string)"/>.</summary>
    public void ConnectionRefused(IPAddress address)
    {
        if (MayWriteRefusal())
        {
            ConnectionRefused(Text(address));
        }
    }

    private const int MostNamed = 5;

    private bool MayWriteRefusal() => Tell(_lines.TryRefusal(out var leftOut), leftOut, "refusals");

    private bool MayWriteChange() => Tell(_lines.TryChange(out var leftOut), leftOut, "changes of accounts");

    private bool Tell(bool may, long leftOut, string what)
    {
        if (leftOut > 0)
        {
            LeftOut(leftOut, what);
        }

        return may;
    }

    private static string AddressOf(HttpContext context) => Text(context.Connection.RemoteIpAddress ?? IPAddress.None);

    private static string Text(IPAddress address) => (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();

    [LoggerMessage(1, LogLevel.Information, "Signed in: account {Account}, session {Session}, from {Address}, by {Way}")]
    private partial void SignedIn(string account, string session, string address, string way);

    [LoggerMessage(2, LogLevel.Warning, "Sign-in failed: account {Account}, from {Address}: {Reason}")]
    private partial void SignInFailed(string account, string address, string reason);

    [LoggerMessage(3, LogLevel.Information, "Signed up: account {Account}, invited by {InvitedBy}, from {Address}")]
    private partial void SignedUp(string account, string invitedBy, string address);

    [LoggerMessage(4, LogLevel.Warning, "Sign-up failed from {Address}: {Reason}")]
    private partial void SignUpFailed(string address, string reason);

    [LoggerMessage(5, LogLevel.Information, "Set up: account {Account} is the first administrator, from {Address}")]
    private partial void SetUpDone(string account, string address);

    [LoggerMessage(6, LogLevel.Warning, "Wrong set-up code from {Address}")]
    private partial void SetUpFailed(string address);

    [LoggerMessage(7, LogLevel.Warning, "Wrong password inside a session: account {Account}, session {Session}, from {Address}")]
    private partial void PasswordCheckFailed(string account, string session, string address);

    [LoggerMessage(8, LogLevel.Information, "Password changed: account {Account}, session {Session}, from {Address}")]
    private partial void PasswordChanged(string account, string session, string address);

    [LoggerMessage(9, LogLevel.Information, "Password set by an administrator's link: account {Account}, from {Address}")]
    private partial void PasswordReset(string account, string address);

    [LoggerMessage(10, LogLevel.Warning, "Unknown password link from {Address}")]
    private partial void PasswordResetFailed(string address);

    [LoggerMessage(11, LogLevel.Information, "Passkey added: account {Account}, session {Session}, from {Address}")]
    private partial void PasskeyAdded(string account, string session, string address);

    [LoggerMessage(12, LogLevel.Information, "Passkey removed: account {Account}, session {Session}, from {Address}")]
    private partial void PasskeyRemoved(string account, string session, string address);

    [LoggerMessage(13, LogLevel.Information, "Encoder key renewed: account {Account}, session {Session}, from {Address}")]
    private partial void EncoderKeyRenewed(string account, string session, string address);

    [LoggerMessage(14, LogLevel.Information, "{Count} sessions ended: account {Account}, by session {Session}, from {Address}")]
    private partial void SessionsEnded(int count, string account, string session, string address);

    [LoggerMessage(15, LogLevel.Information, "Account deleted: account {Account}, session {Session}, from {Address}")]
    private partial void AccountDeleted(string account, string session, string address);

    [LoggerMessage(16, LogLevel.Information, "Administration: {Action} by account {Actor}, of {Subject}")]
    private partial void Administration(string action, string actor, string subject);

    [LoggerMessage(17, LogLevel.Information, "{Count} viewers cut from broadcast {Broadcast}: {Accounts}")]
    private partial void ViewersCut(int count, string broadcast, string accounts);

    [LoggerMessage(18, LogLevel.Warning, "Refused by a limit: {Call}, account {Account}, from {Address}")]
    private partial void Limited(string call, string account, string address);

    [LoggerMessage(19, LogLevel.Information, "Refused: {Call}, {Status}, account {Account}, from {Address}")]
    private partial void Refused(string call, int status, string account, string address);

    [LoggerMessage(20, LogLevel.Warning, "{Count} {What} were left out of this log before, because there were too many at once")]
    private partial void LeftOut(long count, string what);

    [LoggerMessage(21, LogLevel.Warning, "Refused by a limit: too many connections from {Address}")]
    private partial void ConnectionRefused(string address);
}
