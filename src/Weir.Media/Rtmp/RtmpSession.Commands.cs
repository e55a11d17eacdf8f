using Microsoft.Extensions.Logging;
using Weir.Media.Broadcasting;
using Weir.Media.Formats;

namespace Weir.Media.Rtmp;

/// <summary>What the peer asks for, and where each request is allowed.</summary>
public sealed partial class RtmpSession
{
    private string _app = "";
    private string _tcUrl = "";
    private string _encoder = "";
    private RtmpIngest? _ingest;
    private CancellationTokenRegistration _onReplaced;
    private Viewer? _viewer;
    private CancellationTokenRegistration _onCut;
    private Task<RtmpEnd> _player = Task.FromResult(RtmpEnd.None);

    /// <summary>Null: it cannot be read, and it need not be. Encoders send commands of their own, also in AMF3; those must not end what
    /// runs.</summary>
    private RtmpCommand? ReadCommand(in RtmpMessage message)
    {
        try
        {
            return RtmpCommand.Read(message);
        }
        catch (Exception unread) when (State >= RtmpState.Publishing && unread is RtmpProtocolException or MalformedException)
        {
            MediaMeter.ProtocolErrors.Add(1);
            LogUnread(State, unread.Message);
            return null;
        }
    }

    private ValueTask TakeCommandAsync(RtmpCommand command) => (State, command.Name) switch
    {
        (RtmpState.AwaitingConnect, "connect") => ConnectAsync(command),
        (RtmpState.AwaitingCreateStream or RtmpState.AwaitingPublishOrPlay, "createStream") => CreateStreamAsync(command),
        (RtmpState.AwaitingPublishOrPlay, "publish") => PublishAsync(command),
        (RtmpState.AwaitingPublishOrPlay, "play") => PlayAsync(command),
        (RtmpState.Publishing or RtmpState.Playing, "deleteStream" or "closeStream") => CloseStreamAsync(),
        (RtmpState.AwaitingConnect, _) or (_, "connect" or "publish" or "play") =>
            throw new RtmpProtocolException("7.2", $"The command {PublisherInfo.Shorten(command.Name)} while {State}"),

        // FMLE's order, which OBS, ffmpeg and phones keep: they ask before createStream and go on whatever the answer is.
        (_, "FCPublish") => SendAsync(RtmpReplies.OnFcPublish(""), command),
        (_, "releaseStream" or "FCUnpublish" or "FCSubscribe" or "_checkbw" or "checkBandwidth") => ResultAsync(command),

        // ffmpeg asks before it plays; a live stream has no length.
        (_, "getStreamLength") => SendAsync(RtmpReplies.Result(command.Transaction, null, 0)),

        // Pausing, seeking and buffer wishes mean nothing in a live stream.
        _ => ValueTask.CompletedTask,
    };

    private async ValueTask ConnectAsync(RtmpCommand command)
    {
        _app = command.Object is { } asked && asked.TryGetString("app", out var app) ? app : "";
        _tcUrl = command.Object?["tcUrl"] as string ?? "";
        _encoder = PublisherInfo.Shorten(command.Object?["flashVer"] as string ?? "");
        await SendAsync(RtmpReplies.Greeting());
        if (StreamAddress.App(_app) != options.App)
        {
            LogWrongApp(_encoder);
            await SendAsync(RtmpReplies.ConnectRefused(
                command.Transaction,
                "NetConnection.Connect.InvalidApp",
                $"There is no such application here; the address is rtmp://HOST/{options.App} with the stream key as stream name."));
            Close(RtmpEnd.Refused);
            return;
        }

        var enhanced = command.Object is { } known
            && (known["fourCcList"] ?? known["videoFourCcInfoMap"] ?? known["audioFourCcInfoMap"] ?? known["capsEx"]) is not null;

        // Answered in AMF0 whatever was asked: clients that would send AMF3 then stay with AMF0 too.
        await SendAsync(RtmpReplies.Connected(command.Transaction, enhanced, objectEncoding: 0));
        State = RtmpState.AwaitingCreateStream;
    }

    private async ValueTask CreateStreamAsync(RtmpCommand command)
    {
        await SendAsync(RtmpReplies.Result(command.Transaction, null, (double)ChunkWriter.MessageStream));
        State = RtmpState.AwaitingPublishOrPlay;
    }

    private async ValueTask PublishAsync(RtmpCommand command)
    {
        var key = StreamAddress.Key(command.Text(1) ?? "");
        if (!admission.TryPublish(key, new PublisherInfo("RTMP", _encoder), out var publisher, out var refusal))
        {
            // Neither the key nor a part of it is logged: a wrong one is often a right one with a slip.
            LogPublishRefused(refusal, _encoder);
            MediaMeter.PublishRefused.Add(1, new KeyValuePair<string, object?>("reason", refusal.ToString()));
            var (code, why) = refusal switch
            {
                PublishRefusal.UnknownKey => ("NetStream.Publish.BadName", "The stream key is not valid."),
                PublishRefusal.Ended => ("NetStream.Publish.Denied", "The broadcast of this stream key is over."),
                PublishRefusal.TooManyOnAir => (
                    "NetStream.Publish.Denied", "Too many broadcasts of this account are on air or interrupted. End one first."),
                _ => ("NetStream.Publish.Denied", "Live is switched off here at the moment."),
            };
            await SendAsync(RtmpReplies.OnStatus("error", code, why));
            Close(RtmpEnd.Refused);
            return;
        }

        _ingest = new RtmpIngest(publisher, logger);
        _onReplaced = publisher.Replaced.UnsafeRegister(_ => Close(RtmpEnd.Replaced), null);
        _reader.MaxMessageSize = options.MaxMessageSize;
        State = RtmpState.Publishing;
        await SendAsync(RtmpReplies.UserControl(UserControlEvent.StreamBegin, ChunkWriter.MessageStream));
        await SendAsync(RtmpReplies.OnStatus("status", "NetStream.Publish.Start", "Publishing."));
        LogPublishing(publisher.Broadcast.Id, _encoder);
    }

    private async ValueTask PlayAsync(RtmpCommand command)
    {
        var address = StreamAddress.Of(command.Text(1) ?? "", _app, _tcUrl);
        if (!admission.TryWatch(address.Name, address.Ticket, Outlet.Rtmp, out var viewer))
        {
            // One answer for everything: a stranger must not learn what exists.
            MediaMeter.WatchRefused.Add(1, new KeyValuePair<string, object?>("outlet", "rtmp"));
            await SendAsync(RtmpReplies.OnStatus("error", "NetStream.Play.StreamNotFound", "There is no such stream."));
            Close(RtmpEnd.Refused);
            return;
        }

        _viewer = viewer;
        State = RtmpState.Playing;
        await SendAsync(RtmpReplies.UserControl(UserControlEvent.StreamBegin, ChunkWriter.MessageStream));
        await SendAsync(RtmpReplies.OnStatus("status", "NetStream.Play.Reset", "Playing from the newest keyframe."));
        await SendAsync(RtmpReplies.OnStatus("status", "NetStream.Play.Start", "Playing."));
        await SendAsync(RtmpReplies.SampleAccess());
        _onCut = viewer.Closed.UnsafeRegister(_ => CloseUnlessEnded(viewer), null);
        _player = PlayToEndAsync(viewer);
    }

    private async Task<RtmpEnd> PlayToEndAsync(Viewer viewer)
    {
        try
        {
            var end = await new RtmpPlayer(viewer, _output, direct, options.Lag, clock).RunAsync(_close.Token);
            Close(end);
            return end;
        }
        catch (OperationCanceledException)
        {
            CloseUnlessEnded(viewer);
            Close(RtmpEnd.PeerClosed);
            return RtmpEnd.None;
        }
        catch (IOException lost)
        {
            LogLost(lost.Message);
            Close(RtmpEnd.PeerClosed);
            return RtmpEnd.None;
        }
        finally
        {
            Close(RtmpEnd.Failed);
        }
    }

    /// <summary>A viewer whose broadcast ended is told so by the player; every other reason needs no words.</summary>
    private void CloseUnlessEnded(Viewer viewer)
    {
        if (viewer.End is not (ViewerEnd.Ended or ViewerEnd.None))
        {
            Close(viewer.End == ViewerEnd.Cut ? RtmpEnd.Cut : RtmpEnd.Stopping);
        }
    }

    private async ValueTask CloseStreamAsync()
    {
        if (State == RtmpState.Playing)
        {
            // A player that goes on with another stream opens another connection.
            Close(RtmpEnd.PeerClosed);
            return;
        }

        StopPublishing();
        await SendAsync(RtmpReplies.OnStatus("status", "NetStream.Unpublish.Success", "Unpublished."));
        AwaitWithin(options.CommandTimeout, RtmpState.AwaitingPublishOrPlay);
    }

    private void StopPublishing()
    {
        _onReplaced.Dispose();
        _ingest?.Publisher.Dispose();
        _ingest = null;
    }

    /// <summary>Gives back what the session holds, whatever ended it.</summary>
    private async ValueTask LeaveAsync()
    {
        StopPublishing();
        _onCut.Dispose();
        try
        {
            if (await _player == RtmpEnd.Ended)
            {
                // A peer that was told may have closed before this side had noted why.
                _end = (int)RtmpEnd.Ended;
            }
        }
        finally
        {
            _viewer?.Dispose();
        }
    }

    private ValueTask ResultAsync(RtmpCommand command) =>
        command.Transaction > 0 ? SendAsync(RtmpReplies.Result(command.Transaction, null, null)) : ValueTask.CompletedTask;

    private async ValueTask SendAsync(byte[] chunks, RtmpCommand andResultOf)
    {
        await ResultAsync(andResultOf);
        await SendAsync(chunks);
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Skipped an unreadable RTMP command while {State}: {What}")]
    private partial void LogUnread(RtmpState state, string what);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Refused a connection for another application (encoder \"{Encoder}\"); its name is not shown: it may be a key")]
    private partial void LogWrongApp(string encoder);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Refused a publisher ({Reason}, encoder \"{Encoder}\"); the stream key is not shown")]
    private partial void LogPublishRefused(PublishRefusal reason, string encoder);

    [LoggerMessage(Level = LogLevel.Information, Message = "Publishing into {Broadcast:N} with \"{Encoder}\"")]
    private partial void LogPublishing(Guid broadcast, string encoder);
}
