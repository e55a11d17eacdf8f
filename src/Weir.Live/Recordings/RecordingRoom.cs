using Weir.Hosting;
using Weir.Media.Recording;

namespace Weir.Live.Recordings;

/// <summary>Whether recordings may grow: the disk has room for them, and their host's take no more of it than
/// <see cref="LiveOptions.RecordingLimit"/>.</summary>
internal sealed class RecordingRoom(LiveOptions options, DiskRoom disk, ReplayStore replays, TimeProvider clock)
{
    /// <summary>How old the sum of a host's other recordings may be.</summary>
    private static readonly TimeSpan CountEvery = TimeSpan.FromSeconds(10);

    /// <summary>For one recorder, which asks on one thread at a time.</summary>
    /// <param name="broadcastsOf">All broadcasts of a host.</param>
    public Func<long, RecordingStop> Of(Guid broadcast, Guid host, Func<Guid, IReadOnlyCollection<Guid>> broadcastsOf)
    {
        long? countedAt = null;
        long others = 0;
        return bytes =>
        {
            if (!disk.MayRecord())
            {
                return RecordingStop.DiskFull;
            }

            if (countedAt is not { } at || clock.GetElapsedTime(at) >= CountEvery)
            {
                others = broadcastsOf(host).Where(id => id != broadcast).Sum(id => RecordingFiles.Bytes(replays.DirectoryOf(id)));
                countedAt = clock.GetTimestamp();
            }

            return others + bytes >= options.RecordingLimit ? RecordingStop.Quota : RecordingStop.None;
        };
    }
}
