using System.Collections.Concurrent;
using System.Data.Common;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Weir.Contracts.Planes;
using Weir.Social.Accounts;
using Weir.Social.Data;
using Weir.Social.Friends;
using Weir.Social.Notifications;

namespace Weir.Social.Tests.Notifications;

public sealed class LiveNoticeBatchesOnSqlite : LiveNoticeBatchTests
{
    protected override Task<Server> StartAsync(Action<WebApplicationBuilder> configure) => Server.StartAsync(configure: configure);
}

public sealed class LiveNoticeBatchesOnPostgres(PostgresServer shared) : LiveNoticeBatchTests
{
    protected override Task<Server> StartAsync(Action<WebApplicationBuilder> configure) => Server.StartAsync(shared.Cluster, configure);
}

/// <summary>However many gave a host their star, messages have turns between them.</summary>
public abstract class LiveNoticeBatchTests
{
    private const int Many = 230;

    protected abstract Task<Server> StartAsync(Action<WebApplicationBuilder> configure);

    [Fact]
    public async Task Everybody_with_a_star_is_told_once_a_hundred_in_a_transaction()
    {
        var commands = new Commands();
        await using var server = await StartAsync(builder => builder.Services.AddSingleton<IInterceptor>(commands));
        var host = await server.PersonAsync("Host", admin: true);
        var friends = await AdmirersAsync(server, Guid.Parse(host.Id));
        var id = await host.BroadcastAsync(new { kind = "friends" });
        await using var node = await FakeNode.ReadyAsync(server);
        await node.ReportAsync(LivePlaneTests.ReportOf(id, 1, BroadcastPhase.Live));
        await node.ReportAsync(LivePlaneTests.ReportOf(id, 2, BroadcastPhase.Interrupted));
        await node.ReportAsync(LivePlaneTests.ReportOf(id, 3, BroadcastPhase.Live));
        var told = await server.ReadAsync(db =>
            db.Notifications.Where(n => n.Kind == NoticeKind.Live).Select(n => n.AccountId).ToListAsync());
        Assert.Equal(friends.Order(), told.Order());
        Assert.Equal([100, 100, 30], commands.Rows);
        Assert.NotEmpty(commands.Looks);
        Assert.All(commands.Looks, text => Assert.Contains("LIMIT", text, StringComparison.Ordinal));
    }

    private static async Task<List<Guid>> AdmirersAsync(Server server, Guid host)
    {
        await using var scope = server.Plane.App.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<WeirDb>();
        var friends = Enumerable.Range(0, Many).Select(_ => Guid.NewGuid()).ToList();
        await scope.ServiceProvider.GetRequiredService<WriteScope>().RunAsync(() =>
        {
            var now = TimeProvider.System.Now();
            foreach (var friend in friends)
            {
                var handle = $"admirer_{friend:N}"[..20];
                db.Accounts.Add(new Account { Id = friend, UserName = handle, NormalizedUserName = handle, Name = handle });
                db.Friendships.AddRange(
                    new Friendship { OwnerId = host, FriendId = friend, Since = now },
                    new Friendship { OwnerId = friend, FriendId = host, Since = now });
                db.Stars.Add(new Star { OwnerId = friend, TargetId = host });
            }

            return Task.FromResult(true);
        }, default);
        return friends;
    }

    /// <summary>How many notices each transaction wrote, and how the stars were read.</summary>
    private sealed class Commands : DbCommandInterceptor
    {
        private const string Insert = "INSERT INTO \"Notifications\"";

        private readonly Dictionary<Guid, int> _rows = [];
        private readonly List<Guid> _order = [];

        public ConcurrentBag<string> Looks { get; } = [];

        public List<int> Rows
        {
            get
            {
                lock (_rows)
                {
                    return _order.ConvertAll(transaction => _rows[transaction]);
                }
            }
        }

        public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
        {
            if (command.CommandText.Contains("FROM \"Stars\"", StringComparison.Ordinal))
            {
                Looks.Add(command.CommandText);
            }

            var rows = command.CommandText.Split(Insert).Length - 1;
            if (rows > 0)
            {
                var transaction = eventData.Context!.Database.CurrentTransaction!.TransactionId;
                lock (_rows)
                {
                    if (_rows.TryAdd(transaction, 0))
                    {
                        _order.Add(transaction);
                    }

                    _rows[transaction] += rows;
                }
            }

            return base.ReaderExecutingAsync(command, eventData, result, cancellationToken);
        }
    }
}
