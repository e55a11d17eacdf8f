using Weir.Social.Files;
using Weir.Social.Throttling;

namespace Weir.Social.Tests;

/// <summary>Whose picture is decoded next.</summary>
public sealed class DecodingTurnTests : IDisposable
{
    private static readonly Guid Anna = Guid.NewGuid();
    private static readonly Guid Ben = Guid.NewGuid();
    private static readonly Guid Cleo = Guid.NewGuid();
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("weir-decoding-");
    private readonly FairTurns _turns = new(2);
    private readonly List<(Guid Account, IDisposable Turn)> _begun = [];

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task A_picture_does_not_wait_for_all_slow_ones_that_another_account_sent_before()
    {
        var (slow, quick) = (Save("slow.png", TestPictures.Png(5000, 5000)), Save("quick.jpg", TestPictures.Jpeg()));
        var pictures = new Pictures(new FileLimits());
        var made = new List<string>();
        var theirs = Enumerable.Range(0, 4).Select(_ => MakeAsync(Anna, slow)).ToList();
        await Task.WhenAll([MakeAsync(Ben, quick), .. theirs]);

        // Two were under way. The first turn that is free is Ben's, and the other slow one may end before he is done.
        Assert.InRange(made.IndexOf(quick), 1, 2);
        Assert.Equal(5, made.Count);

        async Task MakeAsync(Guid account, string path)
        {
            var (picture, _) = await pictures.MakeAsync(account, path, FileKind.Picture, null, TestContext.Current.CancellationToken);
            Assert.NotNull(picture);
            lock (made)
            {
                made.Add(path);
            }
        }
    }

    [Fact]
    public async Task A_free_turn_is_for_the_account_that_has_the_fewest_and_accounts_take_turns()
    {
        await EnterAsync(Anna);
        await EnterAsync(Anna);
        // Whoever is alone has all there is. Then they wait in this order.
        Task[] waiting = [EnterAsync(Anna), EnterAsync(Anna), EnterAsync(Ben), EnterAsync(Ben), EnterAsync(Ben), EnterAsync(Cleo)];
        Assert.All(waiting, one => Assert.False(one.IsCompleted));
        var ended = 0;
        while (ended < 8)
        {
            // The one that began first ends.
            var turn = _begun[ended++].Turn;
            turn.Dispose();
            turn.Dispose();
            await Patience.HoldsAsync(() => Begun() == Math.Min(8, ended + 2));
        }

        // Ben is before Anna while she has one under way, and from then on nobody has a second turn before the others have had one.
        Assert.Equal([Anna, Anna, Ben, Anna, Cleo, Ben, Anna, Ben], _begun.Select(one => one.Account));
        await Task.WhenAll(waiting);
    }

    [Fact]
    public async Task Whoever_gives_up_waiting_takes_no_turn_and_no_place()
    {
        using var given = new CancellationTokenSource();
        await EnterAsync(Anna);
        await EnterAsync(Anna);
        var gone = Enumerable.Range(0, 3).Select(_ => _turns.EnterAsync(Ben, given.Token)).ToList();
        var cleo = EnterAsync(Cleo);
        await given.CancelAsync();
        foreach (var one in gone)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => one);
        }

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _turns.EnterAsync(Ben, given.Token));
        _begun[0].Turn.Dispose();
        await cleo.WaitAsync(Patience.Limit, TestContext.Current.CancellationToken);
        _begun[1].Turn.Dispose();
        await EnterAsync(Ben).WaitAsync(Patience.Limit, TestContext.Current.CancellationToken);
    }

    private async Task EnterAsync(Guid account)
    {
        var turn = await _turns.EnterAsync(account, TestContext.Current.CancellationToken);
        lock (_begun)
        {
            _begun.Add((account, turn));
        }
    }

    private int Begun()
    {
        lock (_begun)
        {
            return _begun.Count;
        }
    }

    private string Save(string name, byte[] bytes)
    {
        var path = Path.Combine(_directory.FullName, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }
}
