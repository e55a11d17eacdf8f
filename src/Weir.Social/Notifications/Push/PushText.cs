using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Weir.Contracts;

namespace Weir.Social.Notifications.Push;

/// <summary>
/// What a browser is told; the service worker words it. Without previews that is who and what kind of thing: a lock screen lies on the table for all to see.
/// </summary>
/// <param name="Tag">A newer push with the same tag takes the older one's place.</param>
/// <param name="Where">The group, broadcast or article; previews only.</param>
/// <param name="Text">What was said; previews only.</param>
internal sealed record PushText(
    NoticeKind Kind, string Tag, string Url, string Language, DateTimeOffset At, string? Who = null, int Count = 1, string? Where = null, string? Text = null, Dictionary<NoticeKind, int>? Counts = null)
{
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, Format);

    /// <summary>RFC 8030 5.4: what replaces an older push that the service still keeps. The service must not learn what the tag says.</summary>
    public static string Topic(Guid account, string tag) => Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes($"{account.ToText()} {tag}")).AsSpan(0, 24));

    public static TimeSpan Lifetime(NoticeKind kind) => kind switch
    {
        NoticeKind.Live => TimeSpan.FromHours(1),
        NoticeKind.Summary => TimeSpan.FromHours(12),
        _ => TimeSpan.FromDays(2),
    };

    /// <summary>RFC 8030 5.3: what a phone that saves its battery lets through.</summary>
    public static string Urgency(NoticeKind kind) => kind switch
    {
        NoticeKind.DirectMessage or NoticeKind.Mention or NoticeKind.Reply => "high",
        NoticeKind.Summary => "low",
        _ => "normal",
    };

    public static string UrlOf(NoticeKind kind, NoticePlace? place) => (kind, place) switch
    {
        (NoticeKind.DirectMessage or NoticeKind.GroupMessage or NoticeKind.Mention or NoticeKind.Reply, { } conversation) => $"/c/{conversation.Id:N}?at={conversation.Seq}",
        (NoticeKind.FriendRequest or NoticeKind.FriendAccepted or NoticeKind.InvitationUsed, _) => "/people",
        (NoticeKind.MomentLike or NoticeKind.MomentComment or NoticeKind.MomentReply, { } moment) => $"/moments/{moment.Id:N}",
        (NoticeKind.GroupRequest, _) => "/",
        (NoticeKind.Live, { } broadcast) => $"/b/{broadcast.Id:N}",
        _ => "/notifications",
    };
}
