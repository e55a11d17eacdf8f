namespace Weir.EndToEnd.Harness;

/// <summary>A server with the demo's people and an example for every page in it, for stories that look and change little.</summary>
public sealed class DemoServer : IAsyncLifetime
{
    internal WeirServer Server { get; } = new();

    /// <summary>The addresses of all pages that one sees signed in.</summary>
    internal IReadOnlyList<string> Paths { get; private set; } = [];

    public async ValueTask InitializeAsync()
    {
        await Server.StartAsync("--demo");
        Paths = await ExamplePages.AllAsync(Server);
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
