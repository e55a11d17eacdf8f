using System.IO.Compression;
using System.Text;

namespace Weir.Social.Articles.Pages;

/// <summary>What a page depends on. <see cref="Open"/>: as somebody without an account sees it.</summary>
internal readonly record struct PageKey(string Handle, string? Name, int Page, string Language, bool Open);

/// <summary>
/// An answer, ready to be sent: page, feed or (with <see cref="Location"/>) the way to the page. Where the site has no public address, it
/// is made for <see cref="AnySite"/>, and the name by which it was asked for is put in when it is sent: the page is one, whatever a request
/// calls its host.
/// </summary>
internal sealed record ReadyPage(byte[] Body, byte[] Zipped, string Type, string Tag, Guid? Article, bool Open, string? Location, DateTimeOffset MadeAt)
{
    public const string AnySite = "http://this-site.weir.invalid";

    private volatile Named? _named;

    public int Weight => (Body.Length + Zipped.Length + 500) * 2;

    /// <summary>Its bodies, for a site that has no public address. Those for the last name are kept.</summary>
    public (byte[] Body, byte[] Zipped) For(string site)
    {
        if (_named is not { } named || named.Site != site)
        {
            var body = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(Body).Replace(AnySite, site, StringComparison.Ordinal));
            _named = named = new Named(site, body, Zip(body, CompressionLevel.Fastest));
        }

        return (named.Body, named.Zipped);
    }

    public static byte[] Zip(byte[] body, CompressionLevel level)
    {
        using var zipped = new MemoryStream();
        using (var gzip = new GZipStream(zipped, level))
        {
            gzip.Write(body);
        }

        return zipped.ToArray();
    }

    private sealed record Named(string Site, byte[] Body, byte[] Zipped);
}

/// <summary>
/// Pages in memory, at most about <paramref name="maxBytes"/>: two generations; when the young one is full, what was not asked for since is forgotten.
/// </summary>
internal sealed class PageCache(long maxBytes)
{
    private readonly Lock _lock = new();
    private Dictionary<PageKey, ReadyPage> _young = [];
    private Dictionary<PageKey, ReadyPage> _old = [];
    private long _youngBytes;

    /// <summary>Grows with every <see cref="Clear"/>: what was begun before must not be kept after.</summary>
    public long Version { get; private set; }

    public ReadyPage? Find(PageKey key)
    {
        lock (_lock)
        {
            if (_young.TryGetValue(key, out var page))
            {
                return page;
            }

            if (_old.Remove(key, out page))
            {
                Put(key, page);
            }

            return page;
        }
    }

    public void Add(PageKey key, ReadyPage page, long version)
    {
        lock (_lock)
        {
            if (version == Version && page.Weight <= maxBytes / 4)
            {
                Put(key, page);
            }
        }
    }

    /// <summary>It is not there any more.</summary>
    public void Remove(PageKey key)
    {
        lock (_lock)
        {
            if (_young.Remove(key, out var page))
            {
                _youngBytes -= page.Weight;
            }

            _old.Remove(key);
        }
    }

    public void Clear()
    {
        lock (_lock)
        {
            Version++;
            _young = [];
            _old = [];
            _youngBytes = 0;
        }
    }

    private void Put(PageKey key, ReadyPage page)
    {
        if (_young.TryGetValue(key, out var before))
        {
            _youngBytes -= before.Weight;
        }
        else if (_youngBytes + page.Weight > maxBytes / 2)
        {
            _old = _young;
            _young = [];
            _youngBytes = 0;
        }

        _young[key] = page;
        _youngBytes += page.Weight;
    }
}
