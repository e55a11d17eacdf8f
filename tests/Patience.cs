using System.Runtime.CompilerServices;

namespace Weir.Testing;

/// <summary>How tests wait: for an event, as long as any machine may take. What comes is not waited for any longer than it takes, so the bound costs nothing but in a run that is broken anyway.</summary>
internal static class Patience
{
    /// <summary>A machine that is slow or busy with other things is not wrong. No test says how fast something is: that is what benchmarks are for.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    /// <summary>Looks again until it holds; for what happens by itself a moment later and tells nobody.</summary>
    public static async Task HoldsAsync(Func<Task<bool>> holds, Func<string>? instead = null, [CallerArgumentExpression(nameof(holds))] string what = "")
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!await holds())
        {
            if (TimeProvider.System.GetElapsedTime(began) > Limit)
            {
                throw new TimeoutException($"It did not come to pass within {Limit.TotalSeconds:0} s: {what}. {instead?.Invoke()}");
            }

            await Task.Delay(10);
        }
    }

    public static Task HoldsAsync(Func<bool> holds, Func<string>? instead = null, [CallerArgumentExpression(nameof(holds))] string what = "") =>
        HoldsAsync(() => Task.FromResult(holds()), instead, what);
}
