using System.Collections.Concurrent;
using System.Net;
using System.Reflection;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Weir.Contracts;
using Weir.Contracts.Planes;
using Weir.Social.Links;
using Weir.Social.Realtime;

namespace Weir.Social.Tests.Access;

/// <summary>What somebody does, and who hears what of it.</summary>
internal sealed record EventLine(
    string Actor, string Method, string Path, string Of, IReadOnlyDictionary<string, string> Heard, string? Body)
{
    public static IReadOnlyList<EventLine> ReadAll() => [.. Table.Read("events.txt").Select(columns =>
    {
        var act = columns[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var heard = columns[2] == "-" ? [] : columns[2].Split(';', StringSplitOptions.TrimEntries).Select(one => one.Split(": ", 2));
        return new EventLine(
            act[0], act[1], act[2], columns[1], heard.ToDictionary(one => one[0], one => one[1]), columns.ElementAtOrDefault(3));
    })];

    public override string ToString() => $"{Actor} {Method} {Path}, {Of}";
}

/// <summary>
/// A device of each relation listens while somebody does something: those hear of it whom events.txt names, and nobody else hears anything.
/// </summary>
public sealed class EventAccessTests
{
    private const string Fence = "fence";

    private static readonly string[] Names =
        [.. typeof(Events).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (string)field.GetRawConstantValue()!)];

    [Fact]
    public void Every_event_and_every_method_of_the_hub_has_a_line()
    {
        var lines = EventLine.ReadAll();
        var heard = lines.SelectMany(line => line.Heard.Keys).Distinct();
        Assert.Equal(Names.Order(StringComparer.Ordinal), heard.Order(StringComparer.Ordinal));
        var methods = typeof(RealtimeHub).GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
            .Where(method => method.GetBaseDefinition() == method).Select(method => method.Name).Order(StringComparer.Ordinal).ToList();
        var said = lines.Where(line => line.Method == "HUB").ToLookup(line => line.Path);
        Assert.Equal(methods, said.Select(method => method.Key).Order(StringComparer.Ordinal));
        // And of each somebody who may say it, and somebody who may not.
        Assert.All(said, method => Assert.Equal([false, true], method.Select(line => line.Heard.Count > 0).Distinct().Order()));
    }

    [Fact]
    public async Task Those_who_are_named_hear_what_is_done_and_nobody_else_hears_anything()
    {
        await using var site = await SiteAsync();
        var port = new Uri(site.Urls.Single()).Port;
        var limits = new LinkLimits
        {
            Time = Patience.Limit,
            Resolve = (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Loopback]),
            MayConnect = _ => true,
            MayUsePort = _ => true,
        };
        await using var world = await World.MakeAsync(configure: builder => builder.Services.AddSingleton(limits));
        world.Values["site"] = $"http://site.test:{port}/";
        await using var snapshot = await Snapshot.TakeAsync(world.Server);
        await using var node = await FakeNode.ReadyAsync(world.Server);
        var devices = new Dictionary<string, Device>();
        foreach (var (relation, person) in world.People.Where(person => world.Rights.Has(person.Key, "@signedIn", null)))
        {
            devices[relation] = await Device.OpenAsync(world.Server, person);
        }

        var faults = new List<string>();
        foreach (var line in EventLine.ReadAll())
        {
            world.Clock.Forget();
            await ActAsync(world, line, devices[line.Actor], node);
            var due = line.Heard.SelectMany(heard => world.Rights.Set(heard.Value).Select(relation => (relation, heard.Key))).ToHashSet();
            await Patience.HoldsAsync(
                () => due.All(one => devices[one.relation].Heard.Contains(one.Key)), () => $"{line}: heard was {Show(devices)}");
            // What is said to everybody now comes last: what was said to anybody is there then.
            var connections = world.Server.Plane.App.Services.GetRequiredService<Connections>();
            devices.Keys.ToList().ForEach(relation => connections.Send(Guid.Parse(world.People[relation].Id), Fence, line.ToString()));
            await Patience.HoldsAsync(() => devices.Values.All(device => device.Heard.Contains(Fence)));
            faults.AddRange(
                from device in devices
                from name in device.Value.Heard.Distinct()
                where name != Fence && !due.Contains((device.Key, name))
                select $"{line}: {device.Key} heard {name}");
            devices.Values.ToList().ForEach(device => device.Heard.Clear());
            await snapshot.RestoreAsync();
        }

        foreach (var device in devices.Values)
        {
            await device.DisposeAsync();
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    private static async Task ActAsync(World world, EventLine line, Device device, FakeNode node)
    {
        var thing = world.Things.SingleOrDefault(thing => thing.Name == line.Of);
        Assert.True(thing is not null || line.Of == "-", line.Of);
        switch (line.Method)
        {
            case "HUB":
                await device.SayAsync(line.Path, thing!.Id);
                break;
            case "NODE":
                var presence = new Presence { Broadcast = Guid.Parse(thing!.Id).ToWire() };
                presence.Accounts.AddRange(
                    world.People.Values.Where(person => person.Id.Length > 0).Select(person => Guid.Parse(person.Id).ToWire()));
                await node.SendAsync(new Report { Presence = presence });
                break;
            default:
                var answer = await world.CallAsync(line.Actor, line.Method, line.Path, line.Body, thing);
                Assert.True(answer.Message.IsSuccessStatusCode, $"{line}: {(int)answer.Status} {answer.Body}");
                break;
        }
    }

    private static string Show(Dictionary<string, Device> devices) => string.Join(
        ", ",
        devices.Where(device => !device.Value.Heard.IsEmpty).Select(device => $"{device.Key}: {string.Join(' ', device.Value.Heard)}"));

    /// <summary>What a link in a message leads to.</summary>
    private static async Task<WebApplication> SiteAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var site = builder.Build();
        site.Urls.Add("http://127.0.0.1:0");
        site.MapGet("/", () => Results.Text("<title>Site</title>", "text/html"));
        await site.StartAsync();
        return site;
    }

    private sealed class Device(HubConnection connection) : IAsyncDisposable
    {
        public ConcurrentQueue<string> Heard { get; } = new();

        public static async Task<Device> OpenAsync(Server server, Someone who)
        {
            var connection = new HubConnectionBuilder()
                .WithUrl(new Uri(server.Http.BaseAddress!, "/api/hub"), hub => hub.AccessTokenProvider = () => Task.FromResult(who.Token))
                .Build();
            var device = new Device(connection);
            foreach (var name in Names.Append(Fence))
            {
                connection.On<JsonElement>(name, _ => device.Heard.Enqueue(name));
            }

            await connection.StartAsync();
            return device;
        }

        /// <summary>Waits until it has run.</summary>
        public Task SayAsync(string method, string value) => connection.InvokeAsync(method, value);

        public ValueTask DisposeAsync() => connection.DisposeAsync();
    }
}
