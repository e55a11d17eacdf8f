using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Weir.Social.Accounts;
using Weir.Social.Broadcasts;
using Weir.Social.Conversations;
using Weir.Social.Data;

namespace Weir.Social.Tests;

/// <summary>Whose turn it is when the real writers wait, each of which takes one turn for many. On PostgreSQL there are no turns.</summary>
public sealed class WriteLaneTests
{
    private const int Many = 60;

    [Fact]
    public async Task Admissions_have_one_turn_in_three_at_most_while_messages_wait_for_their_writer()
    {
        var turns = new Turns();
        await using var server = await Server.StartAsync(configure: builder => builder.Services
            .AddSingleton<IInterceptor>(turns)
            .AddSingleton(new ConversationLimits { MaxBatch = 1 })
            .AddSingleton(new AdmissionLimits { MaxBatch = 1 }));
        var (anna, ben) = (await server.PersonAsync("Anna", admin: true), await server.PersonAsync("Ben"));
        await anna.BefriendAsync(ben);
        var conversation = Guid.Parse(await anna.TalkAsync(ben));
        var broadcast = Guid.Parse(await anna.BroadcastAsync(new { kind = "public" }));
        var services = server.Plane.App.Services;
        var (messages, admissions) = (services.GetRequiredService<MessageWriter>(), services.GetRequiredService<AdmissionWriter>());
        var ids = services.GetRequiredService<RepeatableIds>();
        var sender = new Person(Guid.Parse(anna.Id), anna.Handle, "Anna", null);
        var drafts = Enumerable.Range(0, Many).Select(i => new Draft(ids, conversation, sender, $"{i}", "Hello", null, [])).ToList();
        var applicants = Enumerable.Range(0, Many).Select(_ => new Applicant(broadcast, Guid.Empty)).ToList();
        using (await services.GetRequiredService<WriteGate>().EnterAsync(default))
        {
            Assert.All(drafts, draft => Assert.True(messages.TryEnqueue(draft)));
            Assert.All(applicants, applicant => Assert.True(admissions.TryEnqueue(applicant)));
        }

        var sent = await Task.WhenAll(drafts.Select(draft => draft.Done.Task)).WaitAsync(Patience.Limit);
        Assert.All(sent, one => Assert.Equal(SendRefusal.None, one.Refusal));
        var epochs = await Task.WhenAll(applicants.Select(applicant => applicant.Admitted.Task)).WaitAsync(Patience.Limit);
        Assert.All(epochs, epoch => Assert.Equal(0, epoch));
        var taken = turns.Taken;
        Assert.Equal(Many, taken.Count(lane => lane == WriteLane.Messages));
        // One more at the beginning, where the messages' writer may not have come to the gate yet, and one begun third.
        Assert.InRange(taken[..taken.LastIndexOf(WriteLane.Messages)].Count(lane => lane == WriteLane.Live), 0, (Many / 2) + 2);
    }

    /// <summary>The lanes of the transactions in their order, told by what each of them reads first.</summary>
    private sealed class Turns : DbCommandInterceptor
    {
        private readonly List<WriteLane> _taken = [];
        private readonly HashSet<Guid> _known = [];

        public List<WriteLane> Taken
        {
            get
            {
                lock (_known)
                {
                    return [.. _taken];
                }
            }
        }

        public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
        {
            WriteLane? lane = command.CommandText.Contains("\"Admissions\"", StringComparison.Ordinal) ? WriteLane.Live
                : command.CommandText.Contains("FROM \"Messages\"", StringComparison.Ordinal) ? WriteLane.Messages : null;
            if (lane is { } one && eventData.Context?.Database.CurrentTransaction is { } transaction)
            {
                lock (_known)
                {
                    if (_known.Add(transaction.TransactionId))
                    {
                        _taken.Add(one);
                    }
                }
            }

            return base.ReaderExecutingAsync(command, eventData, result, cancellationToken);
        }
    }
}
