using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Weir.Contracts;

/// <summary>
/// A live node's word that this comment was written: whoever reports a comment hands it to the social plane, which keeps no comments and
/// believes no page what somebody else is said to have
/// written.
/// </summary>
/// <remarks>Wire form: base64url of the JSON, a full stop, base64url of its HMAC-SHA256.</remarks>
/// <param name="At">Media time, milliseconds.</param>
public sealed record CommentStatement(Guid Broadcast, string Comment, Guid Account, string Name, string Text, long At, DateTimeOffset Time)
{
    /// <summary>A comment of 500 characters in its longest form, and room.</summary>
    public const int MaxLength = 12_000;

    public string Sign(NodeKey key)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(this, StatementJson.Default.CommentStatement);
        return $"{Base64Url.EncodeToString(json)}.{Base64Url.EncodeToString(HMACSHA256.HashData(key.StatementKey, json))}";
    }

    /// <summary>
    /// Reads one whose signature is right. What was signed may still be no statement: a live node reads strangers' bytes, and is not
    /// trusted to sign nothing else.
    /// </summary>
    public static bool TryVerify(NodeKey key, string? text, [NotNullWhen(true)] out CommentStatement? statement)
    {
        statement = null;
        if (text is null or { Length: > MaxLength } || text.Split('.') is not [var body, var mac] || !Base64Url.IsValid(body)
            || !Base64Url.IsValid(mac))
        {
            return false;
        }

        var json = Base64Url.DecodeFromChars(body);
        if (!CryptographicOperations.FixedTimeEquals(HMACSHA256.HashData(key.StatementKey, json), Base64Url.DecodeFromChars(mac)))
        {
            return false;
        }

        statement = Read(json);
        return statement is not null;
    }

    private static CommentStatement? Read(byte[] json)
    {
        try
        {
            var read = JsonSerializer.Deserialize(json, StatementJson.Default.CommentStatement);
            return read is { Comment: not null, Name: not null, Text: not null } ? read : null;
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException)
        {
            // The second is System.Text.Json's answer to a string that is no UTF-8 or half a surrogate pair.
            return null;
        }
    }
}

[JsonSerializable(typeof(CommentStatement))]
internal sealed partial class StatementJson : JsonSerializerContext;
