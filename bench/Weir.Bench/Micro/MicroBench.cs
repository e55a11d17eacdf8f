using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace Weir.Bench.Micro;

/// <summary>The inner loops by BenchmarkDotNet, in this process, so that no compiler has to be at hand.</summary>
internal static class MicroBench
{
    public static Report Run(bool quick)
    {
        var artifacts = Directory.CreateTempSubdirectory("weir-bench-micro-").FullName;
        try
        {
            var job = (quick ? Job.ShortRun : Job.Default).WithToolchain(new InProcessEmitToolchain(TimeSpan.FromMinutes(5), logOutput: false));
            var configuration = ManualConfig.CreateEmpty().AddJob(job).AddLogger(NullLogger.Instance).WithArtifactsPath(artifacts)
                .AddColumnProvider(BenchmarkDotNet.Columns.DefaultColumnProviders.Instance);
            var summary = BenchmarkRunner.Run<InnerLoops>(configuration);
            if (summary.HasCriticalValidationErrors)
            {
                throw new CannotMeasureException(string.Join("; ", summary.ValidationErrors.Select(error => error.Message)));
            }

            var rows = summary.Reports.Select(report => (object?[])
            [
                report.BenchmarkCase.Descriptor.WorkloadMethodDisplayInfo.Trim('\''), (int)report.BenchmarkCase.Parameters["Picture"], report.ResultStatistics?.Mean ?? double.NaN,
                report.ResultStatistics?.StandardError ?? double.NaN, (double)(report.GcStats.GetBytesAllocatedPerOperation(report.BenchmarkCase) ?? 0),
            ]).ToList();
            return new Report(
                "micro",
                "What one frame costs before any viewer gets it: each wire form is built once and shared.",
                [new ResultTable("Inner loops", [new("What"), new("Picture bytes"), new("Mean ns", "0"), new("Error ns", "0"), new("Allocated bytes", "0")], rows)],
                ["Every viewer of a wire form shares the one array; copying into the socket is not in it."]);
        }
        finally
        {
            Directory.Delete(artifacts, recursive: true);
        }
    }
}
