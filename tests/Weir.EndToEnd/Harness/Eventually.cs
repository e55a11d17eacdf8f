namespace Weir.EndToEnd.Harness;

/// <summary>Waits for what must become true in other processes, and says what it was waiting for when it does not.</summary>
internal static class Eventually
{
    /// <summary>A busy machine is slow, not wrong: how long anything may take.</summary>
    public static readonly TimeSpan Patience = Testing.Patience.Limit;

    public static async Task<T> GetAsync<T>(string what, TimeSpan limit, Func<Task<T?>> look, Func<string>? detail = null)
    {
        var until = DateTime.UtcNow + limit;
        Exception? last = null;
        while (DateTime.UtcNow < until)
        {
            try
            {
                if (await look() is { } found)
                {
                    return found;
                }
            }
            catch (Exception fault) when (fault is HttpRequestException or IOException or System.Text.Json.JsonException or TaskCanceledException)
            {
                last = fault;
            }

            await Task.Delay(50);
        }

        throw new Xunit.Sdk.XunitException($"Not within {limit.TotalSeconds:0.#} s: {what}. {last?.Message}\n{detail?.Invoke()}");
    }

    public static Task TrueAsync(string what, TimeSpan limit, Func<Task<bool>> look, Func<string>? detail = null) =>
        GetAsync<object>(what, limit, async () => await look() ? "true" : null, detail);
}
