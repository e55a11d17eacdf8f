using Weir.Media.Formats;

namespace Weir.Media.Rtmp;

/// <summary>A command message, RTMP 7.2: its name, transaction and arguments.</summary>
/// <param name="Transaction">0 where no answer is expected.</param>
internal sealed record RtmpCommand(string Name, double Transaction, IReadOnlyList<object?> Arguments)
{
    /// <summary>The first argument, where connect puts what the client can do.</summary>
    public Amf0Object? Object => Arguments.Count > 0 ? Arguments[0] as Amf0Object : null;

    public string? Text(int index) => Arguments.Count > index ? Arguments[index] as string : null;

    public static RtmpCommand Read(RtmpMessage message)
    {
        var values = Amf0Reader.ReadAll(Body(message, RtmpMessageType.CommandAmf3));
        if (values.Count == 0 || values[0] is not string name)
        {
            throw new RtmpProtocolException("7.2", "A command without a name");
        }

        // 7.2.1: the transaction id follows; encoders leave it out of commands that nobody answers.
        var transaction = values.Count > 1 && values[1] is double number ? number : 0;
        return new(name, transaction, values.Count > 2 ? values[2..] : []);
    }

    /// <summary>7.1.1: a message of an AMF3 type holds AMF0 behind one byte that says so.</summary>
    public static ReadOnlySpan<byte> Body(RtmpMessage message, RtmpMessageType amf3)
    {
        var span = message.Payload.Span;
        return message.Type == amf3 && !span.IsEmpty && span[0] == 0 ? span[1..] : span;
    }
}
