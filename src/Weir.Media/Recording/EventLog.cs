using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text.Json;
using Weir.Media.Broadcasting;

namespace Weir.Media.Recording;

/// <summary>A page of recorded comments.</summary>
/// <param name="Json"><c>{"events": [...], "next": MS or null}</c>, UTF-8.</param>
/// <param name="Next">The <c>from</c> of the next page, milliseconds.</param>
public sealed record EventPage(byte[] Json, long? Next);

/// <summary>
/// The events of a recording: a file of JSON lines that only grows, and in memory where each comment lies. Deleting
/// appends a line too, and then writes spaces over the line of the comment; so does another name of its author. Safe for use from several
/// threads.
/// </summary>
public sealed partial class EventLog : IDisposable
{
    /// <summary>Comments on a page, as docs/protocol.md says.</summary>
    public const int PageSize = 500;

    /// <summary>
    /// Comments of a recording; each takes a fifth of a kilobyte of memory while the log is open. At a comment a second it is a day.
    /// </summary>
    public const int MaxComments = 100_000;

    /// <summary>Comments are taken up to here. That one was deleted is always written.</summary>
    public const long MaxBytes = 64L << 20;

    /// <summary>A line that is longer is none of ours.</summary>
    private const int LongestLine = 64 << 10;

    private sealed record Entry(long At, long Offset, int Length, Guid Account, string Id);

    private static readonly Comparer<Entry> ByTime =
        Comparer<Entry>.Create(static (a, b) => a.At != b.At ? a.At.CompareTo(b.At) : a.Offset.CompareTo(b.Offset));

    private readonly Lock _writing = new();
    private readonly Lock _lock = new();
    private readonly List<Entry> _entries = [];
    private readonly Dictionary<string, Entry> _byId = [];
    private readonly Stream _reader;
    private readonly AppendFile _file;

    /// <param name="file">What is not whole at its end is cut off.</param>
    private EventLog(Stream file, Stream reader)
    {
        _reader = reader;
        file.SetLength(NoteAll(file));
        _file = new AppendFile(file);
        Erase();
    }

    /// <summary>Comments that are not deleted.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _entries.Count;
            }
        }
    }

    /// <summary>Bytes of the file.</summary>
    public long Bytes => _file.Length;

    /// <summary>Opens or makes the file; a line that is not whole is cut off.</summary>
    public static EventLog Open(string directory) => Open(directory, AppendFile.Open);

    /// <param name="reader">Reads what is written to the other.</param>
    internal static EventLog Over(Stream file, Stream reader) => new(file, reader);

    internal static EventLog Open(string directory, Func<string, Stream> open)
    {
        var path = Path.Combine(directory, RecordingFiles.Events);
        RecordingFiles.Create(directory);
        return new EventLog(open(path), AppendFile.Open(path));
    }

    /// <summary>Takes as long as the disk takes.</summary>
    /// <param name="at">Media time, microseconds.</param>
    /// <param name="json">The event, one JSON object.</param>
    /// <returns>False when there are as many comments as a recording may have: it was not appended.</returns>
    /// <exception cref="IOException">The disk is full or broken; nothing was appended.</exception>
    internal bool Append(long at, ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json);
        lock (_writing)
        {
            var line = new EventLine(at, Renamed(document.RootElement) ?? document.RootElement);
            var bytes = JsonSerializer.SerializeToUtf8Bytes(line, RecordingJson.Default.EventLine);
            var offset = _file.Length;
            if (IsOf(line, "comment") && (Count >= MaxComments || offset + bytes.Length >= MaxBytes))
            {
                return false;
            }

            _file.Append([.. bytes, (byte)'\n']);
            Note(line, offset, bytes.Length);
            if (IsOf(line, "deleted"))
            {
                Erase();
            }

            return true;
        }
    }

    /// <summary>A comment that is not deleted, as it was recorded; null when it is unknown.</summary>
    public CommentEvent? Find(string id)
    {
        Entry? entry;
        lock (_lock)
        {
            _byId.TryGetValue(id, out entry);
        }

        if (entry is null)
        {
            return null;
        }

        if (ReadLine(entry) is not { } bytes)
        {
            return null;
        }

        using var line = JsonDocument.Parse(bytes);
        return line.RootElement.GetProperty("event").Deserialize(EventJson.Default.CommentEvent);
    }

    internal void Sync() => _file.Sync();

    /// <summary>Takes a recorded comment off, for good. False when it is unknown, or <paramref name="by"/> is neither host nor its author.</summary>
    /// <exception cref="IOException">The disk is full or broken; the comment stays.</exception>
    public Task<bool> DeleteAsync(string id, Guid by, bool isHost) => DiskThreads.Shared.RunAsync(() => Delete(id, by, isHost));

    /// <summary>Comments from <paramref name="from"/> up to but not with <paramref name="to"/> (media time, milliseconds), by time.</summary>
    /// <param name="names">Accounts that are called otherwise now than when they wrote.</param>
    public EventPage Page(long from, long to, IReadOnlyDictionary<Guid, string>? names = null)
    {
        List<Entry> page;
        long? next = null;
        lock (_lock)
        {
            var first = Find(from);
            page = [.. _entries.Skip(first).Take(PageSize + 1).TakeWhile(entry => entry.At < to)];
            if (page.Count > PageSize)
            {
                // A page ends between two moments, so that the next one neither repeats nor leaves out a comment.
                next = page[^1].At;
                if (page[0].At == next)
                {
                    page = [.. _entries.Skip(first).TakeWhile(entry => entry.At == next)];
                    next = first + page.Count < _entries.Count && _entries[first + page.Count].At < to ? _entries[first + page.Count].At : null;
                }
                else
                {
                    page.RemoveAll(entry => entry.At == next);
                }
            }
        }

        return new EventPage(Render(page, next, names), next);
    }

    public void Dispose()
    {
        _file.Dispose();
        _reader.Dispose();
    }

    /// <summary>
    /// Shows a recorded comment no longer: that it was deleted stands in the timeline, and will be recorded when its turn comes.
    /// </summary>
    public void Hide(string id)
    {
        lock (_lock)
        {
            TakeOut(id);
        }
    }

    private void TakeOut(string id)
    {
        if (_byId.Remove(id, out var gone))
        {
            _entries.RemoveAt(_entries.BinarySearch(gone, ByTime));
            _gone.Enqueue((gone.Offset, gone.Length));
        }
    }

    private bool Delete(string id, Guid by, bool isHost)
    {
        lock (_lock)
        {
            if (!_byId.TryGetValue(id, out var entry) || (entry.Account != by && !isHost))
            {
                return false;
            }
        }

        // The id is one of ours: hexadecimal digits, nothing to escape.
        Append(0, JsonSerializer.SerializeToUtf8Bytes(
            new DeletedEvent("deleted", id), EventJson.Default.DeletedEvent));
        Sync();
        return true;
    }

    /// <summary>Notes every line of the file, of which no more than a few are in memory at a time.</summary>
    /// <returns>Bytes of the whole lines.</returns>
    private long NoteAll(Stream file)
    {
        var buffer = new byte[2 * LongestLine];
        var held = 0;
        long whole = 0;
        while (file.Read(buffer, held, buffer.Length - held) is > 0 and var read)
        {
            held += read;
            var taken = 0;
            foreach (var line in new WholeLines(buffer.AsSpan(0, held)))
            {
                if (line is [(byte)' ', ..])
                {
                    if (line.ContainsAnyExcept((byte)' '))
                    {
                        _gone.Enqueue((whole, line.Length));
                    }
                }
                else if (TryParse(line, out var parsed))
                {
                    Note(parsed, whole, line.Length);
                }
                else
                {
                    return whole;
                }

                whole += line.Length + 1;
                taken += line.Length + 1;
            }

            held -= taken;
            if (held > LongestLine)
            {
                return whole;
            }

            buffer.AsSpan(taken, held).CopyTo(buffer);
        }

        return whole;
    }

    private static bool IsOf(EventLine line, string type) =>
        line.Event.TryGetProperty("type", out var its) && its.ValueKind == JsonValueKind.String && its.ValueEquals(type);

    private static bool TryParse(ReadOnlySpan<byte> line, [NotNullWhen(true)] out EventLine? parsed)
    {
        try
        {
            parsed = JsonSerializer.Deserialize(line, RecordingJson.Default.EventLine);
            return parsed is { Event.ValueKind: JsonValueKind.Object };
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException)
        {
            parsed = null;
            return false;
        }
    }

    private void Note(EventLine line, long offset, int length)
    {
        if (Read(line.Event) is not { Id: { } id } said)
        {
            return;
        }

        lock (_lock)
        {
            if (said.Type == "deleted")
            {
                TakeOut(id);
            }
            else if (said.Type == "comment")
            {
                // Written again under another name.
                TakeOut(id);
                if (_entries.Count >= MaxComments)
                {
                    return;
                }

                var at = line.Event.TryGetProperty("at", out _) ? said.At : line.At / 1000;
                var entry = new Entry(at, offset, length, Guid.TryParse(said.Account, out var who) ? who : Guid.Empty, id);
                _byId.Add(id, entry);

                // Nearly always the end: authors comment on what they see now.
                _entries.Insert(~_entries.BinarySearch(entry, ByTime), entry);
            }
        }
    }

    /// <summary>
    /// A comment, or another event as far as it has a comment's members. Null for what is none: what is noted can be shown.
    /// </summary>
    private static CommentEvent? Read(JsonElement told)
    {
        try
        {
            return told.Deserialize(EventJson.Default.CommentEvent);
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException)
        {
            // The second is System.Text.Json's answer to a string that is no UTF-8 or half a surrogate pair.
            return null;
        }
    }

    private int Find(long from)
    {
        var index = _entries.BinarySearch(new Entry(from, -1, 0, Guid.Empty, ""), ByTime);
        return index < 0 ? ~index : index;
    }

    private byte[] Render(List<Entry> page, long? next, IReadOnlyDictionary<Guid, string>? names)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteStartArray("events");
            foreach (var entry in page)
            {
                if (ReadLine(entry) is not { } bytes)
                {
                    continue;
                }

                using var line = JsonDocument.Parse(bytes);
                var said = line.RootElement.GetProperty("event");
                if (names?.TryGetValue(entry.Account, out var name) == true)
                {
                    var comment = said.Deserialize(EventJson.Default.CommentEvent)!;
                    JsonSerializer.Serialize(writer, comment with { Name = name }, EventJson.Default.CommentEvent);
                }
                else
                {
                    // As it stands there, with what a later version wrote in it.
                    writer.WriteRawValue(JsonMarshal.GetRawUtf8Value(said), skipInputValidation: true);
                }
            }

            writer.WriteEndArray();
            if (next is { } from)
            {
                writer.WriteNumber("next", from);
            }
            else
            {
                writer.WriteNull("next");
            }

            writer.WriteEndObject();
        }

        return buffer.ToArray();
    }

    /// <summary>Null when it was erased meanwhile.</summary>
    private byte[]? ReadLine(Entry entry)
    {
        var bytes = new byte[entry.Length];
        lock (_reader)
        {
            _reader.Position = entry.Offset;
            _reader.ReadExactly(bytes);
        }

        return bytes is [(byte)' ', ..] ? null : bytes;
    }
}
