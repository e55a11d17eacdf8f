using System.IO.Compression;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Weir.Media.Broadcasting;
using Weir.Media.Hls;
using Weir.Media.Tests.Cmaf;

namespace Weir.Media.Tests.Hls;

/// <summary>A stage with an HLS origin that follows it, and requests as a player makes them.</summary>
internal sealed class Theatre : IDisposable
{
    public Theatre(ResumePoint? resume = null, HlsLimits? limits = null)
    {
        Stage = new Stage(resume);
        Origin = new HlsOrigin(Stage.Packager, "path1", limits ?? new HlsLimits(), Stage.Clock, NullLogger<HlsOrigin>.Instance);
        Stage.Advanced += Origin.Drain;
    }

    public Stage Stage { get; }

    public HlsOrigin Origin { get; }

    public static string Text(HlsResponse response) => Encoding.UTF8.GetString(Bytes(response));

    public static byte[] Bytes(HlsResponse response)
    {
        var bytes = response.Body.SelectMany(piece => piece.ToArray()).ToArray();
        if (response.ContentEncoding is null)
        {
            return bytes;
        }

        using var plain = new MemoryStream();
        new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress).CopyTo(plain);
        return plain.ToArray();
    }

    public ValueTask<HlsResponse> AskAsync(string name, string? msn = null, string? part = null, string? skip = null, bool gzip = false, CancellationToken cancellation = default) =>
        Origin.PlaylistAsync(new HlsPlaylistRequest(name, new HlsDirectives(msn, part, skip), "T", gzip, IsPublic: false), cancellation);

    /// <summary>The answer that must be there at once.</summary>
    public HlsResponse Ask(string name, string? msn = null, string? part = null, string? skip = null, bool gzip = false)
    {
        var asked = AskAsync(name, msn, part, skip, gzip);
        Assert.True(asked.IsCompleted, "The answer should not have waited.");
        return asked.GetAwaiter().GetResult();
    }

    public Playlist Read(string name = "main.m3u8", string? skip = null, Playlist? before = null)
    {
        var response = Ask(name, skip: skip);
        Assert.Equal(200, response.Status);
        return Playlist.Read(Text(response), before);
    }

    public ValueTask<HlsResponse> FetchAsync(string uri)
    {
        var pieces = uri.Split('/');
        Assert.Equal((4, "m"), (pieces.Length, pieces[0]));
        return Origin.MediaAsync(pieces[1], pieces[2], pieces[3], CancellationToken.None);
    }

    public HlsResponse Fetch(string uri)
    {
        var asked = FetchAsync(uri);
        Assert.True(asked.IsCompleted, "The answer should not have waited.");
        return asked.GetAwaiter().GetResult();
    }

    public void End()
    {
        Stage.End();
        Origin.RunAsync(CancellationToken.None).GetAwaiter().GetResult();
    }

    public void Dispose() => Origin.Dispose();
}
