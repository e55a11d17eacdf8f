using Weir.Bench.Load;

namespace Weir.Bench.Servers;

/// <summary>Where to publish, and a URL for each viewer.</summary>
internal sealed record Channel(string Id, string Application, string Key, IReadOnlyList<string> Viewers);

/// <summary>A server that is measured: a process of its own, ended by its id.</summary>
internal interface IBenchServer : IAsyncDisposable
{
    string Name { get; }

    IReadOnlyList<Outlet> Outlets { get; }

    /// <summary>The process that serves viewers first, others of the same server after it.</summary>
    IReadOnlyList<int> Processes { get; }

    /// <summary>A new broadcast with addresses for so many viewers.</summary>
    Task<Channel> OpenAsync(Outlet outlet, int viewers);

    /// <summary>Ends a broadcast, so that it costs nothing while the next is measured.</summary>
    Task CloseAsync(Channel channel);
}
