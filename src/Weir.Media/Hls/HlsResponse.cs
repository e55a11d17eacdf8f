using System.Globalization;

namespace Weir.Media.Hls;

/// <summary>What the host answers; HTTP without a socket.</summary>
/// <param name="Body">In pieces, so that shared bytes need not be copied for every viewer.</param>
public sealed record HlsResponse(int Status, string? ContentType, string CacheControl, IReadOnlyList<ReadOnlyMemory<byte>> Body)
{
    public const string PlaylistType = "application/vnd.apple.mpegurl";
    internal const string NoStore = "no-store";

    /// <summary>"gzip" or null.</summary>
    public string? ContentEncoding { get; init; }

    /// <summary>Seconds.</summary>
    public int? RetryAfter { get; init; }

    public long ContentLength
    {
        get
        {
            var length = 0L;
            for (var i = 0; i < Body.Count; i++)
            {
                length += Body[i].Length;
            }

            return length;
        }
    }

    internal static HlsResponse NotFound { get; } = new(404, null, NoStore, []);

    internal static HlsResponse BadRequest { get; } = new(400, null, NoStore, []);

    internal static HlsResponse NotYet { get; } = new(503, null, NoStore, []) { RetryAfter = 2 };
}

/// <summary>The delivery directives of a playlist request (8216bis 6.2.5), as they stand in the query.</summary>
/// <param name="Msn"><c>_HLS_msn</c>, null when absent.</param>
/// <param name="Part"><c>_HLS_part</c></param>
/// <param name="Skip"><c>_HLS_skip</c></param>
public readonly record struct HlsDirectives(string? Msn, string? Part, string? Skip)
{
    /// <summary>The part that is asked for. False where the numbers are none.</summary>
    internal bool TryRead(out long? msn, out int? part)
    {
        (msn, part) = (null, null);
        if (Msn is not null)
        {
            if (!long.TryParse(Msn, NumberStyles.None, CultureInfo.InvariantCulture, out var value))
            {
                return false;
            }

            msn = value;
        }

        if (Part is not null)
        {
            // 6.2.5.2: _HLS_part without _HLS_msn is an error.
            if (msn is null || !int.TryParse(Part, NumberStyles.None, CultureInfo.InvariantCulture, out var value))
            {
                return false;
            }

            part = value;
        }

        return true;
    }
}

/// <summary>A request for a playlist.</summary>
/// <param name="Name"><c>index.m3u8</c>, <c>main.m3u8</c> or <c>audio.m3u8</c>.</param>
/// <param name="Ticket">Goes into the URIs of other playlists; null where none is needed.</param>
/// <param name="AcceptsGzip">The client names gzip in Accept-Encoding.</param>
/// <param name="IsPublic">Anybody may watch: shared caches may keep answers without a ticket.</param>
public readonly record struct HlsPlaylistRequest(string Name, HlsDirectives Directives, string? Ticket, bool AcceptsGzip, bool IsPublic);
