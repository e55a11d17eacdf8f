using System.Diagnostics;
using System.Net;
using Weir.Bench.Messages;
using Weir.Bench.Servers;

namespace Weir.Bench.Surge;

/// <summary>Many sign in with wrong passwords and sign up with a handle that is taken, while somebody reads.</summary>
internal sealed class SurgePasswords(bool quick)
{
    private const int SignIns = 48;
    private const int SignUps = 16;
    private const int ReadsASecond = 100;
    private const string TakenHandle = "somebody";
    private const int Readers = 8;
    private const string Password = WeirServer.Password;
    private const double Factor = 2;
    private const double Allowance = 50;
    private static readonly TimeSpan Phase = TimeSpan.FromSeconds(8);

    /// <summary>
    /// So long a connection waits that was refused: one that asks again at once would measure how fast the server refuses.
    /// </summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    public static SurgePart Part { get; } = new("passwords", (quick, cancellation) => new SurgePasswords(quick).RunAsync(cancellation));

    private async Task<Report> RunAsync(CancellationToken cancellation)
    {
        await using var weir = await WeirServer.StartAsync(pinned: false);
        await weir.SetUpAsync();
        var signedIn = await weir.PostAsync("/api/sessions", new { handle = "host", password = WeirServer.Password });
        var token = signedIn.GetProperty("token").GetString()!;
        // The host's own handle is a reserved one, which is refused for another reason.
        var first = (await weir.PostAsync("/api/invitations", new { })).GetProperty("code").GetString();
        await weir.PostAsync(
            "/api/accounts", new { invitation = first, handle = TakenHandle, name = "Somebody", password = WeirServer.Password });
        using var reactor = new Reactor();
        var readers = new Reads(weir.Url.Port, token, reactor);
        Console.Error.WriteLine("warming up ...");
        readers.Run(TimeSpan.FromSeconds(quick ? 3 : 8), null, cancellation);
        var rows = new List<object?[]>();
        for (var round = 1; round <= (quick ? 1 : 3); round++)
        {
            var quiet = readers.Run(Phase, null, cancellation);
            // Addresses and invitations of their own in each round: those of the last one have used up their attempts.
            var invitations = new List<string>();
            for (var i = 0; i < SignUps; i++)
            {
                invitations.Add((await weir.PostAsync("/api/invitations", new { })).GetProperty("code").GetString()!);
            }

            var crowd = new Crowd(weir.Url.Port, round, invitations, reactor);
            var beside = readers.Run(Phase, crowd, cancellation);
            crowd.Finish(reactor, cancellation);
            rows.Add([$"{round}, quiet", quiet.Count / Phase.TotalSeconds, quiet.Median, quiet.Percentile(99), null, null, null, null]);
            rows.Add(
            [
                $"{round}, with the passwords", beside.Count / Phase.TotalSeconds, beside.Median, beside.Percentile(99),
                (Factor * quiet.Percentile(99)) + Allowance, crowd.Wrong, crowd.Taken, crowd.Refused,
            ]);
        }

        return new Report(
            "surge passwords",
            $"GET /api/me beside {SignIns} connections of wrong sign-ins and {SignUps} of sign-ups with a handle that is taken.",
            [
                new ResultTable(
                    "Reads, and passwords beside them",
                    [
                        new("Round"), new("Reads a second", "0"), new("Median ms", "0.0"), new("99th ms", "0.0"), new("Target ms", "0.0"),
                        new("Wrong passwords", "0"), new("Taken handles", "0"), new("Refused", "0"),
                    ],
                    rows),
            ],
            [
                "Server and load share the machine. Reads are due at even intervals and wait from then on.",
                "Each connection asks again after the answer, from an address of its own and each time for another handle; "
                    + $"after a refusal (429, 503) {Pause.TotalMilliseconds} ms later.",
            ]);
    }

    /// <summary>Asks for one's own account at even intervals.</summary>
    private sealed class Reads
    {
        private readonly string _token;
        private readonly Reactor _reactor;
        private readonly List<RequestPeer> _peers = [];

        public Reads(int port, string token, Reactor reactor)
        {
            (_token, _reactor) = (token, reactor);
            for (var i = 0; i < Readers; i++)
            {
                var peer = new RequestPeer(port);
                _peers.Add(peer);
                reactor.Add(peer);
            }
        }

        /// <summary>Milliseconds from when each was due to its answer.</summary>
        public Samples Run(TimeSpan duration, Crowd? beside, CancellationToken cancellation)
        {
            var took = new Samples();
            var waiting = new Queue<long>();
            var interval = Stopwatch.Frequency / (double)ReadsASecond;
            double next = Stopwatch.GetTimestamp();
            var until = (long)(next + (duration.TotalSeconds * Stopwatch.Frequency));
            while (next < until || waiting.Count > 0 || _peers.Exists(peer => !peer.IsFree))
            {
                cancellation.ThrowIfCancellationRequested();
                for (var now = Stopwatch.GetTimestamp(); next <= now && next < until; next += interval)
                {
                    waiting.Enqueue((long)next);
                }

                while (waiting.Count > 0 && _peers.Find(peer => peer.IsFree) is { } free)
                {
                    var due = waiting.Dequeue();
                    free.Ask("GET", "/api/me", _token, null, status =>
                    {
                        if (status != 200)
                        {
                            throw new CannotMeasureException($"GET /api/me: {status}");
                        }

                        took.Add(Stopwatch.GetElapsedTime(due).TotalMilliseconds);
                    });
                }

                beside?.Ask();
                _reactor.Turn(1);
            }

            return took;
        }
    }

    private sealed class Crowd
    {
        private readonly List<(RequestPeer Peer, string? Invitation)> _peers = [];
        private readonly long[] _notBefore = new long[SignIns + SignUps];
        private int _asked;

        public Crowd(int port, int round, IReadOnlyList<string> invitations, Reactor reactor)
        {
            for (var i = 0; i < SignIns + SignUps; i++)
            {
                // Any of 127.0.0.0/8 is this machine.
                var peer = new RequestPeer(port, new IPAddress([127, 0, (byte)(1 + round), (byte)(1 + i)]));
                _peers.Add((peer, i < SignIns ? null : invitations[i - SignIns]));
                reactor.Add(peer);
            }
        }

        public int Wrong { get; private set; }

        public int Taken { get; private set; }

        public int Refused { get; private set; }

        public void Ask()
        {
            var now = Stopwatch.GetTimestamp();
            for (var i = 0; i < _peers.Count; i++)
            {
                var (peer, invitation) = _peers[i];
                if (!peer.IsFree || now < _notBefore[i])
                {
                    continue;
                }

                var index = i;
                var (path, body) = invitation is null
                    ? ("/api/sessions", $$"""{"handle":"nobody_{{++_asked}}","password":"not their password"}""")
                    : (
                        "/api/accounts",
                        $$"""{"invitation":"{{invitation}}","handle":"{{TakenHandle}}","name":"Somebody","password":"{{Password}}"}""");
                peer.Ask("POST", path, null, body, status => Answered(index, status));
            }
        }

        /// <summary>Waits for what is under way.</summary>
        public void Finish(Reactor reactor, CancellationToken cancellation)
        {
            while (_peers.Exists(one => !one.Peer.IsFree))
            {
                cancellation.ThrowIfCancellationRequested();
                reactor.Turn(10);
            }
        }

        private void Answered(int index, int status)
        {
            switch (status)
            {
                case 401:
                    Wrong++;
                    break;
                case 400:
                    Taken++;
                    break;
                case 429 or 503:
                    Refused++;
                    _notBefore[index] = Stopwatch.GetTimestamp() + (long)(Pause.TotalSeconds * Stopwatch.Frequency);
                    break;
                default:
                    throw new CannotMeasureException($"a wrong password was answered with {status}");
            }
        }
    }
}
