using System.Collections.Frozen;
using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Social.Conversations;
using Weir.Social.Data;
using Weir.Social.Realtime;
using Weir.Social.Sessions;

namespace Weir.Social.Reporting;

/// <summary>A message in a conversation of the reporter's. Taken away, it is as if its sender had recalled it.</summary>
internal sealed class ReportedMessages(WeirDb db, WriteScope write, Connections connections, TimeProvider clock) : IReportable
{
    public ReportKind Kind => ReportKind.Message;

    public async Task<ReportedThing?> FindAsync(ReportTarget target, Caller caller, CancellationToken cancellation)
    {
        Ids.TryParse(target.Id, out var id);
        var found = await (
            from message in db.Messages.AsNoTracking()
            where message.Id == id && message.RecalledAt == null
            join member in db.ConversationMembers on new { message.ConversationId, AccountId = caller.Id } equals new { member.ConversationId, member.AccountId }
            where message.Seq > member.FromSeq
            join conversation in db.Conversations on message.ConversationId equals conversation.Id
            select new { Message = message, conversation.Name }).SingleOrDefaultAsync(cancellation);
        if (found is not { Message: { } said } || said.Content?.Notice is not null)
        {
            return null;
        }

        var content = said.Content;
        return new ReportedThing(
            said.Id,
            said.SenderId,
            new Snapshot { Text = said.Text, Pictures = content?.Pictures, File = content?.File, Link = content?.Link?.Url, Place = found.Name, At = said.SentAt },
            Files: [.. (content?.Pictures ?? []).Select(p => p.Id), .. content?.File is { } file ? [file.Id] : Array.Empty<Guid>()]);
    }

    public async Task<bool> RemoveAsync(Report report, CancellationToken cancellation)
    {
        var message = await db.Messages.SingleOrDefaultAsync(m => m.Id == report.TargetId && m.RecalledAt == null, cancellation);
        if (message is not null)
        {
            var recalled = await RecallMessage.TakeBackAsync(db, message, clock.Now(), cancellation);
            var told = await RecallMessage.ReadersAsync(db, message, cancellation);
            write.AfterCommit(() => connections.Send(told.ToFrozenSet(), Events.Recalled, recalled));
        }

        return true;
    }
}
