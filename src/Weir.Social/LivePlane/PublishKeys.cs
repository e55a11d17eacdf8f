using System.Buffers.Text;
using Weir.Social.Data;

namespace Weir.Social.LivePlane;

/// <summary>
/// The keys that encoders publish with. Each is derived from the server's secret and never stored; the live plane gets its
/// SHA-256. The prefix lets logs and secret scanners know one.
/// </summary>
internal sealed class PublishKeys(ServerSecret secret)
{
    private const int Bytes = 24;

    public string StreamKey(Guid broadcast) => Derive("wk_", $"rtmp {broadcast:N}");

    public string WhipToken(Guid broadcast) => Derive("wt_", $"whip {broadcast:N}");

    public string EncoderKey(Guid account, int generation) => Derive("wk_", $"encoder {account:N} {generation}");

    private string Derive(string prefix, string purpose) => prefix + Base64Url.EncodeToString(secret.Mac(purpose).AsSpan(0, Bytes));
}
