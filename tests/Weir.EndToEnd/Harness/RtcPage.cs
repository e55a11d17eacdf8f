using System.Text.Json;

namespace Weir.EndToEnd.Harness;

/// <summary>A page with nothing on it but the browser's own WebRTC: a WHIP publisher and a WHEP player in a few lines.</summary>
internal sealed class RtcPage : IAsyncDisposable
{
    private const string Script =
        """
        const opened = {};
        async function exchange(pc, url, headers) {
          await pc.setLocalDescription();
          const answer = await fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/sdp', ...headers }, body: pc.localDescription.sdp });
          if (answer.status !== 201) return { status: answer.status, text: await answer.text() };
          const written = await answer.text();
          const sdp = opened.onlyTcp ? written.replace(/^a=candidate:\S+ \d+ udp .*\r\n/gim, '') : written;
          await pc.setRemoteDescription({ type: 'answer', sdp });
          return { status: 201, sdp, session: new URL(answer.headers.get('Location'), url).href, etag: answer.headers.get('ETag') };
        }
        async function publish(url, token) {
          const media = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 360, frameRate: 30 }, audio: true });
          const pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
          for (const track of media.getTracks()) pc.addTransceiver(track, { direction: 'sendonly', streams: [media] });
          const h264 = RTCRtpSender.getCapabilities('video').codecs.filter(codec => /h264|rtx/i.test(codec.mimeType));
          pc.getTransceivers().find(one => one.sender.track.kind === 'video').setCodecPreferences(h264);
          opened.publisher = { pc, ...await exchange(pc, url, { Authorization: 'Bearer ' + token }) };
          return opened.publisher.status;
        }
        async function play(url) {
          const began = performance.now();
          const pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
          const video = document.querySelector('video');
          const media = new MediaStream();
          pc.ontrack = event => { media.addTrack(event.track); video.srcObject = media; };
          pc.addTransceiver('video', { direction: 'recvonly' });
          pc.addTransceiver('audio', { direction: 'recvonly' });
          opened.frames = 0;
          const count = () => { if (!opened.frames++) opened.firstPainted = performance.now() - began; opened.lastPainted = Date.now(); video.requestVideoFrameCallback(count); };
          video.requestVideoFrameCallback(count);
          pc.onconnectionstatechange = () => { opened.states = [...(opened.states ?? []), [pc.connectionState, Date.now()]]; };
          opened.player = { pc, ...await exchange(pc, url, {}) };
          return opened.player.status;
        }
        async function state(which) {
          const { pc, status, text, session, etag, sdp } = opened[which];
          const found = { status, text, session, etag, sdp, connection: pc.connectionState, frames: opened.frames ?? 0, lastPainted: opened.lastPainted ?? 0, firstPainted: opened.firstPainted ?? 0, states: opened.states };
          const stats = await pc.getStats();
          for (const stat of stats.values()) {
            if (stat.type === 'transport' && stat.selectedCandidatePairId) found.protocol = stats.get(stats.get(stat.selectedCandidatePairId).localCandidateId).protocol;
            if (stat.type === 'inbound-rtp') found[stat.kind] = { packets: stat.packetsReceived, decoded: stat.framesDecoded, concealed: stat.concealedSamples, samples: stat.totalSamplesReceived, lost: stat.packetsLost };
            if (stat.type === 'outbound-rtp') found[stat.kind] = { packets: stat.packetsSent, keyframes: stat.keyFramesEncoded, plis: stat.pliCount, target: stat.targetBitrate, retransmitted: stat.retransmittedPacketsSent };
          }
          return JSON.stringify(found);
        }
        """;

    private readonly BarePage _site;

    private RtcPage(BarePage site, Seat seat)
    {
        _site = site;
        Seat = seat;
    }

    public Seat Seat { get; }

    /// <param name="onlyTcp">As in a network that lets no UDP through: the browser never hears of the server's UDP candidates, and a lite server sends to nobody first.</param>
    public static async Task<RtcPage> OpenAsync(Chromium chromium, string name, bool onlyTcp = false)
    {
        var site = await BarePage.ServeAsync($"<video muted autoplay playsinline></video><script>{Script}</script>");
        var seat = await chromium.SeatAsync(name);
        await seat.Page.GotoAsync(site.Url);
        await seat.Page.EvaluateAsync("(onlyTcp) => { opened.onlyTcp = onlyTcp; }", onlyTcp);
        return new RtcPage(site, seat);
    }

    /// <summary>The answer's status.</summary>
    public Task<int> PublishAsync(JsonElement broadcast)
    {
        var whip = broadcast.GetProperty("whip");
        return PublishAsync(Stage.Text(whip, "url"), Stage.Text(whip, "token"));
    }

    public Task<int> PublishAsync(string url, string token) => Seat.Page.EvaluateAsync<int>("([url, token]) => publish(url, token)", new[] { url, token });

    public Task<int> PlayAsync(string url) => Seat.Page.EvaluateAsync<int>("(url) => play(url)", url);

    public async Task<JsonElement> StateAsync(string which = "player")
    {
        using var state = JsonDocument.Parse(await Seat.Page.EvaluateAsync<string>("(which) => state(which)", which));
        return state.RootElement.Clone();
    }

    /// <summary>Painted frames go on, other pixels each time.</summary>
    public async Task MovingPictureAsync(Func<string>? detail = null)
    {
        var last = "";
        for (var change = 0; change < 3; change++)
        {
            var before = await FramesAsync();
            last = await Eventually.GetAsync(
                $"{Seat.Name} sees another picture",
                Eventually.Patience,
                async () => await FramesAsync() > before + 5 && (await Seat.PictureAsync()).Pixels is var pixels && pixels != last ? pixels : null,
                () => $"{StateAsync().GetAwaiter().GetResult()}\n{detail?.Invoke()}");
        }
    }

    public async Task SoundAsync() => await Eventually.TrueAsync(
        $"{Seat.Name} hears the sound",
        Eventually.Patience,
        async () => await StateAsync() is var state && state.TryGetProperty("audio", out var audio) && audio.GetProperty("packets").GetInt32() > 50
            && audio.GetProperty("samples").GetDouble() > 48_000,
        () => StateAsync().GetAwaiter().GetResult().ToString());

    public ValueTask DisposeAsync() => _site.DisposeAsync();

    private async Task<int> FramesAsync() => (await StateAsync()).GetProperty("frames").GetInt32();
}
