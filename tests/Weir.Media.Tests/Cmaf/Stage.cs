using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Weir.Media.Broadcasting;
using Weir.Media.Cmaf;
using Weir.Media.Tests.Mp4;

namespace Weir.Media.Tests.Cmaf;

/// <summary>A broadcast and its packager under a clock that follows the frames published into it.</summary>
public sealed class Stage
{
    private long _published;

    public Stage(ResumePoint? resume = null, PackagerLimits? limits = null)
    {
        Clock = new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero));
        Broadcast = new Broadcast(Guid.NewGuid(), new TimelineLimits(), Clock, resume);
        Packager = new Packager(Broadcast, limits ?? new PackagerLimits { MinWindow = 3_600_000_000 }, NullLogger<Packager>.Instance);
    }

    public FakeTimeProvider Clock { get; }

    public Broadcast Broadcast { get; }

    public Packager Packager { get; }

    /// <summary>Raised after each frame is packaged.</summary>
    public event Action? Advanced;

    public IEnumerable<CmafItem> Items
    {
        get
        {
            for (var i = Packager.Log.First; i < Packager.Log.Next; i++)
            {
                Assert.True(Packager.Log.TryGet(i, out var item));
                yield return item;
            }
        }
    }

    public IReadOnlyList<Fragment> Fragments => [.. Items.OfType<Fragment>()];

    public Publisher Publish() => Broadcast.Publish(new PublisherInfo("test", "ffmpeg"))!;

    /// <summary>Publishes frames at their own pace; milliseconds only, as FLV has them.</summary>
    public void Play(Publisher publisher, IEnumerable<SourceFrame> frames, long offset = 0)
    {
        long? last = null;
        foreach (var frame in frames)
        {
            var dts = Milliseconds(frame.Dts);
            Clock.Advance(TimeSpan.FromMicroseconds(Math.Max(0, dts - (last ?? dts))));
            last = dts;
            if (frame.Track.Kind == TrackKind.Video)
            {
                publisher.Video(frame.Track, dts + offset, Milliseconds(frame.Pts) - dts, frame.Keyframe, frame.Payload);
            }
            else
            {
                publisher.Audio(frame.Track, dts + offset, frame.Payload);
            }

            _published++;
            Packager.Drain();
            Advanced?.Invoke();
        }
    }

    public void End()
    {
        Broadcast.End();
        Packager.RunAsync(CancellationToken.None).GetAwaiter().GetResult();
    }

    /// <summary>What a viewer who saw everything has: init segments where they change, and every fragment.</summary>
    public byte[] ToFile() => Concatenate(Fragments);

    public static byte[] Concatenate(IEnumerable<Fragment> fragments, bool audioOnly = false)
    {
        using var file = new MemoryStream();
        InitSegment? init = null;
        foreach (var fragment in fragments)
        {
            var wanted = audioOnly ? fragment.Init.AudioOnly! : fragment.Init;
            if (init != wanted)
            {
                init = wanted;
                file.Write(init.Data.Span);
            }

            file.Write((audioOnly ? fragment.AudioOnly : fragment.Data).Span);
        }

        return file.ToArray();
    }

    private static long Milliseconds(long microseconds) => (microseconds + 500) / 1000 * 1000;
}
