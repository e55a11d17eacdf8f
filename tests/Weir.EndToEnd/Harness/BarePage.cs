using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Weir.EndToEnd.Harness;

/// <summary>A page with nothing of ours on it, at a real address: one that only the browser made up may not reach this machine's ports. localhost is a secure context, where pages may use the camera.</summary>
internal sealed class BarePage : IAsyncDisposable
{
    private readonly WebApplication _site;

    private BarePage(WebApplication site) => _site = site;

    public string Url => _site.Urls.First().Replace("127.0.0.1", "localhost", StringComparison.Ordinal);

    public static async Task<BarePage> ServeAsync(string body)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var site = builder.Build();
        site.Urls.Add("http://127.0.0.1:0");
        site.MapGet("/", () => Results.Text($"<!doctype html><link rel=icon href=data:,>{body}", "text/html"));
        await site.StartAsync();
        return new BarePage(site);
    }

    public ValueTask DisposeAsync() => _site.DisposeAsync();
}
