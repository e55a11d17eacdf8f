using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Weir.Social.Data;
using Weir.Social.Notifications;

namespace Weir.Social.Tests;

public sealed class NoticeSharesOnSqlite(SqliteServer shared) : NoticeShareTests(shared);

public sealed class NoticeSharesOnPostgres(PostgresServer shared) : NoticeShareTests(shared);

/// <summary>What one person does over and over, and what is done in one place, leaves the others their room in a list.</summary>
public abstract class NoticeShareTests(SharedServer shared)
{
    private readonly Server _server = shared.Server;

    [Fact]
    public async Task Whoever_mentions_somebody_more_often_than_a_list_is_long_pushes_nothing_of_others_out()
    {
        var (anna, ben, cleo) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"), await _server.PersonAsync("Cleo"));
        await anna.BefriendAsync(ben);
        var request = (await cleo.PostAsync("/api/friend-requests", new { handle = ben.Handle })).Is(HttpStatusCode.Created).Text("id");
        var talk = await anna.TalkAsync(ben);
        var last = "";
        for (var i = 0; i < Notification.MaxListed + 10; i++)
        {
            var message = new { clientId = $"m{i}", text = "@Ben", mentions = new[] { ben.Id } };
            last = (await anna.PostAsync($"/api/conversations/{talk}/messages", message))
                .Is(HttpStatusCode.Created).Text("id");
        }

        var newest = Guid.Parse(last);
        await Until.HoldsAsync(() => _server.ReadAsync(db => db.Notifications.AnyAsync(n => n.DetailId == newest)));
        var listed = await ben.NoticesAsync();
        Assert.Contains(listed, i => i.Kind() == "friendRequest" && i.Place("id") == request);
        Assert.Equal(NoticeShares.MaxOfActor, listed.Count(i => i.Kind() == "mention"));
        Assert.Equal("mention", listed[0].Kind());
        Assert.Equal(Notification.MaxListed + 10, listed[0].GetProperty("place").GetProperty("seq").GetInt32());
    }

    [Fact]
    public async Task One_conversation_takes_a_part_of_a_list_however_many_write_in_it()
    {
        var ben = Guid.Parse((await _server.PersonAsync("Ben")).Id);
        var (place, other) = (Guid.NewGuid(), Guid.NewGuid());
        await AddAsync(new Happened(NoticeKind.Mention, ben, Guid.NewGuid(), other, Guid.NewGuid()));
        for (var i = 0; i < 3; i++)
        {
            await AddAsync([.. Enumerable.Range(0, NoticeShares.MaxOfPlace)
                .Select(n => new Happened(NoticeKind.Mention, ben, Guid.NewGuid(), place, Guid.NewGuid(), n + 1))]);
        }

        var last = new Happened(NoticeKind.Reply, ben, Guid.NewGuid(), place, Guid.NewGuid());
        await AddAsync(last);
        Assert.Equal(NoticeShares.MaxOfPlace, await CountAsync(n => n.SubjectId == place));
        Assert.Equal(1, await CountAsync(n => n.SubjectId == other));
        Assert.Equal(1, await CountAsync(n => n.DetailId == last.Detail));

        Task<int> CountAsync(System.Linq.Expressions.Expression<Func<Notification, bool>> which) =>
            _server.ReadAsync(db => db.Notifications.Where(n => n.AccountId == ben).CountAsync(which));
    }

    [Fact]
    public async Task An_administrator_cannot_hide_a_reset_behind_what_else_they_do()
    {
        var (ben, anna) = (Guid.Parse((await _server.PersonAsync("Ben")).Id), Guid.NewGuid());
        await AddAsync(new Happened(NoticeKind.AdministratorReset, ben, anna, Guid.NewGuid()));
        await AddAsync([.. Enumerable.Range(0, Notification.MaxListed)
            .Select(_ => new Happened(NoticeKind.Mention, ben, anna, Guid.NewGuid(), Guid.NewGuid()))]);
        var kinds = await _server.ReadAsync(db => db.Notifications.Where(n => n.AccountId == ben).Select(n => n.Kind).ToListAsync());
        Assert.Equal(1, kinds.Count(kind => kind == NoticeKind.AdministratorReset));
        Assert.Equal(NoticeShares.MaxOfActor, kinds.Count(kind => kind == NoticeKind.Mention));
    }

    private async Task AddAsync(params Happened[] happened)
    {
        await using var scope = _server.Plane.App.Services.CreateAsyncScope();
        var notices = scope.ServiceProvider.GetRequiredService<Notices>();
        await scope.ServiceProvider.GetRequiredService<WriteScope>().RunAsync(async () =>
        {
            await notices.AddAsync(happened, CancellationToken.None);
            return true;
        }, CancellationToken.None);
    }
}
