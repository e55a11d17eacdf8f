using Microsoft.Extensions.Logging;
using Weir.Contracts;
using Weir.Live.Recordings;

namespace Weir.Live.Broadcasts;

/// <summary>Takes a comment off wherever it is: among the latest of a running broadcast, in its recording, in the replay of one that ended.</summary>
internal sealed class CommentRemoval(BroadcastDirectory broadcasts, ReplayStore replays, ILogger<CommentRemoval> log)
{
    /// <summary>False when it is unknown, or <paramref name="by"/> is neither host nor its author.</summary>
    /// <exception cref="IOException">The disk is full or broken; the comment stays.</exception>
    public async Task<bool> RemoveAsync(Guid broadcast, string comment, Guid by, bool isHost)
    {
        var running = broadcasts.FindRunning(broadcast);
        if (running?.Broadcast.Comments.Delete(comment, by, isHost) == true)
        {
            // Whoever asks for the comments after the answer does not get it, however far the recorder is.
            running.Outputs.Events?.Hide(comment);
            return true;
        }

        // Not among the comments the room remembers: an older one, or the broadcast is over.
        if (running?.Outputs.Events is { } events)
        {
            if (!await events.DeleteAsync(comment, by, isHost))
            {
                return false;
            }

            running.Broadcast.Comments.Announce(comment);
            return true;
        }

        if (!replays.TryOpen(broadcast, out var lease))
        {
            return false;
        }

        using (lease)
        {
            return await lease.Replay.Events.DeleteAsync(comment, by, isHost);
        }
    }

    /// <summary>What administrators took away; told again with all rules, so that it is made up for what failed.</summary>
    public async Task ApplyAsync(Rules rules)
    {
        foreach (var comment in rules.RemovedComments)
        {
            try
            {
                await RemoveAsync(rules.Broadcast, comment, default, isHost: true);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                log.LogError("A comment of {Broadcast} cannot be taken away: {Reason}", rules.Broadcast.ToText(), fault.Message);
            }
        }
    }
}
