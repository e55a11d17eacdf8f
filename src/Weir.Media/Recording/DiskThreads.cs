namespace Weir.Media.Recording;

/// <summary>
/// A few threads that wait for the disk. Sockets are served by the thread pool, which on a small machine has as many threads as it has cores and
/// grows by one or two a second: an fsync that takes a second there would keep every publisher and viewer waiting.
/// </summary>
internal sealed class DiskThreads : TaskScheduler
{
    // One disk takes few things at a time anyway; more than one, so that a broadcast's end does not wait for another one's sync.
    private const int Threads = 4;

    // Bounded by who uses it: a recorder has one task here at a time, and so has a request that takes a comment away.
    private readonly Queue<Task> _tasks = new();

    private DiskThreads()
    {
        for (var i = 1; i <= Threads; i++)
        {
            new Thread(Work) { IsBackground = true, Name = $"disk {i}" }.Start();
        }
    }

    public static DiskThreads Shared { get; } = new();

    public override int MaximumConcurrencyLevel => Threads;

    /// <summary>Runs there, and what follows an await too.</summary>
    public Task RunAsync(Func<Task> work) => Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.DenyChildAttach, this).Unwrap();

    public Task<T> RunAsync<T>(Func<T> work) => Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.DenyChildAttach, this);

    protected override void QueueTask(Task task)
    {
        lock (_tasks)
        {
            _tasks.Enqueue(task);
            Monitor.Pulse(_tasks);
        }
    }

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

    protected override IEnumerable<Task> GetScheduledTasks()
    {
        lock (_tasks)
        {
            return [.. _tasks];
        }
    }

    private void Work()
    {
        while (true)
        {
            TryExecuteTask(Next());
        }
    }

    // Sleeps at once. A BlockingCollection's threads look for more for a while before they do, some thirty times a second for each broadcast.
    private Task Next()
    {
        lock (_tasks)
        {
            Task? task;
            while (!_tasks.TryDequeue(out task))
            {
                Monitor.Wait(_tasks);
            }

            return task;
        }
    }
}
