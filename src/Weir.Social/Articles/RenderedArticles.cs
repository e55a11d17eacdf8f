using System.Collections.Concurrent;
using Weir.Social.Throttling;

namespace Weir.Social.Articles;

/// <summary>
/// Published articles as they were rendered: a long one takes as long as thousands of other reads. One is rendered once for each of its
/// versions, however many ask at the same time; at most about <see cref="MaxCharacters"/> are kept, in two generations, and what was not
/// asked for since is forgotten. What is kept waits for nobody; the first rendering takes its turn (<see cref="RenderTurns"/>).
/// </summary>
internal sealed class RenderedArticles(RenderTurns turns)
{
    public const int MaxCharacters = 16 << 20;

    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<Key, Lazy<Task<RenderedArticle?>>> _making = new();
    private Dictionary<Key, RenderedArticle> _young = [];
    private Dictionary<Key, RenderedArticle> _old = [];
    private int _youngCharacters;

    /// <summary>How often one was rendered.</summary>
    public int Renderings { get; private set; }

    /// <param name="version">Of the published text.</param>
    /// <param name="sized">With the sizes of its pictures, which never change.</param>
    /// <param name="render">Null when it cannot be rendered.</param>
    /// <exception cref="BusyException">It was not rendered before, and too many others wait.</exception>
    public async Task<RenderedArticle?> GetAsync(Guid article, long version, bool sized, Func<Task<RenderedArticle?>> render)
    {
        var key = new Key(article, version, sized);
        if (Find(key) is { } kept)
        {
            return kept;
        }

        // Whoever comes second waits for the first, whose request may end meanwhile: what it began is not given up.
        var making = _making.GetOrAdd(key, wanted => new Lazy<Task<RenderedArticle?>>(() => Task.Run(async () =>
        {
            try
            {
                turns.TryEnter(wanted.Article, address: null, out var place);
                using (place ?? throw new BusyException(Busy.Rendering))
                {
                    var made = await place.RenderAsync(render, CancellationToken.None);
                    Keep(wanted, made);
                    return made;
                }
            }
            finally
            {
                _making.TryRemove(wanted, out _);
            }
        })));
        return await making.Value;
    }

    private RenderedArticle? Find(Key key)
    {
        lock (_lock)
        {
            if (!_young.TryGetValue(key, out var found) && _old.Remove(key, out found))
            {
                Put(key, found);
            }

            return found;
        }
    }

    private void Keep(Key key, RenderedArticle? made)
    {
        lock (_lock)
        {
            Renderings++;
            if (made is not null)
            {
                Put(key, made);
            }
        }
    }

    private void Put(Key key, RenderedArticle rendered)
    {
        var size = rendered.Html.Length + rendered.Text.Length;
        if (_youngCharacters + size > MaxCharacters / 2)
        {
            (_old, _young, _youngCharacters) = (_young, [], 0);
        }

        if (_young.TryAdd(key, rendered))
        {
            _youngCharacters += size;
        }
    }

    private readonly record struct Key(Guid Article, long Version, bool Sized);
}
