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

    /// <param name="generation">Of the host's stream keys: <see cref="Accounts.Account.StreamKeyGeneration"/>.</param>
    public string StreamKey(Guid broadcast, int generation) => Derive("wk_", $"rtmp {broadcast:N}{Suffix(generation)}");

    /// <param name="generation">As of the stream key.</param>
    public string WhipToken(Guid broadcast, int generation) => Derive("wt_", $"whip {broadcast:N}{Suffix(generation)}");

    public string EncoderKey(Guid account, int generation) => Derive("wk_", $"encoder {account:N} {generation}");

    // The first keep what they were when there was no other.
    private static string Suffix(int generation) => generation == 0 ? "" : $" {generation}";

    private string Derive(string prefix, string purpose) => prefix + Base64Url.EncodeToString(secret.Mac(purpose).AsSpan(0, Bytes));
}
