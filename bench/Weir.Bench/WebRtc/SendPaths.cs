using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Weir.Media.WebRtc.Transport;
using Weir.Media.WebRtc.Transport.Srtp;
using Weir.Media.WebRtc.Transport.Udp;

namespace Weir.Bench.WebRtc;

/// <summary>
/// What a packet costs to send over loopback by the endpoint's own ways: alone, many with one call, and many with one call of which the kernel takes
/// those to one viewer apart. Nothing is encrypted.
/// </summary>
internal static class SendPaths
{
    private const int PacketLength = 1200;
    private const int Viewers = 64;

    public static ResultTable Measure(bool quick, out string remark)
    {
        var seconds = quick ? 0.5 : 2;
        using var endpoint = RtcEndpoint.Start(new RtcEndpointOptions { LoopbackOnly = true }, TimeProvider.System, NullLogger<RtcEndpoint>.Instance);
        using var sinks = new Sinks();
        var packet = new byte[PacketLength];
        var batch = new RtcBatch(endpoint);
        var had = SendBatch.Segments;

        void Alone(int inARow)
        {
            foreach (var viewer in sinks.Addresses)
            {
                for (var i = 0; i < inARow; i++)
                {
                    endpoint.Send(packet, viewer);
                }
            }
        }

        void Together(int inARow)
        {
            foreach (var viewer in sinks.Addresses)
            {
                for (var i = 0; i < inARow; i++)
                {
                    packet.CopyTo(batch.Reserve());
                    batch.Add(PacketLength, viewer);
                }
            }

            batch.Flush();
        }

        List<object?[]> rows = [];
        var single = 0.0;
        foreach (var inARow in (int[])[1, 4, 40])
        {
            void Row(string way, bool segments, Action<int> send)
            {
                SendBatch.Segments = segments;
                var rate = PacketsPerSecond(() => send(inARow), inARow * Viewers, seconds);
                single = single == 0 ? rate : single;
                rows.Add([way, inARow, rate / 1000, 1e6 / rate, rate / single, segments && !SendBatch.Segments ? "not supported" : ""]);
            }

            Row("sendto, one packet a call", segments: false, Alone);
            Row("sendmmsg, up to 256 a call", segments: false, Together);
            Row("sendmmsg and UDP_SEGMENT", segments: true, Together);
        }

        SendBatch.Segments = had;
        remark = $"Sending: {PacketLength} bytes to {Viewers} sockets that nobody reads; a second of one thread. The kernel delivers over loopback in the sender's own call, "
            + "and takes segmented datagrams apart there as well; a network card takes them apart itself. Four in a row are a picture of a 1 Mbit/s stream, 40 a keyframe.";
        return new ResultTable(
            "Ways to send a packet (the server takes the last)",
            [new("Way"), new("In a row to one viewer"), new("Thousand packets/s", "0"), new("µs each", "0.00"), new("Times", "0.0"), new("Remark")],
            rows);
    }

    /// <summary>What protecting the same packet costs, which no two viewers share: each has keys of its own.</summary>
    public static ResultTable Protecting(bool quick)
    {
        const int Header = 24;
        const int Rounds = 1000;
        var from = new byte[PacketLength - SrtpCipher.MaxOverhead];
        var to = new byte[PacketLength];
        List<object?[]> rows = [];
        foreach (var (profile, salt) in new[] { (SrtpProfile.AeadAes128Gcm, 12), (SrtpProfile.Aes128CmHmacSha1_80, 14) })
        {
            using var cipher = SrtpCipher.Create(profile, new SrtpMaster(new byte[SrtpMaster.KeyLength], new byte[salt]));
            var index = 0L;
            var rate = PacketsPerSecond(
                () =>
                {
                    for (var i = 0; i < Rounds; i++)
                    {
                        cipher.SealRtp(from.AsSpan(0, Header), from.AsSpan(Header), 1, index++, to);
                    }
                },
                Rounds,
                quick ? 0.5 : 2);
            rows.Add([profile.ToString(), rate / 1000, 1e6 / rate]);
        }

        return new ResultTable("Protecting a packet (SRTP)", [new("Profile"), new("Thousand packets/s", "0"), new("µs each", "0.00")], rows);
    }

    private static double PacketsPerSecond(Action send, int packets, double seconds)
    {
        // The first rounds find everything cold.
        for (var i = 0; i < 20; i++)
        {
            send();
        }

        var rounds = 0L;
        var clock = Stopwatch.StartNew();
        using var process = Process.GetCurrentProcess();
        var before = process.TotalProcessorTime;
        while (clock.Elapsed.TotalSeconds < seconds)
        {
            send();
            rounds++;
        }

        // Processor time, so that who else is on the core does not matter.
        process.Refresh();
        return rounds * packets / (process.TotalProcessorTime - before).TotalSeconds;
    }

    /// <summary>Sockets that are full at once.</summary>
    private sealed class Sinks : IDisposable
    {
        private readonly List<Socket> _sockets = [];

        public Sinks()
        {
            for (var i = 0; i < Viewers; i++)
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = 4096 };
                socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
                _sockets.Add(socket);
            }

            Addresses = [.. _sockets.Select(socket => RtcAddress.From((IPEndPoint)socket.LocalEndPoint!))];
        }

        public IReadOnlyList<RtcAddress> Addresses { get; }

        public void Dispose() => _sockets.ForEach(socket => socket.Dispose());
    }
}
