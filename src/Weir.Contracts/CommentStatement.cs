using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Weir.Contracts;

/// <summary>
/// A live node's word that this comment was written: whoever reports a comment hands it to the social plane, which keeps no comments and believes no page what somebody else is said to have
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

    /// <summary>Reads one whose signature is right.</summary>
    public static bool TryVerify(NodeKey key, string? text, [NotNullWhen(true)] out CommentStatement? statement)
    {
        statement = null;
        if (text is null or { Length: > MaxLength } || text.Split('.') is not [var body, var mac] || !Base64Url.IsValid(body) || !Base64Url.IsValid(mac))
        {
            return false;
        }

        var json = Base64Url.DecodeFromChars(body);
        if (!CryptographicOperations.FixedTimeEquals(HMACSHA256.HashData(key.StatementKey, json), Base64Url.DecodeFromChars(mac)))
        {
            return false;
        }

        statement = JsonSerializer.Deserialize(json, StatementJson.Default.CommentStatement);
        return statement is not null;
    }
}

[JsonSerializable(typeof(CommentStatement))]
internal sealed partial class StatementJson : JsonSerializerContext;
