using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Weir.Bench.Load;
using Weir.Bench.Servers;
using Weir.EndToEnd.Harness;

namespace Weir.Bench.FanOut;

/// <summary>What the machine gives at most: one thread that writes to one socket after another, with nothing around it.</summary>
internal static class BareLoop
{
    internal sealed record Result(long Bytes, double CpuSeconds, long Full);

    /// <param name="writeBytes">One write; so many of them a second leave for each socket that it makes 1 Mbit/s.</param>
    /// <returns>Gbit/s per core-second, and how often a socket was full.</returns>
    public static async Task<(double PerCore, long Full)> MeasureAsync(int sockets, int writeBytes, int seconds, CancellationToken cancellation)
    {
        var port = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var drain = new ChildProcess("taskset", ["-c", Cores.Load, Environment.ProcessPath!, "bare-drain"], line: line => port.TrySetResult(line));
        var result = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var send = new ChildProcess(
            "taskset",
            ["-c", Cores.Server, Environment.ProcessPath!, "bare-send", await port.Task.WaitAsync(TimeSpan.FromSeconds(10), cancellation), Text(sockets), Text(writeBytes), Text(seconds)],
            line: line => result.TrySetResult(line));
        var line = await result.Task.WaitAsync(TimeSpan.FromSeconds(seconds + 30), cancellation);
        var sent = JsonSerializer.Deserialize<Result>(line)!;
        return (sent.Bytes * 8 / sent.CpuSeconds / 1e9, sent.Full);
    }

    /// <summary>Reads and throws away until everybody is gone.</summary>
    public static void Drain()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(4096);
        Console.WriteLine(((IPEndPoint)listener.LocalEndPoint!).Port);
        using var epoll = new Epoll();
        var open = new List<Socket>();
        epoll.Add((int)listener.Handle, 0);
        open.Add(listener);
        Span<int> keys = stackalloc int[256];
        var buffer = new byte[256 * 1024];
        var left = 0;
        do
        {
            var count = epoll.Wait(keys, 1000);
            foreach (var key in keys[..count])
            {
                if (key == 0)
                {
                    var accepted = listener.Accept();
                    epoll.Add((int)accepted.Handle, open.Count);
                    open.Add(accepted);
                    left++;
                }
                else if (open[key].Receive(buffer) == 0)
                {
                    epoll.Remove((int)open[key].Handle);
                    open[key].Dispose();
                    left--;
                }
            }
        }
        while (left > 0 || open.Count == 1);
    }

    public static void Send(int port, int sockets, int writeBytes, int seconds)
    {
        var all = new Socket[sockets];
        for (var i = 0; i < sockets; i++)
        {
            all[i] = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = false };
            all[i].Connect(IPAddress.Loopback, port);
            all[i].Blocking = false;
        }

        var bytes = new byte[writeBytes];
        var interval = (long)(Stopwatch.Frequency * (writeBytes * 8 / 1e6));
        // The first rounds are the compiler's.
        Rounds(all, bytes, interval, TimeSpan.FromSeconds(1));
        using var own = Process.GetCurrentProcess();
        var before = own.TotalProcessorTime;
        var (sent, full) = Rounds(all, bytes, interval, TimeSpan.FromSeconds(seconds));
        own.Refresh();
        Console.WriteLine(JsonSerializer.Serialize(new Result(sent, (own.TotalProcessorTime - before).TotalSeconds, full)));
        foreach (var socket in all)
        {
            socket.Dispose();
        }
    }

    private static (long Sent, long Full) Rounds(Socket[] sockets, byte[] bytes, long interval, TimeSpan duration)
    {
        long sent = 0, full = 0;
        var next = Stopwatch.GetTimestamp();
        var until = next + (long)(duration.TotalSeconds * Stopwatch.Frequency);
        while (next < until)
        {
            foreach (var socket in sockets)
            {
                var taken = socket.Send(bytes, SocketFlags.None, out var error);
                sent += Math.Max(0, taken);
                full += error == SocketError.WouldBlock ? 1 : 0;
            }

            next += interval;
            var wait = next - Stopwatch.GetTimestamp();
            if (wait > 0)
            {
                Thread.Sleep(TimeSpan.FromSeconds((double)wait / Stopwatch.Frequency));
            }
        }

        return (sent, full);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
