using System.Buffers;
using System.Net.WebSockets;
using System.Text.Json;
using Weir.Media.Broadcasting;

namespace Weir.Media.WebSockets;

/// <summary>Reads what a viewer sends: comments, within bounds. Never throws for what the viewer does.</summary>
internal sealed class WatchReceiver(WebSocket socket, Viewer viewer, Mailbox mailbox, WatchLimits limits, TimeProvider clock)
{
    private static readonly TimeSpan FloodWindow = TimeSpan.FromSeconds(10);
    private long _windowStart = clock.GetTimestamp();
    private int _inWindow;

    public async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            // Viewers say little: a buffer is taken only when something comes.
            while ((await socket.ReceiveAsync(Memory<byte>.Empty, cancellation)).MessageType != WebSocketMessageType.Close)
            {
                var buffer = ArrayPool<byte>.Shared.Rent(limits.MaxIncomingBytes + 1);
                try
                {
                    if (await ReceiveAsync(buffer, cancellation) is not { } length)
                    {
                        return;
                    }

                    if (length >= 0 && !Take(buffer.AsSpan(0, length)))
                    {
                        // Keep reading until the other side has closed, so that the close handshake can complete.
                        mailbox.Fail(Fault.Code, Fault.Reason);
                    }
                }
                finally
                {
                    ArrayPool<byte>.Shared.Return(buffer);
                }
            }
        }
        catch (WebSocketException exception) when (exception.WebSocketErrorCode == WebSocketError.Faulted)
        {
            // RFC 6455 8.1: text that is no UTF-8, or broken framing. The socket has sent the close itself.
            mailbox.Fail(WebSocketCloseStatus.InvalidPayloadData, "malformed");
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException or IOException or ObjectDisposedException)
        {
            // The connection broke, or the sender gave it up.
        }
        finally
        {
            mailbox.Leave();
        }
    }

    private (WebSocketCloseStatus Code, string Reason) Fault { get; set; }

    /// <returns>Length of a text message; -1 for one that was refused; null when the viewer closed.</returns>
    private async ValueTask<int?> ReceiveAsync(byte[] buffer, CancellationToken cancellation)
    {
        var length = 0;
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer.AsMemory(length), cancellation);
            if (part.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            if (mailbox.Fault is not null)
            {
                // Whatever follows a fault is read and forgotten.
                length = 0;
                continue;
            }

            length += part.Count;
            if (length > limits.MaxIncomingBytes)
            {
                mailbox.Fail(WebSocketCloseStatus.MessageTooBig, "message too big");
                length = 0;
                continue;
            }

            if (part.EndOfMessage)
            {
                if (part.MessageType == WebSocketMessageType.Text)
                {
                    return length;
                }

                mailbox.Fail(WebSocketCloseStatus.InvalidMessageType, "text only");
                return -1;
            }
        }
    }

    private bool Take(ReadOnlySpan<byte> text)
    {
        var now = clock.GetTimestamp();
        if (clock.GetElapsedTime(_windowStart, now) >= FloodWindow)
        {
            (_windowStart, _inWindow) = (now, 0);
        }

        if (++_inWindow > limits.MaxIncomingPerTenSeconds)
        {
            Fault = (WebSocketCloseStatus.PolicyViolation, "too many messages");
            return false;
        }

        ViewerMessage? message;
        try
        {
            message = JsonSerializer.Deserialize(text, WatchJson.Default.ViewerMessage);
        }
        catch (JsonException)
        {
            Fault = (WebSocketCloseStatus.InvalidPayloadData, "not JSON");
            return false;
        }
        catch (InvalidOperationException)
        {
            // System.Text.Json's answer to a string that is no UTF-8 or half a surrogate pair.
            Fault = (WebSocketCloseStatus.InvalidPayloadData, "not UTF-8");
            return false;
        }

        if (message is { Type: "comment" })
        {
            Comment(message);
        }

        return true;
    }

    private void Comment(ViewerMessage message)
    {
        var result = viewer.Broadcast.Comments.Post(viewer.Person, message.ClientId, message.Text ?? "", message.At);
        var reason = result.Outcome switch
        {
            CommentOutcome.Rate => "rate",
            CommentOutcome.Muted => "muted",
            CommentOutcome.Length => "length",
            CommentOutcome.NotAllowed => "notAllowed",
            _ => null, // taken; or the broadcast ended, which the viewer is being told
        };
        if (reason is not null)
        {
            long? retry = result.Outcome == CommentOutcome.Rate ? (long)Math.Ceiling(result.RetryAfter.TotalMilliseconds) : null;
            mailbox.Refuse(new RefusedMessage("refused", Shorten(message.ClientId), reason, retry));
        }
    }

    private static string? Shorten(string? clientId) => clientId?.Length > 64 ? clientId[..64] : clientId;
}
