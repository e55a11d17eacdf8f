using System.Diagnostics;
using System.Net.Http.Headers;
using Weir.Bench.Servers;

namespace Weir.Bench.Reads;

/// <summary>What a few people do in an evening, without pauses: reading, writing, searching, sending pictures; and how much memory the social plane has meanwhile.</summary>
internal sealed class Evening(WeirServer weir, World world)
{
    private const double Target = 300;
    private const int PictureEach = 25;
    private const int SearchEach = 10;
    private const int SayEach = 4;
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    public async Task<ResultTable> RunAsync(TimeSpan duration, CancellationToken cancellation)
    {
        Console.Error.WriteLine("an evening ...");
        var picture = await PhotographAsync(cancellation);
        using var http = new HttpClient { BaseAddress = weir.Url };
        var clock = Stopwatch.StartNew();
        var begun = ProcessFigures.ResidentMegabytes(weir.SocialProcess);
        var (done, pictures) = (0, 0);
        var most = begun;
        async Task LiveAsync(int lane)
        {
            for (var i = 0; clock.Elapsed < duration; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                var number = (lane * 1_000_000) + i + 1000;
                if (i % PictureEach == lane)
                {
                    using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/files?as=picture&name=picture{number}.jpg") { Content = new ByteArrayContent(picture) };
                    request.Content.Headers.ContentType = new MediaTypeHeaderValue("image/jpeg");
                    request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", lane % 2 == 0 ? world.Reader : world.Friend);
                    using var answer = await http.SendAsync(request, cancellation);
                    Interlocked.Add(ref pictures, answer.IsSuccessStatusCode ? 1 : 0);
                }
                else if (i % SearchEach == 1)
                {
                    using var request = new HttpRequestMessage(HttpMethod.Get, "/api/search?q=message");
                    request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", world.Reader);
                    using var answer = await http.SendAsync(request, cancellation);
                }
                else if (i % SayEach == 2)
                {
                    await World.SayAsync(weir, world.Conversation, lane % 2 == 0 ? world.Reader : world.Friend, number);
                }
                else
                {
                    var question = world.Questions[i % world.Questions.Count];
                    if (question is { Method: "GET", Token: { } token })
                    {
                        await weir.GetAsync(question.Path, token);
                    }
                }

                Interlocked.Increment(ref done);
            }
        }

        var lanes = Enumerable.Range(0, 4).Select(lane => Task.Run(() => LiveAsync(lane), cancellation)).ToList();
        var all = Task.WhenAll(lanes);
        while (await Task.WhenAny(all, Task.Delay(Look, cancellation)) != all)
        {
            most = Math.Max(most, ProcessFigures.ResidentMegabytesNow(weir.SocialProcess));
        }

        await all;
        return new ResultTable(
            $"An evening in {duration.TotalMinutes:0.#} minutes",
            [new("requests", "0"), new("pictures", "0"), new("MB before", "0"), new("most MB", "0"), new("MB at the end", "0"), new("target MB", "0")],
            [[done, pictures, begun, most, ProcessFigures.ResidentMegabytes(weir.SocialProcess), Target]]);
    }

    /// <summary>12 megapixels, as a telephone takes them.</summary>
    private static async Task<byte[]> PhotographAsync(CancellationToken cancellation)
    {
        var start = new ProcessStartInfo("ffmpeg", "-hide_banner -loglevel error -f lavfi -i mandelbrot=size=4000x3000 -frames:v 1 -q:v 3 -f mjpeg -") { RedirectStandardOutput = true };
        using var ffmpeg = Process.Start(start)!;
        using var picture = new MemoryStream();
        await ffmpeg.StandardOutput.BaseStream.CopyToAsync(picture, cancellation);
        await ffmpeg.WaitForExitAsync(cancellation);
        return ffmpeg.ExitCode == 0 ? picture.ToArray() : throw new CannotMeasureException("ffmpeg made no picture.");
    }
}
