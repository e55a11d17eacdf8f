using System.Net;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Weir.Social.Tests.Access;

public sealed class RouteAccessOnSqlite : RouteAccessTests
{
    private protected override Task<World> MakeAsync() => World.MakeAsync();
}

public sealed class RouteAccessOnPostgres(PostgresServer shared) : RouteAccessTests
{
    private protected override Task<World> MakeAsync() => World.MakeAsync(shared.Cluster);
}

/// <summary>
/// Every route with every relation. Who is named in routes.txt gets what stands there. For everybody else a thing of the owner is like one
/// that never existed: status, headers and body of the answer are the same. And whoever asks for what: nothing in an answer is of a thing
/// that they may not find.
/// </summary>
public abstract class RouteAccessTests
{
    private static readonly string[] Gone = ["suspended", "deleted", "anonymous"];

    /// <summary>What people do with their own account has nothing to do with an owner of anything: some of them do.</summary>
    private static readonly string[] Some = ["owner", "admin", "friend", "stranger", .. Gone];

    private readonly List<string> _faults = [];
    private World _world = null!;
    private Snapshot _snapshot = null!;

    private protected abstract Task<World> MakeAsync();

    [Fact]
    public async Task Everybody_gets_what_is_theirs_and_nobody_can_tell_what_is_not_from_nothing()
    {
        await using var world = _world = await MakeAsync();
        await using var snapshot = _snapshot = await Snapshot.TakeAsync(world.Server);
        foreach (var line in RouteLine.ReadAll())
        {
            foreach (var clause in line.Clauses)
            {
                await AskAsync(line, clause);
            }
        }

        Assert.True(_faults.Count == 0, $"{_faults.Count} answers are not as routes.txt says:\n{string.Join('\n', _faults)}");
    }

    private async Task AskAsync(RouteLine line, Clause clause)
    {
        // What nobody has is the same for all who are signed in, and for all who are not.
        var nothing = new Dictionary<(bool, string), (HttpStatusCode, string)>();
        foreach (var relation in clause.Of == "-" && line.AskedBy != "GET" ? Some : _world.Rights.Relations)
        {
            _world.Clock.Forget();
            foreach (var thing in Of(clause.Of))
            {
                var answer = await SendAsync(line, clause, relation, thing);
                Look(answer, line, relation, thing);
                var expected = Status(clause, relation, thing);
                expected ??= thing is not null ? null : Gone.Contains(relation) ? HttpStatusCode.Unauthorized : HttpStatusCode.Forbidden;
                if (expected is not null)
                {
                    Check(answer.Status == expected, line, relation, thing, $"{(int)expected} was due, {Show(answer)} came");
                    continue;
                }

                Check(IsRefusal(answer.Status, relation), line, relation, thing, $"{Show(answer)} came");
                foreach (var part in thing!.Parts.Keys.Where(part => Uses(line, part)))
                {
                    var missing = thing with { Parts = new Dictionary<string, string>(thing.Parts) { [part] = Absent(thing.Parts[part]) } };
                    if (!nothing.TryGetValue((Gone.Contains(relation), part), out var none))
                    {
                        none = nothing[(Gone.Contains(relation), part)] = Bare(await SendAsync(line, clause, relation, missing), missing);
                    }

                    var bare = Bare(answer, thing);
                    var instead = $"{Show(answer)} came, but for a {part} that never existed {(int)none.Item1} {none.Item2}";
                    Check(bare == none, line, relation, thing, instead);
                }
            }
        }
    }

    private static bool IsRefusal(HttpStatusCode status, string relation) => status switch
    {
        HttpStatusCode.NotFound or HttpStatusCode.BadRequest => true,
        HttpStatusCode.Forbidden => !Gone.Contains(relation),
        HttpStatusCode.Unauthorized => Gone.Contains(relation),
        _ => false,
    };

    private IEnumerable<Thing?> Of(string name)
    {
        var things = name == "-" ? [null] : _world.Things.Where(thing => thing.Rights.Kind == name || thing.Name == name).ToList<Thing?>();
        Assert.True(things.Count > 0, $"There is no thing {name}.");
        return things;
    }

    private HttpStatusCode? Status(Clause clause, string relation, Thing? thing)
    {
        var (right, status) = clause.Rights.FirstOrDefault(one => _world.Rights.Has(relation, one.Right, thing?.Rights));
        return right is null ? null : (HttpStatusCode)status;
    }

    /// <summary>What an answer tells about others' things, wherever it comes from: nothing that this relation may not find.</summary>
    private void Look(Answer answer, RouteLine line, string relation, Thing? asked)
    {
        foreach (var thing in _world.Things)
        {
            if (!thing.Rights.Who.TryGetValue("finds", out var finds) || finds.Contains(relation))
            {
                continue;
            }

            // Whoever has its address asks for it by that, and what they get then is another question.
            if (asked?.Parts.Values.Contains(thing.Id) != true)
            {
                var isIn = new[] { thing.Mark, thing.Id }.Any(word => answer.Body.Contains(word, StringComparison.Ordinal));
                Check(!isIn, line, relation, thing, $"it is in {Show(answer)}");
            }
        }
    }

    private async Task<Answer> SendAsync(RouteLine line, Clause clause, string relation, Thing? thing)
    {
        var answer = await _world.CallAsync(relation, line.AskedBy, line.Path, line.Body, thing, clause.With);
        await _snapshot.RestoreAsync();
        return answer;
    }

    private static bool Uses(RouteLine line, string part) =>
        line.Path.Contains($"{{{part}}}", StringComparison.Ordinal) || line.Body?.Contains($"${part}\"", StringComparison.Ordinal) == true;

    /// <summary>Of the same shape, and nobody's.</summary>
    private static string Absent(string value) => Guid.TryParseExact(value, "N", out _) ? Guid.NewGuid().ToString("N")
        : value.Length == 22 ? Convert.ToBase64String(Guid.NewGuid().ToByteArray())[..22].Replace('+', '-').Replace('/', '_')
        : $"nobody_{Guid.NewGuid():N}"[..20];

    /// <summary>An answer without what tells only when and by which id it was asked.</summary>
    private static (HttpStatusCode, string) Bare(Answer answer, Thing thing)
    {
        var headers = answer.Message.Headers.Concat(answer.Message.Content.Headers).Where(header => header.Key is not "Date")
            .OrderBy(header => header.Key, StringComparer.Ordinal).Select(header => $"{header.Key}: {string.Join(',', header.Value)}");
        var text = string.Join('\n', headers.Append(answer.Body));
        return (answer.Status, thing.Parts.Values.Aggregate(text, (bare, part) => bare.Replace(part, "ID", StringComparison.Ordinal)));
    }

    private static string Show(Answer answer) => $"{(int)answer.Status} {(answer.Body.Length > 160 ? answer.Body[..160] : answer.Body)}";

    private void Check(bool holds, RouteLine line, string relation, Thing? thing, string instead)
    {
        if (!holds)
        {
            _faults.Add($"{line.Route}, {thing?.Name ?? "-"}, {relation}: {instead}");
        }
    }
}

/// <summary>The tables and the server have the same routes.</summary>
public sealed class RouteTableTests(SqliteServer shared)
{
    [Fact]
    public void Every_route_has_one_line_and_every_line_a_route()
    {
        var routes = (
            from endpoint in shared.Server.Plane.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            from method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["ANY"]
            select $"{method} /{endpoint.RoutePattern.RawText!.Trim('/')}").Distinct().Order(StringComparer.Ordinal).ToList();
        var lines = RouteLine.ReadAll();
        Assert.True(routes.Count > 150, "The route table was not read.");
        var without = routes.Except(lines.Select(line => line.Route)).ToList();
        Assert.True(
            without.Count == 0,
            $"These routes have no line in tests/Weir.Social.Tests/Access/routes.txt; say there who gets a yes:\n{string.Join('\n', without)}");
        var gone = lines.Where(line => !line.IsPage).Select(line => line.Route).Except(routes).ToList();
        Assert.True(gone.Count == 0, $"These lines of routes.txt have no route:\n{string.Join('\n', gone)}");
        Assert.Equal(lines.Count, lines.Select(line => line.Route).Distinct().Count());
    }

    [Fact]
    public void The_lines_are_sorted_and_every_word_in_them_means_something()
    {
        var lines = RouteLine.ReadAll();
        var names = lines.Select(line => (Path: line.Path.Split('?')[0], line.Method)).ToList();
        var sorted = names.OrderBy(name => name.Path, StringComparer.Ordinal).ThenBy(name => name.Method, StringComparer.Ordinal);
        Assert.Equal(sorted, names);
        var rights = new RightsTable();
        var words = lines.SelectMany(line => line.Clauses).SelectMany(clause => clause.Rights).Select(right => right.Right);
        Assert.All(words, word => Assert.True(rights.Knows(word), word));
        var things = rights.Things.Select(thing => $"{thing.Kind}/{thing.Name}").ToList();
        Assert.Equal(things.Order(StringComparer.Ordinal), things);
        var used = lines.SelectMany(line => line.Clauses).Select(clause => clause.Of.Split('/')[0]).ToHashSet();
        Assert.All(rights.Things, thing => Assert.Contains(thing.Kind, used));
    }
}
