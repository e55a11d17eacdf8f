using System.Globalization;
using Weir.EndToEnd.Harness;

namespace Weir.EndToEnd;

/// <summary>The process that decodes photographs gives their memory back.</summary>
public sealed class MemoryStory
{
    private const int InTurn = 10;
    private const int AtOnce = 4;
    private const int Each = 6;

    /// <summary>Objects that were not collected yet take 20 of them; one photograph decoded takes 28.</summary>
    private const double MostMegabytes = 45;

    [Fact]
    public async Task Photographs_leave_little_memory_behind_in_the_social_plane()
    {
        await using var server = new WeirServer();
        await server.StartAsync();
        using var host = await Api.SetUpAsync(server, "host", "Hanna Host");
        var photograph = await PhotographAsync();
        // The first one also loads the library.
        await host.UploadAsync("picture", "first.jpg", "image/jpeg", photograph);
        var before = OwnMegabytes(server.Process.Id);

        for (var i = 0; i < InTurn; i++)
        {
            await host.UploadAsync("picture", $"{i}.jpg", "image/jpeg", photograph);
        }

        await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(async lane =>
        {
            for (var i = 0; i < Each; i++)
            {
                await host.UploadAsync("picture", $"{lane}-{i}.jpg", "image/jpeg", photograph);
            }
        }));

        // The last ones are given back a moment after their answers.
        var after = 0.0;
        await Eventually.TrueAsync(
            string.Create(CultureInfo.InvariantCulture, $"at most {MostMegabytes} MB more than the {before:0} MB after the first photograph"),
            Eventually.Patience,
            () => Task.FromResult((after = OwnMegabytes(server.Process.Id)) - before < MostMegabytes),
            () => string.Create(CultureInfo.InvariantCulture, $"{after:0} MB after {InTurn + (AtOnce * Each)} more"));
    }

    /// <summary>12 megapixels, as a telephone takes them.</summary>
    private static async Task<byte[]> PhotographAsync()
    {
        var directory = Directory.CreateTempSubdirectory("weir-photograph-");
        try
        {
            var file = Path.Combine(directory.FullName, "photograph.jpg");
            var (code, output) = await Ffmpeg.RunAsync(
                "ffmpeg", Eventually.Patience,
                "-hide_banner", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc2=size=4000x3000", "-frames:v", "1", "-q:v", "3", file);
            Assert.True(code == 0, output);
            return await File.ReadAllBytesAsync(file);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    /// <summary>Resident memory without what is mapped from files, such as libraries.</summary>
    private static double OwnMegabytes(int process)
    {
        var status = File.ReadLines($"/proc/{process}/status");
        var line = status.First(candidate => candidate.StartsWith("RssAnon:", StringComparison.Ordinal));
        var kilobytes = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1];
        return double.Parse(kilobytes, CultureInfo.InvariantCulture) / 1024;
    }
}
