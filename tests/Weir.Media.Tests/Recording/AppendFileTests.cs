using System.IO.Pipes;
using Microsoft.Win32.SafeHandles;
using Weir.Media.Recording;

namespace Weir.Media.Tests.Recording;

public sealed class AppendFileTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"weir-append-{Guid.NewGuid():N}");

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void The_disk_is_asked_for_a_sync_only_when_there_is_something_new()
    {
        var disk = new CountedSyncs(AppendFile.Open(_path));
        using var file = new AppendFile(disk);
        file.Sync();
        Assert.Equal(0, disk.Syncs);
        file.Append("one"u8);
        file.Sync();
        file.Sync();
        Assert.Equal(1, disk.Syncs);
        file.Append("two"u8);
        file.Sync();
        Assert.Equal(2, disk.Syncs);
    }

    [Fact]
    public void A_sync_that_failed_is_not_taken_for_one()
    {
        var disk = new CountedSyncs(AppendFile.Open(_path)) { Broken = true };
        using var file = new AppendFile(disk);
        file.Append("one"u8);
        Assert.Throws<IOException>(file.Sync);
        disk.Broken = false;
        file.Sync();
        Assert.Equal(1, disk.Syncs);
    }

    [Fact]
    public void What_an_earlier_process_wrote_is_synced_too()
    {
        File.WriteAllText(_path, "before");
        var disk = new CountedSyncs(AppendFile.Open(_path));
        using var file = new AppendFile(disk);
        file.Sync();
        Assert.Equal(1, disk.Syncs);
    }

    [Fact]
    public void Appended_bytes_are_whole_and_in_order_while_the_disk_writes_them()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux can be told to begin.");
        var expected = new MemoryStream();
        using (var file = new AppendFile(AppendFile.Open(_path)))
        {
            for (var i = 0; i < 200; i++)
            {
                var bytes = Enumerable.Repeat((byte)i, 7000 + i).ToArray();
                file.Append(bytes);
                expected.Write(bytes);
            }

            file.Sync();
        }

        Assert.Equal(expected.ToArray(), File.ReadAllBytes(_path));
        using var handle = File.OpenHandle(_path, FileMode.Open, FileAccess.ReadWrite);
        Assert.True(WriteBack.Begin(handle, 0, expected.Length));
    }

    [Fact]
    public void A_sync_that_the_system_refuses_is_an_io_error()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "What a pipe answers is Linux's own.");
        using var pipe = new AnonymousPipeServerStream();
        using var handle = new SafeFileHandle(pipe.SafePipeHandle.DangerousGetHandle(), ownsHandle: false);
        Assert.Throws<IOException>(() => WriteBack.Finish(handle));
    }

    private sealed class CountedSyncs(FileStream file) : PassingStream(file)
    {
        public int Syncs { get; private set; }

        public bool Broken { get; set; }

        public override void Flush()
        {
            if (Broken)
            {
                throw new IOException("Input/output error");
            }

            Syncs++;
            base.Flush();
        }
    }
}
