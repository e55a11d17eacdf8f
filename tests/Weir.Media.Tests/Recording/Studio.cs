using Microsoft.Extensions.Logging.Abstractions;
using Weir.Media.Broadcasting;
using Weir.Media.Cmaf;
using Weir.Media.Recording;
using Weir.Media.Tests.Cmaf;

namespace Weir.Media.Tests.Recording;

/// <summary>A stage whose broadcast is recorded into a directory of its own.</summary>
internal sealed class Studio : IDisposable
{
    // In memory where the system has it: thousands of recoveries would otherwise wait for a disk each.
    private static readonly string Root = Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath();

    public Studio(string? directory = null, Func<string, Stream>? open = null, PackagerLimits? limits = null, bool follow = true, Func<long, RecordingStop>? mayGrow = null)
    {
        Folder = directory ?? Path.Combine(Root, $"weir-rec-{Guid.NewGuid():N}");
        Recovered = RecoveredRecording.Open(Folder);
        Stage = new Stage(Recovered.Resume, limits);
        Recorder = new Recorder(Recovered, Stage.Packager, new RecorderLimits { MayGrow = mayGrow ?? (_ => RecordingStop.None) }, Stage.Clock, NullLogger<Recorder>.Instance, open ?? AppendFile.Open);
        if (follow)
        {
            Stage.Advanced += Follow;
        }
    }

    public string Folder { get; }

    public RecoveredRecording Recovered { get; }

    public Stage Stage { get; }

    public Recorder Recorder { get; }

    public void Follow() => Recorder.Drain();

    public void Comment(Commenter by, string text, long? at = null)
    {
        // As fast as a host may.
        Stage.Clock.Advance(TimeSpan.FromMilliseconds(200));
        Assert.Equal(CommentOutcome.Taken, Stage.Broadcast.Comments.Post(by, null, text, at).Outcome);
        Stage.Packager.Drain();
        Follow();
    }

    public void End()
    {
        Stage.End();
        Recorder.RunAsync(CancellationToken.None).GetAwaiter().GetResult();
        Recorder.Dispose();
    }

    /// <summary>As kill -9 leaves it: what was written stays, nothing is closed in order.</summary>
    public void Kill() => Recorder.Dispose();

    public byte[] Media(int file) => File.ReadAllBytes(Path.Combine(Folder, RecordingFiles.Media(file)));

    public void Dispose()
    {
        Recorder.Dispose();
        if (Directory.Exists(Folder))
        {
            Directory.Delete(Folder, recursive: true);
        }
    }
}

/// <summary>A disk that counts by whose threads it is written.</summary>
internal sealed class ThreadsOnDisk
{
    private int _ofThePool;
    private int _ofItsOwn;

    public int OfThePool => _ofThePool;

    public int OfItsOwn => _ofItsOwn;

    public Stream Open(string path) => new Counted(this, AppendFile.Open(path));

    private sealed class Counted(ThreadsOnDisk disk, FileStream file) : PassingStream(file)
    {
        public override void Flush()
        {
            Count();
            base.Flush();
        }

        public override void Write(byte[] buffer, int offset, int count)
        {
            Count();
            base.Write(buffer, offset, count);
        }

        private void Count() => Interlocked.Increment(ref Thread.CurrentThread.IsThreadPoolThread ? ref disk._ofThePool : ref disk._ofItsOwn);
    }
}

/// <summary>A disk of a size; beyond it a write takes what fits and fails, as ENOSPC does.</summary>
internal sealed class SmallDisk(long size)
{
    private long _used;

    public long Size { get; set; } = size;

    public Stream Open(string path) => new Limited(this, AppendFile.Open(path));

    private sealed class Limited(SmallDisk disk, FileStream file) : PassingStream(file)
    {
        public override void SetLength(long value)
        {
            disk._used -= Length - value;
            base.SetLength(value);
        }

        public override void Write(byte[] buffer, int offset, int count)
        {
            var fits = (int)Math.Clamp(disk.Size - disk._used, 0, count);
            base.Write(buffer, offset, fits);
            disk._used += fits;
            if (fits < count)
            {
                throw new IOException("No space left on device");
            }
        }
    }
}

/// <summary>A file behind a stream that tests change.</summary>
internal abstract class PassingStream(FileStream file) : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => true;

    public override long Length => file.Length;

    public override long Position { get => file.Position; set => file.Position = value; }

    public override void Flush() => file.Flush();

    public override int Read(byte[] buffer, int offset, int count) => file.Read(buffer, offset, count);

    public override long Seek(long offset, SeekOrigin origin) => file.Seek(offset, origin);

    public override void SetLength(long value) => file.SetLength(value);

    public override void Write(byte[] buffer, int offset, int count) => file.Write(buffer, offset, count);

    protected override void Dispose(bool disposing) => file.Dispose();
}
