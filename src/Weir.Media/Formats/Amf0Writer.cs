using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Weir.Media.Formats;

/// <summary>Writes the values <see cref="Amf0Reader"/> reads.</summary>
public static class Amf0Writer
{
    public static byte[] Write(params ReadOnlySpan<object?> values)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        foreach (var value in values)
        {
            Write(buffer, value);
        }

        return buffer.WrittenSpan.ToArray();
    }

    public static void Write(IBufferWriter<byte> to, object? value)
    {
        switch (value)
        {
            case null:
                Bytes(to, [0x05]);
                break;
            case double number:
                Number(to, 0x00, number);
                break;
            case int number:
                Number(to, 0x00, number);
                break;
            case bool flag:
                Bytes(to, [0x01, flag ? (byte)1 : (byte)0]);
                break;
            case string text:
                Text(to, text);
                break;
            case DateTimeOffset date:
                Number(to, 0x0b, date.ToUnixTimeMilliseconds());
                Bytes(to, [0, 0]);
                break;
            case Amf0Object properties:
                Properties(to, properties);
                break;
            case IReadOnlyList<object?> list:
                Span<byte> head = stackalloc byte[5];
                head[0] = 0x0a;
                BinaryPrimitives.WriteInt32BigEndian(head[1..], list.Count);
                to.Write(head);
                foreach (var item in list)
                {
                    Write(to, item);
                }

                break;
            default:
                throw new ArgumentException($"AMF0 has no form for {value.GetType()}.", nameof(value));
        }
    }

    private static void Properties(IBufferWriter<byte> to, Amf0Object properties)
    {
        if (properties.IsEcmaArray)
        {
            Span<byte> head = stackalloc byte[5];
            head[0] = 0x08;
            BinaryPrimitives.WriteInt32BigEndian(head[1..], properties.Count);
            to.Write(head);
        }
        else
        {
            Bytes(to, [0x03]);
        }

        foreach (var (name, value) in properties)
        {
            ShortText(to, Encoding.UTF8.GetBytes(name));
            Write(to, value);
        }

        Bytes(to, [0, 0, 0x09]);
    }

    private static void Text(IBufferWriter<byte> to, string text)
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        if (utf8.Length <= ushort.MaxValue)
        {
            Bytes(to, [0x02]);
            ShortText(to, utf8);
            return;
        }

        Span<byte> head = stackalloc byte[5];
        head[0] = 0x0c;
        BinaryPrimitives.WriteInt32BigEndian(head[1..], utf8.Length);
        to.Write(head);
        to.Write(utf8);
    }

    private static void ShortText(IBufferWriter<byte> to, ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length > ushort.MaxValue)
        {
            throw new ArgumentException("A name is longer than 65535 bytes.");
        }

        Bytes(to, [(byte)(utf8.Length >> 8), (byte)utf8.Length]);
        to.Write(utf8);
    }

    private static void Number(IBufferWriter<byte> to, byte marker, double value)
    {
        Span<byte> bytes = stackalloc byte[9];
        bytes[0] = marker;
        BinaryPrimitives.WriteDoubleBigEndian(bytes[1..], value);
        to.Write(bytes);
    }

    private static void Bytes(IBufferWriter<byte> to, ReadOnlySpan<byte> bytes) => to.Write(bytes);
}
