using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using Microsoft.Extensions.Logging.Abstractions;
using Weir.Media.Broadcasting;
using Weir.Media.Formats;
using Weir.Media.Rtmp;

namespace Weir.Fuzz;

/// <summary>What a publisher says after the handshake, to a session that takes its key, and to the broadcast behind it.</summary>
internal static class RtmpTalk
{
    private const string Key = "key";

    // RTMP 5.2: the first byte is the version; the echo is not compared.
    private static readonly byte[] Handshake = [3, .. new byte[1536], .. new byte[1536]];

    /// <summary>Ends as a session may end. Whatever it throws is a fault of ours.</summary>
    public static void Hear(ReadOnlySpan<byte> bytes)
    {
        var toServer = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        var toClient = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        toServer.Writer.Write(Handshake);
        toServer.Writer.Write(bytes);
        toServer.Writer.Complete();
        var broadcast = new Broadcast(Guid.Empty, new TimelineLimits(), TimeProvider.System);
        var session = new RtmpSession(new Ends(toServer.Reader, toClient.Writer), new OneKey(broadcast), new RtmpOptions(), TimeProvider.System, NullLogger.Instance);
        if (session.RunAsync(CancellationToken.None).GetAwaiter().GetResult() == RtmpEnd.Failed)
        {
            throw new InvalidOperationException("The session failed.");
        }

        broadcast.End();
        toClient.Writer.Complete();
        toClient.Reader.Complete();
        toServer.Reader.Complete();
    }

    public static byte[][] Seeds()
    {
        byte[] begin =
        [
            .. Command(0, "connect", 1, new Amf0Object { { "app", "live" }, { "tcUrl", "rtmp://h/live" } }),
            .. Command(0, "createStream", 2, [null]),
            .. Command(1, "publish", 3, null, Key, "live"),
        ];
        byte[] tracks =
        [
            .. Message(RtmpMessageType.DataAmf0, 0, Amf0Writer.Write("@setDataFrame", "onMetaData", new Amf0Object { { "width", 1280.0 }, { "framerate", 30.0 } })),
            .. Message(RtmpMessageType.Video, 0, Convert.FromHexString("17000000000164000dffe1001f6764000dacd94144066f2ffe0004000504000003000400000300c83c50a65801000668ebe3cb22c0")),
            .. Message(RtmpMessageType.Audio, 0, Convert.FromHexString("af001210")),
        ];
        byte[] frames =
        [
            .. Message(RtmpMessageType.Video, 0, Convert.FromHexString("170100000000000002" + "6588")),
            .. Message(RtmpMessageType.Audio, 10, Convert.FromHexString("af01aabb")),
            .. Message(RtmpMessageType.Video, 33, Convert.FromHexString("270100002100000002" + "419a")),
        ];
        return [[.. begin, .. tracks, .. frames], [.. begin, .. Command(1, "deleteStream", 4, null, 1.0)], begin];
    }

    private static byte[] Command(uint stream, string name, double transaction, params object?[] arguments) =>
        Message(RtmpMessageType.CommandAmf0, 0, Amf0Writer.Write([name, transaction, .. arguments]), stream);

    private static byte[] Message(RtmpMessageType type, uint timestamp, byte[] payload, uint stream = 1) =>
        ChunkWriter.Message(6, type, stream, timestamp, [], payload, 128);

    private sealed record Ends(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    private sealed class OneKey(Broadcast broadcast) : IAdmission
    {
        public bool TryPublish(string key, PublisherInfo info, [NotNullWhen(true)] out Publisher? publisher, out PublishRefusal refusal)
        {
            publisher = key == Key ? broadcast.Publish(info) : null;
            refusal = PublishRefusal.UnknownKey;
            return publisher is not null;
        }

        public bool TryWatch(ReadOnlySpan<char> id, string? ticket, Outlet outlet, [NotNullWhen(true)] out Viewer? viewer)
        {
            viewer = null;
            return false;
        }
    }
}
