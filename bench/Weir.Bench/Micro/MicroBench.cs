using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
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
            return new Report(
                "micro",
                "What one frame costs: in making each wire form, which is shared, and for each viewer of it.",
                [
                    Table("Once for each frame", BenchmarkRunner.Run<InnerLoops>(configuration)),
                    Table("Once for all viewers, and the kernel's part", BenchmarkRunner.Run<SharedLoops>(configuration)),
                    Table("For each viewer (target: nothing allocated but the shared frame's part)", BenchmarkRunner.Run<FanOutLoops>(configuration)),
                ],
                [
                    "Every viewer of a wire form shares the one array; copying into the socket is not in it.",
                    "The thousandth part of what a frame allocates itself is in each viewer's figure; that the rest is nothing is what a test of the fan-out says.",
                ]);
        }
        finally
        {
            Directory.Delete(artifacts, recursive: true);
        }
    }

    private static ResultTable Table(string title, Summary summary)
    {
        if (summary.HasCriticalValidationErrors)
        {
            throw new CannotMeasureException(string.Join("; ", summary.ValidationErrors.Select(error => error.Message)));
        }

        var rows = summary.Reports.Select(report => (object?[])
        [
            report.BenchmarkCase.Descriptor.WorkloadMethodDisplayInfo.Trim('\''), (int)report.BenchmarkCase.Parameters["Picture"], report.ResultStatistics?.Mean ?? double.NaN,
            report.ResultStatistics?.StandardError ?? double.NaN, (double)(report.GcStats.GetBytesAllocatedPerOperation(report.BenchmarkCase) ?? 0),
        ]).ToList();
        return new ResultTable(title, [new("What"), new("Picture bytes"), new("Mean ns", "0.0"), new("Error ns", "0.0"), new("Allocated bytes", "0")], rows);
    }
}
