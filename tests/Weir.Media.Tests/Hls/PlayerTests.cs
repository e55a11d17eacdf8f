using System.Net;
using System.Net.Sockets;
using Weir.Media.Broadcasting;
using Weir.Media.Hls;
using Weir.Media.Tests.Cmaf;

namespace Weir.Media.Tests.Hls;

public sealed class PlayerTests
{
    [Fact]
    public async Task Debians_ffmpeg_plays_a_live_playlist_to_its_end_without_a_complaint()
    {
        using var theatre = new Theatre();
        var publisher = theatre.Stage.Publish();
        var frames = Sample.H264Aac;
        theatre.Stage.Play(publisher, frames.Take(400));
        var next = 400;

        using var listener = Listen(out var address);
        var serving = ServeAsync(listener, theatre, () =>
        {
            // Every look at the playlist finds two seconds more, until all is there.
            if (next < frames.Count)
            {
                theatre.Stage.Play(publisher, frames.Skip(next).Take(160));
                next += 160;
            }
            else if (!theatre.Stage.Packager.Log.IsCompleted)
            {
                theatre.End();
            }
        });

        var played = await Task.Run(() => Sample.Run(
            "ffmpeg", $"-v warning -live_start_index 0 -i {address}index.m3u8?ticket=T -map 0:v:0 -map 0:a:0 -f framecrc -"));
        listener.Stop();
        await serving;

        Assert.Equal("", Probe.Complaints(played.Error));
        Assert.Equal(0, played.Exit);
        var pictures = played.Output.Split('\n').Count(line => line.StartsWith("0,", StringComparison.Ordinal));
        Assert.Equal(frames.Count(frame => frame.Track.Kind == TrackKind.Video), pictures);
    }

    private static async Task ServeAsync(HttpListener listener, Theatre theatre, Action looked)
    {
        while (listener.IsListening)
        {
            HttpListenerContext context;
            try
            {
                context = await listener.GetContextAsync();
            }
            catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            var path = context.Request.Url!.AbsolutePath[1..];
            HlsResponse response;
            if (path.StartsWith("m/", StringComparison.Ordinal))
            {
                response = await theatre.FetchAsync(path);
            }
            else
            {
                Assert.Equal("T", context.Request.QueryString["ticket"]);
                response = await theatre.AskAsync(path);
                looked();
            }

            context.Response.StatusCode = response.Status;
            context.Response.ContentType = response.ContentType;
            context.Response.ContentLength64 = response.ContentLength;
            foreach (var piece in response.Body)
            {
                await context.Response.OutputStream.WriteAsync(piece);
            }

            context.Response.Close();
        }
    }

    /// <summary>An <see cref="HttpListener"/> chooses no port itself, and one that was free may be taken a moment later.</summary>
    private static HttpListener Listen(out string address)
    {
        for (var tries = 1; ; tries++)
        {
            using var probe = new TcpListener(IPAddress.Loopback, 0);
            probe.Start();
            address = $"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}/";
            probe.Stop();
            var listener = new HttpListener { Prefixes = { address } };
            try
            {
                listener.Start();
                return listener;
            }
            catch (HttpListenerException) when (tries < 20)
            {
                listener.Close();
            }
        }
    }
}
