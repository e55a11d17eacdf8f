using System.Buffers;
using Weir.Media.Broadcasting;
using Weir.Media.Formats;
using Weir.Media.Rtmp;

namespace Weir.Fuzz;

/// <summary>
/// What each target does with any bytes: it gives a value or its own exception. Anything else is a finding.
/// </summary>
internal static class Targets
{
    public static readonly IReadOnlyDictionary<string, Action<ReadOnlyMemory<byte>>> All = new Dictionary<string, Action<ReadOnlyMemory<byte>>>
    {
        ["amf0"] = bytes => Amf0Reader.ReadAll(bytes.Span),
        ["flv-video"] = bytes => FlvReader.ReadVideo(bytes.Span),
        ["flv-audio"] = bytes => FlvReader.ReadAudio(bytes.Span),
        ["avcc"] = bytes => Tracks.FromAvcC(bytes),
        ["hvcc"] = bytes => Tracks.FromHvcC(bytes),
        ["av1c"] = bytes => Tracks.FromAv1C(bytes),
        ["aac"] = bytes => Tracks.FromAac(bytes),
        ["opus"] = bytes => Tracks.FromOpusHead(bytes),
        ["nal"] = bytes => NalUnits.WithFourByteLengths(bytes.Span, 2),
        ["obu"] = bytes => Obus.AreWellFormed(bytes.Span),
        ["chunks"] = ReadChunks,
        ["handshake"] = ReadHandshake,
    };

    public static void Run(string target, ReadOnlyMemory<byte> bytes)
    {
        try
        {
            All[target](bytes);
        }
        catch (Exception refused) when (refused is MalformedException or RtmpProtocolException)
        {
            // The two refusals there are.
        }
    }

    /// <summary>Whole and in two pieces must say the same.</summary>
    private static void ReadChunks(ReadOnlyMemory<byte> bytes)
    {
        var whole = Describe([bytes]);
        if (bytes.Length > 1 && Describe([bytes[..(bytes.Length / 2)], bytes[(bytes.Length / 2)..]]) != whole)
        {
            throw new InvalidOperationException("Messages depend on where the bytes were cut.");
        }
    }

    private static string Describe(ReadOnlyMemory<byte>[] pieces)
    {
        var reader = new ChunkReader(maxMessageSize: 1 << 16);
        List<string> messages = [];
        var rest = ReadOnlySequence<byte>.Empty;
        try
        {
            foreach (var piece in pieces)
            {
                rest = new ReadOnlySequence<byte>([.. rest.ToArray(), .. piece.Span]);
                while (reader.TryRead(ref rest, out var message))
                {
                    messages.Add($"{message.Type} {message.StreamId} {message.Timestamp} {Convert.ToHexString(message.Payload.Span)}");
                }
            }
        }
        catch (RtmpProtocolException refused)
        {
            messages.Add(refused.Clause);
        }

        return string.Join('\n', messages);
    }

    private static void ReadHandshake(ReadOnlyMemory<byte> bytes)
    {
        var rest = new ReadOnlySequence<byte>(bytes);
        if (Handshake.TryReadHello(ref rest, 0, out _))
        {
            Handshake.TryReadEcho(ref rest);
        }
    }
}
