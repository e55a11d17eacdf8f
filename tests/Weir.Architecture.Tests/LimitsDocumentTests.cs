using System.Globalization;
using System.Reflection;

namespace Weir.Architecture.Tests;

/// <summary>docs/limits.md names every limit with the value that the code has, and no other.</summary>
public sealed class LimitsDocumentTests
{
    /// <summary>Their properties, or constants, are limits.</summary>
    private static readonly (string Type, string[] But)[] Holders =
    [
        ("Weir.Social.Throttling.CallRates", []),
        ("Weir.Hosting.AddressKey", []),
        ("Weir.Social.Throttling.CallsUnderWay", []),
        ("Weir.Social.Throttling.Limits", ["SignIn"]),
        ("Weir.Social.Throttling.SignInLimits", []),
        ("Weir.Social.Sessions.SessionStart", []),
        ("Weir.Social.Realtime.Connections", []),
        ("Weir.Social.Accounts.PasswordQueueLimits", ["Threads"]),
        ("Weir.Social.Conversations.ConversationLimits", []),
        ("Weir.Social.Moments.MomentLimits", []),
        ("Weir.Social.Files.FileLimits", ["SweepEvery"]),
        ("Weir.Social.Files.RemovalBudget", []),
        ("Weir.Social.Search.SearchLimits", ["AtOnce", "Batch", "Waiting", "MostTold", "Every", "LookAtAllEvery"]),
        ("Weir.Social.Links.LinkLimits", []),
        ("Weir.Social.Articles.ArticleThrottle", []),
        ("Weir.Social.Throttling.OpenConnections", []),
        ("Weir.Social.Articles.RenderedArticles", ["Renderings"]),
        ("Weir.Live.WebRtc.RtcSessions", []),
        ("Weir.Live.Broadcasts.HostShares", []),
        ("Weir.Media.Transcoding.Transcoders", []),
        ("Weir.Live.Http.RequestRates", []),
        ("Weir.Hosting.ConnectionLimits", ["MeterName"]),
        ("Weir.Hosting.DiskRoom", []),
        ("Weir.Media.Broadcasting.Publisher", []),
        ("Weir.Media.Broadcasting.CommentRoom", []),
        ("Weir.Media.Recording.EventLog", ["PageSize"]),
        ("Weir.Media.Recording.RecorderLimits", ["RetryAfter", "MaxPendingEvents"]),
        ("Weir.Social.Throttling.WrittenBytes", []),
        ("Weir.Hosting.LogLines", []),
        ("Weir.Social.Notifications.NoticeShares", []),
        ("Weir.Social.Security.SecurityLines", []),
        ("Weir.Social.Broadcasts.AdmissionLimits", ["MaxLooking"]),
        ("Weir.Social.Notifications.Push.PushLimits", ["MessageDelay", "Interval", "AllowLocal"]),
        ("Weir.Media.WebSockets.WatchLimits", []),
        ("Weir.Media.WebRtc.Transport.RtcEndpointOptions", ["Port", "LoopbackOnly", "PublicAddresses", "Tcp"]),
        ("Weir.Media.WebRtc.Transport.Dtls.HandshakePool", ["Running", "Waiting", "IsIdle"]),
        ("Weir.Live.Http.RefusalLog", []),
    ];

    /// <summary>Options of which these alone are limits.</summary>
    private static readonly (string Type, string[] Limits)[] Options =
    [
        ("Weir.Live.LiveOptions", ["RecordingLimit", "SessionsPerTicket", "MaxConnections", "ConnectionsPerAddress"]),
    ];

    [Fact]
    public void Every_limit_is_documented_with_its_value_and_nothing_else_is()
    {
        var expected = Holders.SelectMany(holder => Rows(Find(holder.Type), holder.But)).Concat(
            Options.Select(holder => (Type: Find(holder.Type), holder.Limits)).SelectMany(holder => Rows(
                holder.Type, [.. holder.Type.GetMembers().Select(member => member.Name).Except(holder.Limits)]))).ToList();
        Assert.True(expected.Count > 50, "The limits were not read.");
        var documented = File.ReadLines(Path.Combine(DocumentTests.Root, "docs", "limits.md"))
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal) && line.IndexOf('`', 3) is var end && line[3..end].Contains('.', StringComparison.Ordinal))
            .Select(line => string.Join('|', line.Split('|').Take(3)).TrimEnd() + " |").ToList();
        Assert.True(
            expected.Except(documented).Concat(documented.Except(expected)).ToList() is [],
            $"docs/limits.md must have these rows:\n{string.Join('\n', expected.Except(documented))}\nand not these:\n{string.Join('\n', documented.Except(expected))}");
    }

    private static Type Find(string name) =>
        new[] { typeof(Weir.Social.SocialOptions), typeof(Weir.Hosting.Problems), typeof(Weir.Media.Broadcasting.Broadcast), typeof(Weir.Live.LiveOptions) }
            .Select(type => type.Assembly.GetType(name)).FirstOrDefault(type => type is not null) ?? throw new InvalidOperationException($"{name} is gone.");

    private static IEnumerable<string> Rows(Type type, string[] but)
    {
        foreach (var constant in type.GetFields(BindingFlags.Public | BindingFlags.Static).Where(field => field.IsLiteral && !but.Contains(field.Name)))
        {
            yield return Row(constant.Name, constant.GetRawConstantValue()!);
        }

        if (type.GetConstructors().FirstOrDefault(maker => maker.GetParameters().All(p => p.ParameterType == typeof(TimeProvider))) is not { } make)
        {
            yield break;
        }

        var limits = make.Invoke([.. make.GetParameters().Select(object (_) => TimeProvider.System)]);
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => !but.Contains(p.Name)))
        {
            var value = property.GetValue(limits)!;
            if (value is not Delegate)
            {
                yield return Row(property.Name, value);
            }
        }

        string Row(string name, object value) => $"| `{type.Name}.{name}` | {Text(value)} |";
    }

    private static string Text(object value) => value switch
    {
        TimeSpan time => Text(time),
        int or long => Number(Convert.ToInt64(value, CultureInfo.InvariantCulture)),
        // A limiter says its rate, a rate what it is made of.
        _ when value.GetType().GetProperty("Rate") is { } rate => Text(rate.GetValue(value)!),
        _ => $"{Text(Part(value, "Burst"))}, then one in {Text(Part(value, "Refill"))}",
    };

    private static object Part(object rate, string name) => rate.GetType().GetProperty(name)!.GetValue(rate)!;

    private static string Number(long number) => number switch
    {
        >= 1 << 30 when number % (1 << 30) == 0 => FormattableString.Invariant($"{number >> 30} GB"),
        >= 1 << 20 when number % (1 << 20) == 0 => FormattableString.Invariant($"{number >> 20} MB"),
        _ => number.ToString(CultureInfo.InvariantCulture),
    };

    private static string Text(TimeSpan time) =>
        time.TotalMilliseconds < 1 ? FormattableString.Invariant($"{time.TotalMicroseconds:0.#} µs")
        : time.TotalSeconds < 1 ? FormattableString.Invariant($"{time.TotalMilliseconds:0.#} ms")
        : time.TotalMinutes < 1 ? FormattableString.Invariant($"{time.TotalSeconds:0.#} s")
        : time.TotalHours < 1 ? FormattableString.Invariant($"{time.TotalMinutes:0.#} min")
        : FormattableString.Invariant($"{time.TotalHours:0.#} h");
}
