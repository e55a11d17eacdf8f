using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.SignalR.Client;
using Weir.Social.Realtime;

namespace Weir.Social.Tests.Visibility;

/// <summary>Somebody's device, and what it was told.</summary>
internal sealed class Device : IAsyncDisposable
{
    public const string Fence = "fence";
    private readonly HubConnection _connection;
    private readonly ConcurrentQueue<(string Name, JsonElement Body)> _heard = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile string? _fence;

    private Device(HubConnection connection)
    {
        _connection = connection;
        foreach (var name in new[] { Events.Moment, Events.Message, Events.Watching })
        {
            connection.On<JsonElement>(name, body => _heard.Enqueue((name, body)));
        }

        connection.On<string>(Fence, fence => _fence = fence);
        connection.Closed += _ =>
        {
            _ended.TrySetResult();
            return Task.CompletedTask;
        };
    }

    public Task Ended => _ended.Task;

    public static async Task<Device> OpenAsync(Server server, Someone who)
    {
        var connection = new HubConnectionBuilder()
            .WithUrl(new Uri(server.Http.BaseAddress!, "/api/hub"), hub => hub.AccessTokenProvider = () => Task.FromResult(who.Token))
            .Build();
        var device = new Device(connection);
        await connection.StartAsync();
        return device;
    }

    public bool IsAt(string fence) => _fence == fence;

    public List<(string Name, JsonElement Body)> Take()
    {
        var taken = new List<(string, JsonElement)>();
        while (_heard.TryDequeue(out var one))
        {
            taken.Add(one);
        }

        return taken;
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}
