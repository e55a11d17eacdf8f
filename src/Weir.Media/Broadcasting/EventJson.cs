using System.Text.Json.Serialization;

namespace Weir.Media.Broadcasting;

internal sealed record StateEvent(string Type, string State);

internal sealed record DeletedEvent(string Type, string Id);

/// <summary>A comment as viewers get it and as the recording keeps it.</summary>
/// <param name="At">Media time in milliseconds at which it belongs: what its author was seeing.</param>
public sealed record CommentEvent(
    string Type,
    string Id,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ClientId,
    string Account,
    string Name,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Host,
    string Text,
    long At,
    DateTimeOffset Time);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(StateEvent))]
[JsonSerializable(typeof(DeletedEvent))]
[JsonSerializable(typeof(CommentEvent))]
internal sealed partial class EventJson : JsonSerializerContext
{
}
