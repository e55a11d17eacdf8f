using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace Weir.Architecture.Tests;

/// <summary>
/// docs/limits.md names every limit with the value that the code has, and no other. Types that hold limits are found in the code, so a new
/// one without a row fails.
/// </summary>
public sealed partial class LimitsDocumentTests
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
        ("Weir.Social.Articles.RenderTurns", []),
        ("Weir.Social.Articles.ArticlePages", []),
        ("Weir.Social.Throttling.DearRates", []),
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
        ("Weir.Hosting.RefusalLines", []),
        ("Weir.Live.MemoryFailures", ["TooMany"]),
    ];

    /// <summary>Types that seem to hold limits and have no rows: why.</summary>
    private static readonly (string Why, string[] Types)[] Others =
    [
        (
            "It counts, and its numbers are those of another type, which has rows.",
            [
                "Weir.Hosting.AddressLimiter`1",
                "Weir.Hosting.RefusalLines`1",
                "Weir.Live.Http.RequestLimits",
                "Weir.Social.Articles.RenderPlace",
                "Weir.Social.Broadcasts.TicketTurns",
                "Weir.Social.Conversations.ConversationThrottle",
                "Weir.Social.Files.Pictures",
                "Weir.Social.Files.UploadThrottle",
                "Weir.Social.Links.LinkCards",
                "Weir.Social.Moments.MomentThrottle",
                "Weir.Social.Realtime.HubMessages",
                "Weir.Social.Search.SearchBudget",
                "Weir.Social.Search.SearchDoor",
                "Weir.Social.Throttling.CallLimits",
                "Weir.Social.Throttling.FairTurns",
                "Weir.Social.Throttling.FairTurns+Turn",
                "Weir.Social.Throttling.Places+Place",
            ]),
        (
            "How many of a kind somebody keeps: one more is a conflict, and protocol.md says it with the call.",
            [
                "Weir.Social.Articles.Article",
                "Weir.Social.Articles.ArticleSend",
                "Weir.Social.Blocks.Block",
                "Weir.Social.Broadcasts.Broadcast",
                "Weir.Social.Circles.Circle",
                "Weir.Social.Conversations.Conversation",
                "Weir.Social.Conversations.GroupLink",
                "Weir.Social.Conversations.MessageContent",
                "Weir.Social.Conversations.MyView",
                "Weir.Social.Friends.FriendRequest",
                "Weir.Social.Invitations.Invitation",
                "Weir.Social.Moments.MomentComment",
                "Weir.Social.Notifications.Notification",
                "Weir.Social.Notifications.Star",
                "Weir.Social.OfficialAccounts.Follower",
                "Weir.Social.OfficialAccounts.OfficialAccount",
                "Weir.Social.OfficialAccounts.OfficialEditor",
                "Weir.Social.Passkeys.Passkey",
                "Weir.Social.Reporting.Report",
            ]),
        (
            "How long a text or a field is: a longer one is invalid or cut; protocol.md says it where callers give it.",
            [
                "Weir.Contracts.CommentStatement",
                "Weir.Contracts.Ticket",
                "Weir.Social.Accounts.Handle",
                "Weir.Social.Accounts.PasswordRules",
                "Weir.Social.Admin.AuditEntry",
                "Weir.Social.Conversations.MessageText",
                "Weir.Social.Files.StoredFile",
                "Weir.Social.Links.LinkText",
                "Weir.Social.Notifications.NoticeSettings",
                "Weir.Social.Notifications.Push.PushEncryption",
                "Weir.Social.Notifications.Push.PushSubscription",
                "Weir.Social.Search.SearchQuery",
                "Weir.Social.Sessions.DeviceMarks",
                "Weir.Social.Sessions.Session",
            ]),
        (
            "How much of one thing is read, shown or done in one turn. The rest comes in the next one, or is left out.",
            [
                "Weir.Social.Articles.ReadCounter",
                "Weir.Social.Audiences.Cutting",
                "Weir.Social.Broadcasts.FriendsWatching",
                "Weir.Social.Data.PreparedConnection",
                "Weir.Social.Data.SqliteConnections",
                "Weir.Social.Files.PictureCodec",
                "Weir.Social.Search.Tokens",
                "Weir.Social.Sessions.SessionNotes",
            ]),
        (
            "What a format or a protocol allows, or the length of a packet.",
            [
                "Weir.Media.Formats.Amf0Reader",
                "Weir.Media.Formats.FlvWriter",
                "Weir.Media.Formats.Rtp.TransportCc",
                "Weir.Media.Formats.Sdp.SessionDescription",
                "Weir.Media.Formats.WebSocketFrame",
                "Weir.Media.Recording.RecordedSegment",
                "Weir.Media.Rtmp.ChunkReader",
                "Weir.Media.WebRtc.Negotiation.IceFragment",
                "Weir.Media.WebRtc.Transport.RtcEndpoint",
                "Weir.Media.WebRtc.Transport.Srtp.SrtpCipher",
                "Weir.Media.WebRtc.Transport.Srtp.SrtpReceiver",
            ]),
        (
            "What one broadcast or one viewer holds, which the text of limits.md and architecture.md say where it matters.",
            [
                "Weir.Media.Broadcasting.FanOut.Batch",
                "Weir.Media.Broadcasting.FanOut.FanOut",
                "Weir.Media.Broadcasting.TimelineLimits",
                "Weir.Media.Cmaf.PackagerLimits",
                "Weir.Media.Hls.HlsLimits",
                "Weir.Media.WebRtc.Receiving.JitterLimits",
                "Weir.Media.WebRtc.Sending.PlayoutDelay",
                "Weir.Media.WebRtc.WhepLimits",
                "Weir.Media.WebRtc.WhipLimits",
            ]),
        (
            "It spaces what is sent or logged, and refuses nobody.",
            [
                "Weir.Media.Broadcasting.LogThrottle",
                "Weir.Media.WebRtc.Sending.Budget",
            ]),
    ];

    /// <summary>Options of which these alone are limits.</summary>
    private static readonly (string Type, string[] Limits)[] Options =
    [
        ("Weir.Live.LiveOptions", ["RecordingLimit", "SessionsPerTicket", "MaxConnections", "ConnectionsPerAddress"]),
    ];

    [Fact]
    public void Whoever_seems_to_hold_limits_has_rows_or_a_reason_to_have_none()
    {
        var found = Assemblies.SelectMany(assembly => assembly.GetTypes()).Where(SeemsToHoldLimits)
            .Select(type => type.FullName!).ToHashSet();
        Assert.True(found.Count > 50, "The types were not read.");
        var unlike = Others.SelectMany(reason => reason.Types).ToList();
        var known = Holders.Select(holder => holder.Type).Concat(Options.Select(holder => holder.Type)).Concat(unlike).ToHashSet();
        var unknown = found.Except(known).Order(StringComparer.Ordinal).ToList();
        Assert.True(unknown is [], $"These need rows in docs/limits.md, or a reason to have none:\n{string.Join('\n', unknown)}");
        // A reason for what is gone would hide the next one of that name.
        Assert.Equal([], unlike.Except(found));
        Assert.Equal(unlike.Count, unlike.Distinct().Count());
        Assert.Equal([], unlike.Intersect(Holders.Select(holder => holder.Type)));
    }

    /// <summary>
    /// By its name, by a limiter that it counts with, or by a constant that others can read and that is called as bounds are. Private
    /// constants are the inside of one class: parsers' and buffers' bounds, and pages of lists.
    /// </summary>
    private static bool SeemsToHoldLimits(Type type)
    {
        const BindingFlags All =
            BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;
        return !type.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false) && !type.Name.Contains('<', StringComparison.Ordinal)
            && (HolderName().IsMatch(type.Name)
                || type.GetFields(All).Any(field => Counts(field.FieldType))
                || type.GetFields(All).Any(field => field is { IsLiteral: true, IsPrivate: false } && IsNumber(field.FieldType)
                    && !type.IsEnum && BoundName().IsMatch(field.Name)));
    }

    private static bool IsNumber(Type type) => Type.GetTypeCode(type) is >= TypeCode.SByte and <= TypeCode.Decimal;

    /// <summary>A limiter of ours or of .NET.</summary>
    private static bool Counts(Type? type)
    {
        for (; type is not null; type = type.BaseType)
        {
            if (CountingName().IsMatch(type.Name))
            {
                return true;
            }
        }

        return false;
    }

    [GeneratedRegex("(Limits|Rates|Shares|Budget|Throttle|Turns)$")]
    private static partial Regex HolderName();

    [GeneratedRegex("^(Max|Most|Burst|Refill|AtOnce|Each|Waiting|Of[A-Z]|Per[A-Z])|(Burst|Refill|AtOnce|Waiting)$")]
    private static partial Regex BoundName();

    [GeneratedRegex("^(AttemptLimiter|AddressLimiter|Places|FairTurns|RateLimiter|PartitionedRateLimiter)(`|$)")]
    private static partial Regex CountingName();

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

    private static readonly Assembly[] Assemblies =
    [
        typeof(Weir.Social.SocialOptions).Assembly,
        typeof(Weir.Hosting.Problems).Assembly,
        typeof(Weir.Media.Broadcasting.Broadcast).Assembly,
        typeof(Weir.Live.LiveOptions).Assembly,
        typeof(Weir.Contracts.Ticket).Assembly,
        Assembly.Load("weir"),
    ];

    private static Type Find(string name) => Assemblies.Select(assembly => assembly.GetType(name)).FirstOrDefault(type => type is not null)
        ?? throw new InvalidOperationException($"{name} is gone.");

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
