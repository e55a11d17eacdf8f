using System.Text;
using System.Text.Json;
using Weir.Media.Broadcasting;
using Weir.Media.Recording;

namespace Weir.Media.Tests.Recording;

/// <summary>What the comments of a recording may take: of the disk, and of memory when they are read.</summary>
public sealed class EventLogTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("weir-events-").FullName;

    [Fact]
    public void A_recording_has_so_many_comments_and_one_that_is_deleted_is_always_noted()
    {
        Write(EventLog.MaxComments, _ => "hi");
        using var log = EventLog.Open(_folder);
        var full = log.Bytes;
        Assert.Equal(EventLog.MaxComments, log.Count);
        Assert.False(log.Append(0, Comment("one more", 1)));
        Assert.Equal((full, EventLog.MaxComments), (log.Bytes, log.Count));
        Assert.True(log.Append(0, """{"type":"deleted","id":"c7"}"""u8.ToArray()));
        Assert.Equal(EventLog.MaxComments - 1, log.Count);
        Assert.True(log.Append(0, Comment("one more", 1)));
    }

    [Fact]
    public void Comments_take_so_many_bytes_and_the_file_is_never_in_memory_as_a_whole()
    {
        var longest = new string('字', CommentRoom.MaxLength);
        Write((int)(EventLog.MaxBytes / 3000), number => longest[..(number % 500)] + longest[..(500 - (number % 500))]);
        var reads = new Reads();
        using var log = EventLog.Open(_folder, reads.Open);
        Assert.InRange(log.Bytes, EventLog.MaxBytes, 2 * EventLog.MaxBytes);
        Assert.Equal(EventLog.MaxBytes / 3000, log.Count);
        Assert.InRange(reads.Largest, 1, 1 << 20);
        Assert.False(log.Append(0, Comment("one more", 1)));
        var last = JsonDocument.Parse(log.Page(log.Count - 1, long.MaxValue).Json).RootElement.GetProperty("events")[0];
        Assert.Equal(($"c{log.Count - 1}", longest), (last.GetProperty("id").GetString(), last.GetProperty("text").GetString()));
    }

    [Fact]
    public void What_is_no_line_of_ours_is_cut_off_however_long_it_is()
    {
        Write(10, _ => "hi");
        var path = Path.Combine(_folder, RecordingFiles.Events);
        var whole = new FileInfo(path).Length;
        File.AppendAllText(path, new string('x', 1 << 20) + "\n");
        using var log = EventLog.Open(_folder);
        Assert.Equal((10, whole), (log.Count, log.Bytes));
        Assert.Equal(whole, new FileInfo(path).Length);
    }

    [Fact]
    public async Task The_text_of_a_comment_that_is_deleted_leaves_the_file_and_the_others_stay()
    {
        Write(20, number => $"text-{number:D2}-字");
        using (var log = EventLog.Open(_folder))
        {
            var before = log.Bytes;
            Assert.False(await log.DeleteAsync("c7", Guid.NewGuid(), isHost: false));
            Assert.Contains("text-07", Recorded(), StringComparison.Ordinal);
            Assert.True(await log.DeleteAsync("c7", default, isHost: true));
            Assert.DoesNotContain("text-07", Recorded(), StringComparison.Ordinal);
            Assert.Equal(19, log.Count);
            Assert.True(log.Bytes > before);
            Assert.True(log.Append(20_000, Comment("text-20-字", 20)));
            Assert.False(await log.DeleteAsync("c7", default, isHost: true));
        }

        string[] left = [.. Enumerable.Range(0, 21).Where(number => number != 7).Select(number => $"text-{number:D2}-字")];
        using var again = EventLog.Open(_folder);
        Assert.Equal(left, Texts(again));
        Assert.Null(again.Find("c7"));
    }

    /// <summary>Bytes of the line that are spaces already: none, the first one, some, some in the middle, all but the last.</summary>
    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(40, 0)]
    [InlineData(1, 60)]
    [InlineData(1000, 0)]
    public void Whatever_a_crash_left_of_erasing_a_comment_the_rest_of_it_goes_when_the_file_is_opened(int first, int last)
    {
        Write(3, number => $"text-{number}");
        var path = Path.Combine(_folder, RecordingFiles.Events);
        var lines = File.ReadAllLines(path);
        var whole = lines[1];
        first = Math.Min(first, whole.Length - 1);
        lines[1] = new string(' ', first) + whole[first..^last] + new string(' ', last);
        File.WriteAllText(path, string.Join('\n', [.. lines, "{\"at\":0,\"event\":{\"type\":\"deleted\",\"id\":\"c1\"}}", ""]));
        var length = new FileInfo(path).Length;
        for (var times = 0; times < 2; times++)
        {
            using var log = EventLog.Open(_folder);
            Assert.Equal(["text-0", "text-2"], Texts(log));
            Assert.Equal(length, log.Bytes);
            Assert.Equal(new string(' ', whole.Length), File.ReadAllLines(path)[1]);
        }
    }

    [Fact]
    public async Task A_name_that_an_author_has_no_longer_leaves_the_file_and_the_comments_stay()
    {
        var (mia, ann) = (Guid.NewGuid(), Guid.NewGuid());
        var names = new Dictionary<Guid, string> { [mia] = "Deleted 已注销" };
        using (var log = EventLog.Open(_folder))
        {
            for (var number = 0; number < 250; number++)
            {
                Assert.True(log.Append(number, Comment($"text-{number}", number, number % 2 == 0 ? (mia, "Mia 字") : (ann, "Ann"))));
            }

            Assert.True(await log.DeleteAsync($"c{EventLog.MaxComments + 8}", default, isHost: true));
            Assert.Equal(124, await log.RenameAsync(names));
            // What was on its way to the disk.
            Assert.True(log.Append(250, Comment("text-250", 250, (mia, "Mia 字"))));
            Check(log);
            var length = log.Bytes;
            Assert.Equal(0, await log.RenameAsync(names));
            Assert.Equal(length, log.Bytes);
        }

        using var again = EventLog.Open(_folder);
        Check(again);
        Assert.Equal(0, await again.RenameAsync(names));
        Assert.True(await again.DeleteAsync($"c{EventLog.MaxComments + 10}", mia, isHost: false));
        Assert.DoesNotContain("text-10\"", Recorded(), StringComparison.Ordinal);

        void Check(EventLog log)
        {
            Assert.DoesNotContain("Mia", Recorded(), StringComparison.Ordinal);
            Assert.Equal([.. Enumerable.Range(0, 251).Where(number => number != 8).Select(number => $"text-{number}")], Texts(log));
            var said = JsonDocument.Parse(log.Page(0, long.MaxValue).Json).RootElement.GetProperty("events").EnumerateArray();
            Assert.All(said, one => Assert.Equal(
                Guid.Parse(one.GetProperty("account").GetString()!) == mia ? names[mia] : "Ann", one.GetProperty("name").GetString()));
        }
    }

    /// <summary>The comment is there under both names, or its first line is erased in part.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(40)]
    public void Whatever_a_crash_left_of_a_new_name_the_one_before_goes_when_the_file_is_opened(int erased)
    {
        Write(3, number => $"text-{number}");
        var path = Path.Combine(_folder, RecordingFiles.Events);
        var lines = File.ReadAllLines(path);
        var renamed = lines[1].Replace("Ann", "Nobody", StringComparison.Ordinal);
        lines[1] = new string(' ', erased) + lines[1][erased..];
        File.WriteAllText(path, string.Join('\n', [.. lines, renamed, ""]));
        for (var times = 0; times < 2; times++)
        {
            using var log = EventLog.Open(_folder);
            Assert.Equal(["text-0", "text-1", "text-2"], Texts(log));
            Assert.Equal("Nobody", log.Find("c1")!.Name);
            Assert.Equal("", File.ReadAllLines(path)[1].Trim());
        }
    }

    [Fact]
    public async Task Pages_that_are_read_while_comments_are_erased_have_the_others()
    {
        const int Many = 400;
        Write(Many, number => $"text-{number}");
        using var log = EventLog.Open(_folder);
        using var done = new CancellationTokenSource();
        var reading = Task.Run(() =>
        {
            while (!done.IsCancellationRequested)
            {
                var odd = Texts(log).Count(text => text[^1] is '1' or '3' or '5' or '7' or '9');
                Assert.Equal(Many / 2, odd);
            }
        });
        for (var number = 0; number < Many; number += 2)
        {
            Assert.True(await log.DeleteAsync($"c{number}", default, isHost: true));
        }

        await done.CancelAsync();
        await reading;
        Assert.Equal(Many / 2, Texts(log).Length);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string[] Texts(EventLog log) =>
        [.. JsonDocument.Parse(log.Page(0, long.MaxValue).Json).RootElement.GetProperty("events").EnumerateArray()
            .Select(one => one.GetProperty("text").GetString()!)];

    private string Recorded() => File.ReadAllText(Path.Combine(_folder, RecordingFiles.Events));

    private static byte[] Comment(string text, int number) => Comment(text, number, (Guid.Empty, "Ann"));

    private static byte[] Comment(string text, int number, (Guid Account, string Name) by)
    {
        var (id, account) = ($"c{number + EventLog.MaxComments}", by.Account.ToString("N"));
        var comment = new CommentEvent("comment", id, null, account, by.Name, false, text, number, DateTimeOffset.UnixEpoch);
        return JsonSerializer.SerializeToUtf8Bytes(comment, EventJson.Default.CommentEvent);
    }

    private void Write(int many, Func<int, string> text)
    {
        var path = Path.Combine(_folder, RecordingFiles.Events);
        using var file = new StreamWriter(path, append: false, new UTF8Encoding(false)) { NewLine = "\n" };
        for (var i = 0; i < many; i++)
        {
            var said = JsonSerializer.Serialize(text(i));
            file.Write($$"""{"at":{{i}},"event":{"type":"comment","id":"c{{i}}","account":"{{Guid.Empty:N}}","name":"Ann",""");
            file.WriteLine($$$"""
                "text":{{{said}}},"at":{{{i}}},"time":"1970-01-01T00:00:00+00:00"}}
                """);
        }
    }

    private sealed class Reads
    {
        public int Largest { get; private set; }

        public Stream Open(string path) => new Counted(this, AppendFile.Open(path));

        private sealed class Counted(Reads reads, FileStream file) : PassingStream(file)
        {
            public override int Read(byte[] buffer, int offset, int count)
            {
                reads.Largest = Math.Max(reads.Largest, count);
                return base.Read(buffer, offset, count);
            }
        }
    }
}
