using Microsoft.Extensions.Logging;
using Weir.Media.Broadcasting;
using Weir.Media.Formats;
using Weir.Media.Formats.Rtp;

namespace Weir.Media.WebRtc.Receiving;

/// <summary>
/// Makes pictures of packets in order. After a loss pictures are dropped until a keyframe comes: what refers to a picture that is not there is
/// rubbish on every screen.
/// </summary>
internal sealed partial class VideoReceiver(LipSync clock, byte[]? sps, byte[]? pps, ILogger logger)
{
    private readonly H264Depacketizer _depacketizer = new();
    private byte[]? _sps = sps;
    private byte[]? _pps = pps;
    private Track? _track;
    private uint _timestamp;
    private long _arrival;
    private bool _begun;
    private bool _damaged;

    /// <summary>A keyframe is needed before anything can be shown.</summary>
    public bool NeedsKeyframe { get; private set; } = true;

    /// <summary>There was a picture.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>When the last keyframe came, microseconds; 0 before the first.</summary>
    public long LastKeyframe { get; private set; }

    /// <returns>False when the publisher was replaced.</returns>
    public bool Take(RtpPacket packet, bool afterGap, Publisher publisher)
    {
        var goesOn = true;
        if (afterGap)
        {
            _depacketizer.Reset();
            _begun = false;
            _damaged = true;
            NeedsKeyframe = true;
        }
        else if (_begun && packet.Timestamp != _timestamp)
        {
            // A lost or forgotten marker: another time stamp ends a picture too.
            goesOn = Finish(publisher);
            _damaged = false;
        }

        (_timestamp, _arrival) = (packet.Timestamp, packet.Arrival);
        if (packet.Payload.Length == 0)
        {
            return goesOn;
        }

        try
        {
            _begun = true;
            _depacketizer.Take(packet.Payload);
        }
        catch (MalformedException malformed)
        {
            Drop(malformed.Message);
            return goesOn;
        }

        if (packet.Marker)
        {
            goesOn &= Finish(publisher);
            _damaged = false;
        }

        return goesOn;
    }

    private bool Finish(Publisher publisher)
    {
        _begun = false;
        try
        {
            var picture = _depacketizer.Finish();
            if (picture is null)
            {
                return true;
            }

            // A picture whose beginning may be missing is whole only if it shows its beginning: the parameter sets.
            if (_damaged && picture.Sps is null)
            {
                return true;
            }

            TakeParameters(picture);
            if (picture.Payload.IsEmpty || (NeedsKeyframe && !picture.IsKeyframe))
            {
                return true;
            }

            if (_track is null)
            {
                Drop("A keyframe without parameter sets");
                return true;
            }

            if (picture.IsKeyframe)
            {
                NeedsKeyframe = false;
                HasBegun = true;
                LastKeyframe = _arrival;
            }

            return publisher.Video(_track, clock.Time(TrackKind.Video, _timestamp, _arrival), 0, picture.IsKeyframe, picture.Payload);
        }
        catch (MalformedException malformed)
        {
            Drop(malformed.Message);
            return true;
        }
    }

    /// <summary>A camera that turns, and an encoder that adapts, send other parameter sets: another track, from this keyframe on.</summary>
    private void TakeParameters(H264Picture picture)
    {
        var (newSps, newPps) = (picture.Sps ?? _sps, picture.Pps ?? _pps);
        if (newSps is null || newPps is null)
        {
            (_sps, _pps) = (newSps, newPps);
            return;
        }

        if (_track is null || !newSps.AsSpan().SequenceEqual(_sps) || !newPps.AsSpan().SequenceEqual(_pps))
        {
            (_sps, _pps) = (newSps, newPps);
            var track = Tracks.FromAvcC(AvcConfiguration.Write(newSps, newPps));
            _track = track.Equals(_track) ? _track : track;
        }
    }

    private void Drop(string why)
    {
        _depacketizer.Reset();
        _begun = false;
        _damaged = true;
        NeedsKeyframe = true;
        MediaMeter.MalformedMedia.Add(1, new KeyValuePair<string, object?>("kind", "Video"));
        LogDropped(why);
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Dropped a WHIP publisher's picture: {Why}")]
    private partial void LogDropped(string why);
}
