namespace Weir.Social.Sessions;

/// <summary>Who makes this request. Bound into handlers; a handler that takes a nullable one also answers people without an account.</summary>
internal sealed record Caller(Guid Id, string Handle, string Name, Guid? Avatar, bool IsAdmin, Guid Session)
{
    public static ValueTask<Caller?> BindAsync(HttpContext context) => ValueTask.FromResult(context.Features.Get<Caller>());
}

internal static class CallerExtensions
{
    /// <summary>The empty id stands for everybody without an account.</summary>
    public static Guid IdOrNone(this Caller? caller) => caller?.Id ?? Guid.Empty;
}
