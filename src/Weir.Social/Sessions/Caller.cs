namespace Weir.Social.Sessions;

/// <summary>Who makes this request. Bound into handlers; a handler that takes a nullable one also answers people without an account.</summary>
internal sealed record Caller(Guid Id, string Handle, string Name, Guid? Avatar, bool IsAdmin, Guid Session)
{
    public static ValueTask<Caller?> BindAsync(HttpContext context) => ValueTask.FromResult(context.Features.Get<Caller>());
}

/// <summary>
/// When this request's session was there for certain. What is given to the session is as of then: if it ended meanwhile, that came later.
/// </summary>
internal sealed record SessionSeen(DateTimeOffset At);

internal static class CallerExtensions
{
    /// <summary>The empty id stands for everybody without an account.</summary>
    public static Guid IdOrNone(this Caller? caller) => caller?.Id ?? Guid.Empty;
}
