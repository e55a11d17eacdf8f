using System.Text.Json;
using Weir.Media.Broadcasting;

namespace Weir.Media.Recording;

/// <summary>Authors of comments who are called otherwise from now on: the name that they had leaves the file.</summary>
/// <remarks>
/// The comment is written again with the new name, and when the disk has that, spaces over the line from before. Of two lines with one id
/// the later one counts, so a crash in between loses no comment.
/// </remarks>
public sealed partial class EventLog
{
    /// <summary>Comments that are written again at a time: as long the recorder may have to wait.</summary>
    private const int RenamedAtOnce = 100;

    private IReadOnlyDictionary<Guid, string> _names = new Dictionary<Guid, string>();

    /// <summary>Gives their comments these names, those that are recorded later too.</summary>
    /// <returns>How many were written again.</returns>
    /// <exception cref="IOException">The disk is full or broken; what is not renamed yet is when this is called again.</exception>
    public Task<int> RenameAsync(IReadOnlyDictionary<Guid, string> names) => DiskThreads.Shared.RunAsync(() => Rename(names));

    private int Rename(IReadOnlyDictionary<Guid, string> names)
    {
        string[] theirs;
        lock (_writing)
        {
            _names = names;
            lock (_lock)
            {
                theirs = [.. _entries.Where(entry => names.ContainsKey(entry.Account)).Select(entry => entry.Id)];
            }
        }

        return theirs.Chunk(RenamedAtOnce).Sum(RenameSome);
    }

    private int RenameSome(string[] ids)
    {
        lock (_writing)
        {
            var written = new List<(EventLine Line, long Offset, int Length)>();
            foreach (var id in ids)
            {
                Entry? entry;
                lock (_lock)
                {
                    _byId.TryGetValue(id, out entry);
                }

                if (entry is null || ReadLine(entry) is not { } bytes || !TryParse(bytes, out var line)
                    || Renamed(line.Event) is not { } renamed)
                {
                    continue;
                }

                line = line with { Event = renamed };
                bytes = JsonSerializer.SerializeToUtf8Bytes(line, RecordingJson.Default.EventLine);
                written.Add((line, _file.Length, bytes.Length));
                _file.Append([.. bytes, (byte)'\n']);
            }

            if (written.Count > 0)
            {
                Sync();
                written.ForEach(one => Note(one.Line, one.Offset, one.Length));
            }

            // Also what the disk refused to erase before.
            Erase();
            return written.Count;
        }
    }

    /// <summary>Null when its author is called what it says.</summary>
    private JsonElement? Renamed(JsonElement said) =>
        _names.Count > 0
        && said.TryGetProperty("type", out var type) && type.ValueEquals("comment")
        && said.TryGetProperty("account", out var account) && Guid.TryParse(account.GetString(), out var author)
        && _names.TryGetValue(author, out var name)
        && said.Deserialize(EventJson.Default.CommentEvent) is { } comment && comment.Name != name
            ? JsonSerializer.SerializeToElement(comment with { Name = name }, EventJson.Default.CommentEvent)
            : null;
}
