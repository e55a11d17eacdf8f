using System.Security.Cryptography;
using System.Text;

namespace Weir.Social.Data;

/// <summary>
/// Ids of what clients may send twice because they got no answer: they follow from who sent what where, so sending the same again finds
/// the same by its id, whose index is unique. They are keyed, so that nobody can work out the id of what somebody else sent by guessing
/// how their client counts.
/// </summary>
internal sealed class RepeatableIds(ServerSecret secret)
{
    public Guid Of(Guid place, Guid author, string clientId) =>
        new(secret.Mac($"repeatable {place:N} {author:N} {clientId}").AsSpan(0, 16), bigEndian: true);

    /// <summary>The id that the same got before ids were keyed: what was sent then and is sent again is the same still.</summary>
    public static Guid Former(Guid place, Guid author, string clientId)
    {
        var input = new byte[32 + Encoding.UTF8.GetByteCount(clientId)];
        place.TryWriteBytes(input, bigEndian: true, out _);
        author.TryWriteBytes(input.AsSpan(16), bigEndian: true, out _);
        Encoding.UTF8.GetBytes(clientId, input.AsSpan(32));
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(input, hash);
        return new Guid(hash[..16], bigEndian: true);
    }
}
