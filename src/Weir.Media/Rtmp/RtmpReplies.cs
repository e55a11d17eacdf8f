using System.Buffers.Binary;
using Weir.Media.Formats;

namespace Weir.Media.Rtmp;

/// <summary>The messages this server says, each as finished chunks.</summary>
internal static class RtmpReplies
{
    private const int WindowSize = 2_500_000;

    // Enhanced RTMP v2, FourCcInfoMask: 4 is "can forward", which is what a server does.
    private const int CanForward = 4;

    // CapsExMask: 4 ModEx, 8 time stamp offsets in nanoseconds. Multitrack is read but only its first track carried.
    private const int Capabilities = 4 | 8;

    /// <summary>What the server says before it answers connect, whatever the answer is: window, bandwidth and its chunk size.</summary>
    public static byte[] Greeting() =>
    [
        .. Control(RtmpMessageType.WindowAcknowledgementSize, U32(WindowSize)),
        .. Control(RtmpMessageType.SetPeerBandwidth, [.. U32(WindowSize), 2]),
        .. Control(RtmpMessageType.SetChunkSize, U32(ChunkWriter.ChunkSize)),
    ];

    public static byte[] Connected(double transaction, bool enhanced, double objectEncoding)
    {
        var properties = new Amf0Object { { "fmsVer", "FMS/3,5,7,7009" }, { "capabilities", 31 }, { "mode", 1 } };
        var information = Status("status", "NetConnection.Connect.Success", "Connected.");
        information.Add("objectEncoding", objectEncoding);
        if (enhanced)
        {
            // Published servers differ in which of the two objects they put these; clients look into one of them.
            Announce(properties);
            Announce(information);
        }

        return Command("_result", transaction, properties, information);
    }

    public static byte[] ConnectRefused(double transaction, string code, string description) =>
        Command("_error", transaction, null, Status("error", code, description));

    public static byte[] Result(double transaction, params ReadOnlySpan<object?> values) =>
        Command(["_result", transaction, .. values]);

    public static byte[] OnStatus(string level, string code, string description) =>
        Message(RtmpMessageType.CommandAmf0, ["onStatus", 0, null, Status(level, code, description)]);

    public static byte[] OnFcPublish(string name) =>
        Command("onFCPublish", 0, null, Status("status", "NetStream.Publish.Start", name));

    public static byte[] UserControl(UserControlEvent happened, uint value) =>
        Control(RtmpMessageType.UserControl, [(byte)((ushort)happened >> 8), (byte)happened, .. U32(value)]);

    public static byte[] Acknowledgement(uint received) => Control(RtmpMessageType.Acknowledgement, U32(received));

    /// <summary>Flash players refuse to draw the picture elsewhere without it; harmless to others, which expect it.</summary>
    public static byte[] SampleAccess() => Message(RtmpMessageType.DataAmf0, ["|RtmpSampleAccess", true, true]);

    public static byte[] Metadata(Amf0Object data) => Message(RtmpMessageType.DataAmf0, ["onMetaData", data]);

    private static Amf0Object Status(string level, string code, string description) =>
        new() { { "level", level }, { "code", code }, { "description", description } };

    private static void Announce(Amf0Object to)
    {
        to.Add("fourCcList", new List<object?> { "avc1", "hvc1", "av01", "mp4a", "Opus" });
        to.Add("videoFourCcInfoMap", new Amf0Object { { "avc1", CanForward }, { "hvc1", CanForward }, { "av01", CanForward } });
        to.Add("audioFourCcInfoMap", new Amf0Object { { "mp4a", CanForward }, { "Opus", CanForward } });
        to.Add("capsEx", Capabilities);
    }

    private static byte[] Command(params ReadOnlySpan<object?> values) =>
        ChunkWriter.Message(RtmpMessageType.CommandAmf0, 0, 0, Amf0Writer.Write(values));

    private static byte[] Message(RtmpMessageType type, ReadOnlySpan<object?> values) =>
        ChunkWriter.Message(type, ChunkWriter.MessageStream, 0, Amf0Writer.Write(values));

    private static byte[] Control(RtmpMessageType type, ReadOnlySpan<byte> payload) =>
        ChunkWriter.Message(type, 0, 0, payload);

    private static byte[] U32(uint value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }
}
