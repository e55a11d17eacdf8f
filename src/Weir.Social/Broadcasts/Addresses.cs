using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.LivePlane;

namespace Weir.Social.Broadcasts;

internal sealed record RtmpAddress(string Url, string StreamKey);

internal sealed record WhipAddress(string Url, string Token);

internal sealed record PublishAddresses(RtmpAddress Rtmp, WhipAddress Whip);

internal sealed record WatchAddresses(string Websocket, string Hls, string Flv, string Rtmp, string Whep, string Replay, string Events);

/// <summary>Whole URLs of the live plane as the caller reaches it: by the configured public URLs, or by the host name of the request and the live plane's ports.</summary>
internal sealed class Addresses(SocialOptions options, PublishKeys keys)
{
    /// <summary>Scheme, host and port of the live plane's HTTP.</summary>
    public string LiveHttp(HttpRequest request) => options.LivePublicUrl?.AbsoluteUri.TrimEnd('/')
        ?? $"{request.Scheme}://{Host(request)}:{options.LiveHttpPort}";

    public string LiveWebSocket(HttpRequest request)
    {
        var http = LiveHttp(request);
        return string.Concat("ws", http.AsSpan("http".Length));
    }

    /// <param name="generation">Of the host's stream keys.</param>
    public PublishAddresses Publish(Guid broadcast, int generation, HttpRequest request) => new(
        new RtmpAddress($"{Rtmp(request)}/live", keys.StreamKey(broadcast, generation)),
        new WhipAddress($"{LiveHttp(request)}/whip/{broadcast:N}", keys.WhipToken(broadcast, generation)));

    public RtmpAddress Encoder(Guid account, int generation, HttpRequest request) => new($"{Rtmp(request)}/live", keys.EncoderKey(account, generation));

    public WatchAddresses Watch(Guid broadcast, string ticket, HttpRequest request)
    {
        var id = broadcast.ToText();
        var http = $"{LiveHttp(request)}/live/{id}";
        return new WatchAddresses(
            $"{LiveWebSocket(request)}/live/{id}/watch?ticket={ticket}",
            $"{http}/index.m3u8?ticket={ticket}",
            $"{http}.flv?ticket={ticket}",
            $"{Rtmp(request)}/live/{id}?ticket={ticket}",
            $"{http}/whep?ticket={ticket}",
            $"{http}/replay.m3u8?ticket={ticket}",
            $"{http}/events?ticket={ticket}");
    }

    private string Rtmp(HttpRequest request) => options.RtmpPublicUrl?.AbsoluteUri.TrimEnd('/')
        ?? $"{(options.Tls is null ? "rtmp" : "rtmps")}://{Host(request)}:{options.RtmpPort}";

    private static string Host(HttpRequest request) => HostNames.Of(request) is { Length: > 0 } host ? host : "localhost";
}
