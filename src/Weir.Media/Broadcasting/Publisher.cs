using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Weir.Media.Broadcasting;

/// <summary>What is known of whoever publishes; shown to the host, never to viewers.</summary>
/// <param name="Protocol">"RTMP", "WHIP".</param>
/// <param name="Encoder">The encoder's own name where it says one ("Lavf59.27.100"), shortened.</param>
public sealed record PublisherInfo(string Protocol, string Encoder)
{
    /// <summary>
    /// A name from a stranger's bytes, printable, at most 256 characters: the browser stands at the end of a user agent. Nothing in it ends
    /// a line of the log or turns what follows around.
    /// </summary>
    public static string Shorten(string name) =>
        string.Concat(name.EnumerateRunes().Where(IsPrinted).Take(256).Select(rune => rune.ToString()));

    private static bool IsPrinted(Rune rune) => Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
}

/// <summary>
/// One publisher's session with a broadcast: takes frames by the publisher's own clock. A newer publisher replaces it,
/// after which it takes nothing more and <see cref="Replaced"/> tells its connection to close.
/// </summary>
public sealed class Publisher : IDisposable
{
    /// <summary>50 Mbit/s: more than any picture here needs, and a bound on what one publisher makes everything behind it send and
    /// write.</summary>
    public const long MaxBytesPerSecond = 6_250_000;

    /// <summary>So much may come at once: an encoder that lost its network sends what it kept meanwhile.</summary>
    public const long MaxBurst = 10 * MaxBytesPerSecond;

    /// <summary>
    /// Breaks of the stream at once: changes of its parameters, jumps of its clock, publishers that connect again. Each begins a segment,
    /// and a change a file of the recording. A window that is shared while its owner changes its size makes thirty a second.
    /// </summary>
    public const int MaxBreaks = 300;

    /// <summary>One more break comes back in so many seconds. All publishers of a broadcast together.</summary>
    public const int SecondsOfBreak = 2;

    /// <summary>A frame of sound is smaller in every codec here; what is not is dropped.</summary>
    public const int MaxSound = 64 << 10;

    private static readonly Counter<long> OverRate = new Meter(MediaMeter.Name).CreateCounter<long>(
        "weir_publishers_over_rate", description: "Publishers sent away because they sent more than they may");

    private readonly Broadcast _broadcast;
    private readonly ClockMapper _clock;
    private readonly CancellationTokenSource _replaced = new();
    private readonly bool[] _discontinuity;
    private bool _awaitsKeyframe = true;
    private bool _continues;
    private double _burst = MaxBurst;
    private long _burstAt;

    internal Publisher(Broadcast broadcast, PublisherInfo info, bool continues)
    {
        _broadcast = broadcast;
        Info = info;
        _discontinuity = [continues, continues];
        _continues = continues;
        _clock = new ClockMapper(continues ? broadcast.Timeline.Edge + 33_000 : broadcast.Timeline.Edge);
        Replaced = _replaced.Token;
        _burstAt = broadcast.Clock.GetTimestamp();
        broadcast.Timeline.ForgetTracks();
    }

    public PublisherInfo Info { get; }

    public Broadcast Broadcast => _broadcast;

    /// <summary>How to ask the encoder for a keyframe; null where the protocol has no way to. Called from any thread, quick.</summary>
    public Action? KeyframeWanted { get; set; }

    /// <summary>Cancelled when a newer publisher took over or the broadcast ended.</summary>
    public CancellationToken Replaced { get; }

    /// <summary>
    /// Takes a coded picture. Until the first keyframe pictures are counted and dropped: no decoder could begin with them.
    /// </summary>
    /// <param name="dts">Decoding time by the publisher's clock, microseconds.</param>
    /// <param name="compositionOffset">Presentation minus decoding time, microseconds.</param>
    /// <param name="payload">As <see cref="Frame.Payload"/>; owned by the frame from here on.</param>
    /// <returns>False when this publisher was replaced.</returns>
    public bool Video(Track track, long dts, long compositionOffset, bool keyframe, ReadOnlyMemory<byte> payload)
    {
        if (_awaitsKeyframe && !keyframe)
        {
            _broadcast.Health.DroppedBeforeKeyframe();
            return !Replaced.IsCancellationRequested;
        }

        if (!_awaitsKeyframe && !keyframe && _broadcast.Timeline.RunningVideo is null)
        {
            // A picture after sound alone: who saw the keyframe goes on with it, who joined meanwhile cannot begin before the next one.
            KeyframeWanted?.Invoke();
        }

        _awaitsKeyframe = false;
        return Append(track, dts, compositionOffset, keyframe, payload);
    }

    /// <summary>Takes a coded audio frame; arguments as <see cref="Video"/>.</summary>
    public bool Audio(Track track, long dts, ReadOnlyMemory<byte> payload) => Append(track, dts, 0, keyframe: true, payload);

    /// <summary>The encoder's name, where it says it only after it began.</summary>
    public void Describe(string encoder) => _broadcast.Health.Describe(this, PublisherInfo.Shorten(encoder));

    /// <summary>The connection is gone; the broadcast waits for another one.</summary>
    public void Dispose()
    {
        _broadcast.Leave(this);
        _replaced.Dispose();
    }

    /// <summary>Sends the publisher away: its connection closes as if a newer one had come.</summary>
    public void Dismiss()
    {
        try
        {
            _replaced.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It left by itself at the same moment; there is nothing to close any more.
        }
    }

    private bool Append(Track track, long dts, long compositionOffset, bool keyframe, ReadOnlyMemory<byte> payload)
    {
        if (!MaySend(payload.Length))
        {
            OverRate.Add(1);
            _broadcast.Health.TooMuch();
            Dismiss();
            return false;
        }

        if (track.Kind == TrackKind.Audio && payload.Length > MaxSound)
        {
            _broadcast.Health.DroppedUnsupported();
            return !Replaced.IsCancellationRequested;
        }

        var time = _clock.Map(track.Kind, dts, compositionOffset);
        ref var discontinuity = ref _discontinuity[(int)track.Kind];
        if (time.Jumped)
        {
            Array.Fill(_discontinuity, true);
        }

        if ((_continues || time.Jumped || IsNew(track)) && !_broadcast.MayBreak())
        {
            OverRate.Add(1);
            _broadcast.Health.TooManyBreaks();
            Dismiss();
            return false;
        }

        if (!_broadcast.Append(this, track, time, keyframe, discontinuity, payload))
        {
            return false;
        }

        discontinuity = _continues = false;
        _broadcast.Health.Count(track, time, keyframe, compositionOffset, payload.Length, _clock.Jumps, _clock.Corrections);
        return true;
    }

    /// <summary>Whether it takes the place of another one.</summary>
    private bool IsNew(Track track)
    {
        var before = track.Kind == TrackKind.Video ? _broadcast.Timeline.Video : _broadcast.Timeline.Audio;
        return before is not null && !ReferenceEquals(before, track) && !before.Equals(track);
    }

    private bool MaySend(int bytes)
    {
        var now = _broadcast.Clock.GetTimestamp();
        _burst = Math.Min(MaxBurst, _burst + (_broadcast.Clock.GetElapsedTime(_burstAt, now).TotalSeconds * MaxBytesPerSecond)) - bytes;
        _burstAt = now;
        return _burst >= 0;
    }
}
