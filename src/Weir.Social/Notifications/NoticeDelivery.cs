using Weir.Social.Notifications.Push;
using Weir.Social.Realtime;

namespace Weir.Social.Notifications;

/// <summary>Tells a person's devices of what concerns them, once it is on disk.</summary>
internal sealed class NoticeDelivery(Connections connections, PushDesk desk)
{
    internal sealed record NotificationEvent(NoticeKind? Kind);

    /// <summary>Never waits.</summary>
    public void Deliver(Happened happened, bool listed, bool push)
    {
        if (listed)
        {
            connections.Send(happened.Account, Events.Notification, new NotificationEvent(happened.Kind));
        }

        if (push)
        {
            desk.Offer(happened);
        }
    }

    /// <summary>Somebody looked at their list: their other devices show it too.</summary>
    public void Changed(Guid account) => connections.Send(account, Events.Notification, new NotificationEvent(null));
}
