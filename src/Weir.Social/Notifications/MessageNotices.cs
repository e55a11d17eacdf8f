using System.Collections.Frozen;
using System.Threading.Channels;
using Weir.Social.Conversations;
using Weir.Social.Data;
using Weir.Social.Notifications.Push;

namespace Weir.Social.Notifications;

/// <summary>
/// Mentions and replies, taken from messages after they were written, so that nothing here slows the writer. At most <see cref="MaxWaiting"/> wait; of more the list is not told, the
/// conversation has them all the same.
/// </summary>
internal sealed class MessageNotices(IServiceScopeFactory scopes, PushAudience audience, PushDesk desk, ILogger<MessageNotices> log) : BackgroundService
{
    private const int MaxWaiting = 10_000;
    private const int MaxBatch = 200;
    private readonly Channel<Happened> _waiting = Channel.CreateBounded<Happened>(new BoundedChannelOptions(MaxWaiting) { SingleReader = true });

    /// <summary>A message is on disk. Never waits.</summary>
    public void Written(MessageBody message, FrozenSet<Guid> members, bool isGroup)
    {
        var replied = message.ReplyTo?.Sender.Id;
        if (replied is { } author && members.Contains(author))
        {
            Add(NoticeKind.Reply, author);
        }

        foreach (var mentioned in message.Mentions)
        {
            // Named in a reply to oneself is one thing.
            if (mentioned != replied)
            {
                Add(NoticeKind.Mention, mentioned);
            }
        }

        // Most people of most servers take no pushes: a look into a set for each member, and nothing when it is empty.
        if (!audience.IsEmpty && message.Notice is null)
        {
            foreach (var member in members)
            {
                if (member != message.Sender.Id && audience.Contains(member))
                {
                    desk.Offer(new Happened(isGroup ? NoticeKind.GroupMessage : NoticeKind.DirectMessage, member, message.Sender.Id, message.Conversation, message.Id, message.Seq));
                }
            }
        }

        void Add(NoticeKind kind, Guid account)
        {
            if (account != message.Sender.Id && !_waiting.Writer.TryWrite(new Happened(kind, account, message.Sender.Id, message.Conversation, message.Id, message.Seq)))
            {
                SocialMetrics.NoticesDropped.Add(1);
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var batch = new List<Happened>(MaxBatch);
        try
        {
            while (await _waiting.Reader.WaitToReadAsync(stoppingToken))
            {
                batch.Clear();
                while (batch.Count < MaxBatch && _waiting.Reader.TryRead(out var happened))
                {
                    batch.Add(happened);
                }

                try
                {
                    await using var scope = scopes.CreateAsyncScope();
                    var notices = scope.ServiceProvider.GetRequiredService<Notices>();
                    await scope.ServiceProvider.GetRequiredService<WriteScope>().RunAsync(async () =>
                    {
                        await notices.AddAsync(batch, stoppingToken);
                        return true;
                    }, stoppingToken);
                }
                catch (Exception fault) when (fault is not OperationCanceledException)
                {
                    log.LogError(fault, "{Count} mentions and replies could not be listed", batch.Count);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }
}
