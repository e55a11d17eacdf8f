using System.Net.WebSockets;
using System.Runtime.InteropServices;
using Weir.Media.Broadcasting;
using Weir.Media.Cmaf;
using Weir.Media.Formats;

namespace Weir.Media.WebSockets;

/// <summary>The messages of a viewer's socket in the form in which they are sent.</summary>
internal static class WatchFrames
{
    public static byte[] Hello(Viewer viewer, Packager packager, string? mime, long epoch)
    {
        var (person, broadcast) = (viewer.Person, viewer.Broadcast);
        // A ticket outlives a mute, so it does not say this.
        var mayComment = person.MayComment && !broadcast.Comments.IsMuted(person.Account);
        return WatchJson.Bytes(new HelloMessage(
            "hello",
            mime,
            broadcast.State == BroadcastState.Live,
            Math.Max(packager.Edge, broadcast.Timeline.Edge) / 1000,
            new HelloYou(person.Account.ToString("N"), person.Name, person.IsHost, mayComment),
            epoch));
    }

    /// <summary>The fragment with its header, which is written into the room that <see cref="Fragment.Room"/> keeps before it: no copy.</summary>
    public static ReadOnlyMemory<byte> Framed(Fragment fragment)
    {
        MemoryMarshal.TryGetArray(fragment.Data, out var data);
        var header = WebSocketFrame.HeaderLength(data.Count);
        var start = data.Offset - header;
        // Whoever writes it writes the same bytes.
        WebSocketFrame.WriteHeader(data.Array.AsSpan(start), WebSocketOpcode.Binary, data.Count);
        return data.Array.AsMemory(start, header + data.Count);
    }
}

/// <summary>The close codes of docs/protocol.md.</summary>
internal static class WatchCloses
{
    /// <summary>What a viewer is told before the close; the codes alone say the rest.</summary>
    public static byte[]? LastWord(WatchEnd end, Ending? ending) => end switch
    {
        WatchEnd.Cut => WatchJson.Cut,
        WatchEnd.Ended => WatchJson.Bytes(ending ?? Ending.WithoutReplay),
        _ => null,
    };

    public static (int Code, string Reason) Of(WatchEnd end, (WebSocketCloseStatus Code, string Reason)? fault) => end switch
    {
        WatchEnd.Cut => (4403, "cut"),
        WatchEnd.Ended => (4410, "ended"),
        WatchEnd.Stopping => (1012, "restart"),
        WatchEnd.TooSlow => (4408, "too slow"),
        WatchEnd.ViewerAtFault => fault is { } it ? ((int)it.Code, it.Reason) : ((int)WebSocketCloseStatus.ProtocolError, ""),
        _ => ((int)WebSocketCloseStatus.NormalClosure, ""),
    };
}
