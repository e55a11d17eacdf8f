using Microsoft.EntityFrameworkCore;

namespace Weir.Social.Data;

/// <summary>Whether the database answers. It is asked once a second at most, however many want to know.</summary>
internal sealed class DatabaseReadiness(IServiceScopeFactory scopes, TimeProvider clock)
{
    public static readonly TimeSpan Belief = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private Task<bool>? _answer;
    private long _since;

    public ValueTask<bool> AskAsync(CancellationToken cancellation)
    {
        Task<bool> answer;
        lock (_lock)
        {
            if (_answer is null || (_answer.IsCompleted && clock.GetElapsedTime(_since) >= Belief))
            {
                _since = clock.GetTimestamp();
                _answer = CheckAsync();
            }

            answer = _answer;
        }

        return answer.IsCompletedSuccessfully ? new(answer.Result) : new(answer.WaitAsync(cancellation));
    }

    // Never cancelled by one of those who wait: others wait for the same answer.
    private async Task<bool> CheckAsync()
    {
        // Not under the lock.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        await using var scope = scopes.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<WeirDb>().Database.CanConnectAsync(CancellationToken.None);
    }
}
