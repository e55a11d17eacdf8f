using System.Text.Json;
using System.Text.Json.Serialization;
using Weir.Media.Broadcasting;

namespace Weir.Media.WebSockets;

internal sealed record HelloMessage(string Type, string? Mime, bool Live, long At, HelloYou You, long Epoch);

internal sealed record HelloYou(string Account, string Name, bool Host, bool MayComment);

internal sealed record MutedMessage(string Type, bool Muted);

/// <param name="After">Milliseconds.</param>
/// <param name="Duration">Milliseconds.</param>
internal sealed record EndedMessage(
    string Type,
    bool Replay,
    long After,
    long Duration,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTimeOffset? StartedAt);

internal sealed record RefusedMessage(
    string Type,
    string? ClientId,
    string Reason,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? RetryAfterMs);

/// <summary>What a viewer sends. Unknown members and types are ignored, so that newer pages may talk to older nodes.</summary>
internal sealed record ViewerMessage(string? Type, string? ClientId, string? Text, long? At);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(HelloMessage))]
[JsonSerializable(typeof(MutedMessage))]
[JsonSerializable(typeof(RefusedMessage))]
[JsonSerializable(typeof(EndedMessage))]
[JsonSerializable(typeof(ViewerMessage))]
internal sealed partial class WatchJson : JsonSerializerContext
{
    public static readonly byte[] Cut = """{"type":"cut"}"""u8.ToArray();

    public static byte[] Bytes(HelloMessage message) => JsonSerializer.SerializeToUtf8Bytes(message, Default.HelloMessage);

    public static byte[] Bytes(MutedMessage message) => JsonSerializer.SerializeToUtf8Bytes(message, Default.MutedMessage);

    public static byte[] Bytes(Ending ending)
    {
        var (after, duration) = ((long)ending.After.TotalMilliseconds, (long)ending.Duration.TotalMilliseconds);
        return JsonSerializer.SerializeToUtf8Bytes(new EndedMessage("ended", ending.Replay, after, duration, ending.StartedAt), Default.EndedMessage);
    }

    public static byte[] Bytes(RefusedMessage message) => JsonSerializer.SerializeToUtf8Bytes(message, Default.RefusedMessage);
}
