using System.Data.Common;
using System.Net;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Weir.Hosting;
using Weir.Social.Articles;
using Weir.Social.Throttling;

namespace Weir.Social.Tests.Articles;

/// <summary>Rendering articles takes so much of the processor and no more, whoever asks.</summary>
public sealed class RenderTurnTests : IAsyncLifetime
{
    private readonly HeldPages _pages = new();
    private readonly List<RenderPlace> _places = [];
    private Server _server = null!;
    private Publishing _paper = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await Server.StartAsync(configure: b => b.Services.AddSingleton<IInterceptor>(_pages));
        _paper = await Publishing.OpenAsync(_server, await _server.PersonAsync("Anna", admin: true));
    }

    public async ValueTask DisposeAsync()
    {
        _pages.LetGo();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_preview_and_a_first_rendering_are_refused_when_too_many_wait_and_what_is_rendered_waits_for_nobody()
    {
        var (known, knownUrl) = await _paper.PublishAsync("Known");
        var (other, otherUrl) = await _paper.PublishAsync("Not looked at before");
        foreach (var path in new[] { $"/api/articles/{known}", knownUrl })
        {
            (await _server.Anybody.GetAsync(path)).Is(HttpStatusCode.OK);
        }

        var held = new TaskCompletionSource<RenderedArticle?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var holding = Enumerable.Range(0, RenderTurns.Most).Select(_ => Hold(Guid.NewGuid(), null, held.Task)).ToList();
        foreach (var answer in new[]
        {
            await PreviewAsync(_paper.Owner), await _server.Anybody.GetAsync($"/api/articles/{other}"), await _server.Anybody.GetAsync(otherUrl),
        })
        {
            Assert.Equal("busy", answer.Is(HttpStatusCode.ServiceUnavailable).Code);
            Assert.Equal(TimeSpan.FromSeconds(1), answer.Message.Headers.RetryAfter!.Delta);
        }

        foreach (var path in new[] { $"/api/articles/{known}", knownUrl })
        {
            (await _server.Anybody.GetAsync(path)).Is(HttpStatusCode.OK);
        }

        // One place is free, and behind it the turn is still to come.
        _places[^1].Dispose();
        var waiting = PreviewAsync(_paper.Owner);
        Assert.False(waiting.IsCompleted);
        held.SetResult(null);
        await Task.WhenAll(holding);
        Assert.Contains("<em>words</em>", (await waiting).Is(HttpStatusCode.OK).Text("html"));
        _places.ForEach(place => place.Dispose());
        foreach (var path in new[] { $"/api/articles/{other}", otherUrl })
        {
            (await _server.Anybody.GetAsync(path)).Is(HttpStatusCode.OK);
        }
    }

    [Fact]
    public async Task An_editor_and_an_address_have_so_many_places_and_leave_the_others_to_readers()
    {
        var (_, url) = await _paper.PublishAsync();
        var (me, here) = (Guid.Parse(_paper.Owner.Id), "127.0.0.1");
        for (var i = 0; i < RenderTurns.Each; i++)
        {
            Assert.Equal(PlaceRefusal.None, Turns.TryEnter(me, here, out _));
        }

        Assert.Equal("throttled", (await PreviewAsync(_paper.Owner)).Is(HttpStatusCode.TooManyRequests).Code);
        var second = await _paper.EditorAsync();
        (await PreviewAsync(second)).Is(HttpStatusCode.OK);
        for (var i = RenderTurns.Each; i < RenderTurns.OfAddress; i++)
        {
            Assert.Equal(PlaceRefusal.None, Turns.TryEnter(Guid.NewGuid(), here, out _));
        }

        Assert.Equal("throttled", (await PreviewAsync(second)).Is(HttpStatusCode.TooManyRequests).Code);
        (await _server.Anybody.GetAsync(url)).Is(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Publishing_waits_for_its_turn_to_be_rendered_before_its_turn_to_write()
    {
        var draft = await _paper.DraftAsync();
        var held = new TaskCompletionSource<RenderedArticle?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var holding = Enumerable.Range(0, RenderTurns.AtOnce).Select(_ => Hold(Guid.NewGuid(), null, held.Task)).ToList();
        var publishing = _paper.Owner.PostAsync($"/api/articles/{draft}/publish", new { version = 2 });
        // What somebody else writes goes on, as often as it likes.
        for (var i = 0; i < 3; i++)
        {
            (await _paper.SaveAsync(await _paper.DraftAsync($"Another {i}"), 2, "Saved", "again")).Is(HttpStatusCode.OK);
        }

        Assert.False(publishing.IsCompleted);
        held.SetResult(null);
        await Task.WhenAll(holding);
        (await publishing).Is(HttpStatusCode.OK);
        // And when too many wait it is refused.
        _places.ForEach(place => place.Dispose());
        for (var i = 0; i < RenderTurns.Each; i++)
        {
            Turns.TryEnter(Guid.Parse(_paper.Owner.Id), "127.0.0.1", out _);
        }

        var other = await _paper.DraftAsync();
        (await _paper.Owner.PostAsync($"/api/articles/{other}/publish", new { version = 2 })).Is(HttpStatusCode.TooManyRequests);
    }

    [Fact]
    public async Task What_takes_long_runs_on_no_thread_of_the_pool() =>
        Assert.False(await BackgroundPriority.RunAsync(() => Thread.CurrentThread.IsThreadPoolThread, default));

    [Fact]
    public async Task So_many_pages_are_made_at_once_and_one_more_is_refused_while_those_that_were_made_open()
    {
        var account = $"/a/{_paper.Handle}";
        (await _server.Anybody.GetAsync(account)).Is(HttpStatusCode.OK);
        _pages.Hold();
        var making = Enumerable.Range(2, ArticlePages.MostMaking).Select(page => _server.Anybody.GetAsync($"{account}?page={page}")).ToList();
        await Patience.HoldsAsync(() => _pages.Held == ArticlePages.MostMaking);
        var refused = (await _server.Anybody.GetAsync($"{account}?page=999")).Is(HttpStatusCode.ServiceUnavailable);
        Assert.Equal(("busy", TimeSpan.FromSeconds(1)), (refused.Code, refused.Message.Headers.RetryAfter!.Delta));
        (await _server.Anybody.GetAsync(account)).Is(HttpStatusCode.OK);
        _pages.LetGo();
        Assert.All(await Task.WhenAll(making), answer => answer.Is(HttpStatusCode.OK));
        (await _server.Anybody.GetAsync($"{account}?page=999")).Is(HttpStatusCode.OK);
    }

    private RenderTurns Turns => _server.Plane.App.Services.GetRequiredService<RenderTurns>();

    private static Task<Answer> PreviewAsync(Someone editor) => editor.PostAsync("/api/articles/preview", new { markdown = "Some *words*." });

    private Task Hold(Guid whose, string? address, Task<RenderedArticle?> until)
    {
        Assert.Equal(PlaceRefusal.None, Turns.TryEnter(whose, address, out var place));
        _places.Add(place!);
        return place!.RenderAsync(() => until, TestContext.Current.CancellationToken);
    }

    /// <summary>Holds what pages ask the database, which is asked for no request.</summary>
    private sealed class HeldPages : DbCommandInterceptor
    {
        private TaskCompletionSource? _until;
        private int _held;

        public int Held => Volatile.Read(ref _held);

        public void Hold() => _until = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        public void LetGo() => Interlocked.Exchange(ref _until, null)?.SetResult();

        public override async ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
        {
            if (_until is { } until && command.CommandText.Contains("OfficialAccounts", StringComparison.Ordinal))
            {
                Interlocked.Increment(ref _held);
                await until.Task.WaitAsync(cancellationToken);
            }

            return result;
        }
    }
}
