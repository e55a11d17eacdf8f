namespace Weir.Media.Rtmp;

/// <summary>
/// What a player asks for. Clients disagree on where the query of <c>rtmp://HOST/live/ID?ticket=T</c> goes: into the stream name
/// (ffmpeg, mpv, VLC, librtmp, GStreamer), the application or tcUrl.
/// </summary>
internal readonly record struct StreamAddress(string Name, string? Ticket)
{
    public static StreamAddress Of(string streamName, string app, string tcUrl)
    {
        var (name, query) = Split(streamName);
        return new(name.Trim('/'), TicketOf(query) ?? TicketOf(Split(app).Query) ?? TicketOf(Split(tcUrl).Query));
    }

    /// <summary>The application's name without query and slashes around it.</summary>
    public static string App(string app) => Split(app).Name.Trim('/');

    /// <summary>A stream key as publishers send it: some append a query of their own.</summary>
    public static string Key(string streamName) => Split(streamName).Name.Trim('/');

    private static (string Name, string Query) Split(string text)
    {
        var mark = text.IndexOf('?');
        return mark < 0 ? (text, "") : (text[..mark], text[(mark + 1)..]);
    }

    private static string? TicketOf(string query)
    {
        foreach (var range in query.AsSpan().SplitAny('&', '?'))
        {
            var pair = query.AsSpan(range);
            if (pair.StartsWith("ticket="))
            {
                return Uri.UnescapeDataString(pair[7..]);
            }
        }

        return null;
    }
}
