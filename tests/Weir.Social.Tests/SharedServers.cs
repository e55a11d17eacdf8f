[assembly: AssemblyFixture(typeof(Weir.Social.Tests.SqliteServer))]
[assembly: AssemblyFixture(typeof(Weir.Social.Tests.PostgresServer))]

namespace Weir.Social.Tests;

/// <summary>One server a provider for all tests that keep to people of their own.</summary>
public abstract class SharedServer : IAsyncLifetime
{
    private Server? _server;
    private Someone? _admin;

    public Server Server => _server!;

    public Someone Admin => _admin!;

    protected abstract Task<Server> StartAsync();

    public async ValueTask InitializeAsync()
    {
        _server = await StartAsync();
        _admin = await _server.PersonAsync("Admin", admin: true);
    }

    public virtual ValueTask DisposeAsync() => Server.DisposeAsync();
}

public sealed class SqliteServer : SharedServer
{
    protected override Task<Server> StartAsync() => Server.StartAsync();
}

public sealed class PostgresServer : SharedServer
{
    /// <summary>For tests that need a database of their own.</summary>
    public PostgresCluster Cluster { get; } = new();

    protected override async Task<Server> StartAsync()
    {
        await Cluster.InitializeAsync();
        return await Server.StartAsync(Cluster);
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await Cluster.DisposeAsync();
    }
}
