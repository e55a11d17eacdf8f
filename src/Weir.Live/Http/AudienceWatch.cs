using Weir.Live.Broadcasts;

namespace Weir.Live.Http;

/// <summary>Asks at every change of an audience whether something under way may go on, and stops it if not.</summary>
internal sealed class AudienceWatch : IDisposable
{
    private readonly BroadcastDirectory _broadcasts;
    private readonly Guid _broadcast;
    private readonly Func<bool> _mayGoOn;
    private readonly Action _stop;
    private readonly Lock _lock = new();
    private CancellationTokenRegistration _registration;
    private bool _disposed;

    public AudienceWatch(BroadcastDirectory broadcasts, Guid broadcast, Func<bool> mayGoOn, Action stop)
    {
        (_broadcasts, _broadcast, _mayGoOn, _stop) = (broadcasts, broadcast, mayGoOn, stop);
        Watch();
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            _registration.Dispose();
        }
    }

    private void Watch()
    {
        lock (_lock)
        {
            // First the token, then the question: a change between them is not missed.
            var change = _broadcasts.AudienceChange(_broadcast);
            if (_disposed)
            {
                return;
            }

            if (!_mayGoOn())
            {
                _stop();
                return;
            }

            // Off the thread that applies commands for everybody.
            _registration = change.UnsafeRegister(
                static watch => ThreadPool.UnsafeQueueUserWorkItem(static again => again.Watch(), (AudienceWatch)watch!, preferLocal: false), this);
        }
    }
}
