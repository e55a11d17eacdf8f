using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Weir.Hosting;
using Weir.Live.Http;

namespace Weir.Live.Tests.Access;

/// <summary>
/// Every route of a live node with every ticket, key and address that somebody may hold. Whom routes.txt names gets what stands there;
/// everybody else gets what they get for a broadcast that never existed: status, headers and body.
/// </summary>
public sealed partial class LiveAccessTests
{
    private readonly List<string> _faults = [];

    private sealed record Line(string Method, string Path, IReadOnlyList<(string Broadcast, IReadOnlyDictionary<string, int> Who)> Of)
    {
        public string Route => $"{Method} {Path}";
    }

    [Fact]
    public async Task Every_route_has_one_line_and_every_line_a_route()
    {
        await using var stage = await LiveAccessStage.OpenAsync();
        var routes = (
            from endpoint in stage.Node.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            from method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["ANY"]
            select $"{method} /{endpoint.RoutePattern.RawText!.Trim('/')}").Distinct().Order(StringComparer.Ordinal).ToList();
        var lines = Read(out _);
        Assert.True(routes.Count > 20, "The route table was not read.");
        var without = routes.Except(lines.Select(line => line.Route)).ToList();
        Assert.True(
            without.Count == 0,
            $"These routes have no line in tests/Weir.Live.Tests/Access/routes.txt. Say there who gets a yes:\n{string.Join('\n', without)}");
        var gone = lines.Select(line => line.Route).Except(routes).ToList();
        Assert.True(gone.Count == 0, $"These lines of routes.txt have no route:\n{string.Join('\n', gone)}");
        var names = lines.ConvertAll(line => (line.Path, line.Method));
        var sorted = names.Distinct().OrderBy(name => name.Path, StringComparer.Ordinal).ThenBy(name => name.Method, StringComparer.Ordinal);
        Assert.Equal(sorted, names);
    }

    [Fact]
    public async Task Whoever_holds_what_opens_it_gets_in_and_nobody_else_can_tell_it_from_nothing()
    {
        await using var stage = await LiveAccessStage.OpenAsync();
        // CONNECT is the way of HTTP/2, which is spoken with TLS only, to what GET asks for by HTTP/1.
        foreach (var line in Read(out var everybody).Where(line => line.Method != "CONNECT"))
        {
            var nothing = new Dictionary<string, (HttpStatusCode, string)>();
            foreach (var (broadcast, yes) in line.Of)
            {
                foreach (var who in everybody)
                {
                    var answer = await AskAsync(stage, line, broadcast, who, stage.IdOf(broadcast));
                    if (yes.TryGetValue(who, out var status))
                    {
                        Check((int)answer.Status == status, line, broadcast, who, $"{status} was due, {answer} came");
                        continue;
                    }

                    if (!nothing.TryGetValue(who, out var none))
                    {
                        none = nothing[who] = await AskAsync(stage, line, broadcast, who, Guid.NewGuid().ToString("N"));
                    }

                    var same = answer == none && answer.Status == HttpStatusCode.NotFound;
                    Check(same, line, broadcast, who, $"{answer} came, and for one that never existed {none}");
                }
            }
        }

        Assert.True(_faults.Count == 0, $"{_faults.Count} answers are not as routes.txt says:\n{string.Join('\n', _faults)}");
    }

    [Fact]
    public async Task Whoever_asks_too_often_is_refused_on_every_route_right_or_wrong_and_nobody_else_is()
    {
        var once = new Rate(RequestRates.Beginning, TimeSpan.FromHours(1));
        var rates = new RequestRates { WithTicket = once, WithoutTicket = once, Wrong = new(1, TimeSpan.FromHours(1)) };
        await using var stage = await LiveAccessStage.OpenAsync(rates);
        // What is answered without a look for anything, and the ending of what one has.
        bool IsCounted(Line line) => line.Method is not ("CONNECT" or "OPTIONS")
            && !line.Path.StartsWith("/health", StringComparison.Ordinal)
            && !(line.Method == "DELETE" && line.Path.EndsWith("{name}", StringComparison.Ordinal));
        var lines = Read(out _).Where(IsCounted).ToList();
        Assert.True(lines.Count > 15, "The table was not read.");

        // All that there is for one account and its address, and for the key of one broadcast.
        const string from = "192.0.2.1";
        var playlist = lines.Single(line => line.Path.EndsWith("/main.m3u8", StringComparison.Ordinal));
        var whip = lines.Single(line => line.Route == "GET /whip/{id}");
        for (var i = 0; i < RequestRates.Beginning; i++)
        {
            Assert.Equal(HttpStatusCode.OK, (await AskAsync(stage, playlist, "live", "good", stage.IdOf("live"), from)).Status);
            Assert.Equal(HttpStatusCode.OK, (await AskAsync(stage, playlist, "public", "none", stage.IdOf("public"), from)).Status);
            Assert.Equal(HttpStatusCode.NoContent, (await AskAsync(stage, whip, "camera", "good", stage.IdOf("camera"), from)).Status);
        }

        // Somebody else behind the same address, and a wrong ticket there, which is counted by itself.
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(stage, playlist, "live", "host", stage.IdOf("live"), from)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await AskAsync(stage, playlist, "live", "forged", stage.IdOf("live"), from)).Status);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await AskAsync(stage, playlist, "live", "forged", stage.IdOf("live"), from)).Status);
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(stage, playlist, "live", "host", stage.IdOf("live"), from)).Status);

        foreach (var (line, number) in lines.Select((line, number) => (line, number)))
        {
            foreach (var (broadcast, _) in line.Of.Where(of => of.Who.ContainsKey("good")))
            {
                var right = await AskAsync(stage, line, broadcast, "good", stage.IdOf(broadcast), from);
                Check(right.Status == HttpStatusCode.TooManyRequests, line, broadcast, "good", $"{right} came when too many were asked for");
            }

            // Of one network of IPv6, from several of its addresses; each line has a site of its own.
            var first = await AskAsync(stage, line, "live", "forged", stage.IdOf("live"), $"2001:db8:{number:x}:2::1");
            var second = await AskAsync(stage, line, "live", "forged", stage.IdOf("live"), $"2001:db8:{number:x}:2::2");
            var isCounted = first.Status == HttpStatusCode.NotFound && second.Status == HttpStatusCode.TooManyRequests;
            Check(isCounted, line, "live", "forged", $"{first}, then {second} came");
        }

        Assert.True(_faults.Count == 0, $"{_faults.Count} answers are not as they should be:\n{string.Join('\n', _faults)}");
    }

    private static async Task<(HttpStatusCode Status, string Text)> AskAsync(
        LiveAccessStage stage, Line line, string broadcast, string who, string id, string? from = null)
    {
        var (path, credential) = (line.Path, stage.CredentialOf(broadcast, who));
        foreach (var name in Parameter().Matches(line.Path).Select(match => match.Groups[1].Value))
        {
            var value = name == "id" ? id : await stage.FillAsync(line.Path, name, broadcast, who);
            path = path.Replace($"{{{name}}}", value, StringComparison.Ordinal);
        }

        var isWhip = path.StartsWith("/whip/", StringComparison.Ordinal);
        var query = credential is null || isWhip || line.Path.Contains("{path}", StringComparison.Ordinal) ? "" : $"?ticket={credential}";
        using var request = new HttpRequestMessage(new HttpMethod(line.Method == "ANY" ? "GET" : line.Method), path + query);
        if (from is not null)
        {
            request.Headers.Add("X-Forwarded-For", from);
        }

        if (isWhip && credential is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", credential);
        }

        if (line.Method is "POST" or "PATCH")
        {
            // Of a type that is refused, but to those who may ask only.
            var type = line.Method == "POST" ? "text/plain" : "application/trickle-ice-sdpfrag";
            request.Content = new StringContent("x", Encoding.UTF8, type);
        }

        if (line.Path.EndsWith("/watch", StringComparison.Ordinal) && line.Method == "GET")
        {
            request.Headers.Add("Connection", "Upgrade");
            request.Headers.Add("Upgrade", "websocket");
            request.Headers.Add("Sec-WebSocket-Version", "13");
            request.Headers.Add("Sec-WebSocket-Key", Convert.ToBase64String(new byte[16]));
        }

        var cancellation = TestContext.Current.CancellationToken;
        using var answer = await stage.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        if (answer.StatusCode != HttpStatusCode.NotFound)
        {
            // It may go on for ever, and what is in it is for others to test.
            return (answer.StatusCode, "");
        }

        var headers = answer.Headers.Concat(answer.Content.Headers).Where(header => header.Key != "Date")
            .OrderBy(header => header.Key, StringComparer.Ordinal).Select(header => $"{header.Key}: {string.Join(',', header.Value)}");
        var body = await answer.Content.ReadAsStringAsync(cancellation);
        return (answer.StatusCode, string.Join('\n', headers.Append(body)));
    }

    private static List<Line> Read(out IReadOnlyList<string> everybody)
    {
        using var stream = typeof(LiveAccessTests).Assembly.GetManifestResourceStream("Access/routes.txt")!;
        using var reader = new StreamReader(stream);
        var lines = reader.ReadToEnd().Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#').ToList();
        var sets = lines.Where(line => line[0] == '@').Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .ToDictionary(set => set[0], set => set[1..]);
        everybody = [.. sets["@all"].SelectMany(Members)];
        return lines.Where(line => line[0] != '@').Select(line => line.Split(" | ")).Select(columns =>
        {
            var route = columns[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            return new Line(route[0], route[1], [.. columns[1].Split(';', StringSplitOptions.TrimEntries).Select(Clause)]);
        }).ToList();

        (string, IReadOnlyDictionary<string, int>) Clause(string text)
        {
            var words = text.Split(' ');
            var yes = from word in words.Skip(1) let parts = word.Split('=') from who in Members(parts[0]) select (who, status: int.Parse(parts[1]));
            return (words[0], yes.ToDictionary(one => one.who, one => one.status));
        }

        IEnumerable<string> Members(string word) => word[0] == '@' ? sets[word].SelectMany(Members) : [word];
    }

    private void Check(bool holds, Line line, string broadcast, string who, string instead)
    {
        if (!holds)
        {
            _faults.Add($"{line.Route}, {broadcast}, {who}: {instead}");
        }
    }

    [GeneratedRegex(@"\{\*?([a-z]+)[^}]*\}")]
    private static partial Regex Parameter();
}
