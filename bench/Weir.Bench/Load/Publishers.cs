namespace Weir.Bench.Load;

/// <summary>Any number of publishers on one thread.</summary>
internal sealed class Publishers : IDisposable
{
    private readonly List<RtmpPublisher> _all = [];
    private readonly Thread _thread;
    private volatile bool _stopping;

    /// <param name="targets">Application and stream key of each.</param>
    public Publishers(PreparedFile file, IEnumerable<PublishTarget> targets)
    {
        _thread = new Thread(Run) { IsBackground = true, Name = "publishers" };
        try
        {
            foreach (var target in targets)
            {
                var publisher = new RtmpPublisher(file);
                _all.Add(publisher);
                publisher.Start(new Uri(target.Application), target.Key);
                _all.ForEach(one => one.SendDue());
            }
        }
        catch
        {
            _all.ForEach(one => one.Dispose());
            throw;
        }

        _thread.Start();
    }

    /// <summary>Coded bytes that one of them has sent so far: they all send the same.</summary>
    public long Payload => _all[0].Payload;

    /// <summary>Why those ended that ended before they were told to.</summary>
    public IEnumerable<string> Faults => _all.Where(one => one.Fault is not null).Select(one => $"publisher: {one.Fault!.Message}");

    public void Dispose()
    {
        _stopping = true;
        if (_thread.IsAlive)
        {
            _thread.Join();
        }

        _all.ForEach(one => one.Dispose());
    }

    private void Run()
    {
        while (!_stopping)
        {
            _all.ForEach(one => one.SendDue());
            Thread.Sleep(1);
        }
    }
}
