using System.Diagnostics.Metrics;

namespace Weir.Social;

/// <summary>What the social plane counts.</summary>
internal static class SocialMetrics
{
    public const string MeterName = "Weir.Social";

    private static readonly Meter Meter = new(MeterName);

    public static readonly Counter<long> SignIns = Meter.CreateCounter<long>("weir.social.sign_ins", description: "Sign-ins by result");

    public static readonly Counter<long> Tickets = Meter.CreateCounter<long>("weir.social.tickets", description: "Watch tickets issued");

    public static readonly Counter<long> TicketsRefused = Meter.CreateCounter<long>(
        "weir.social.tickets_refused", description: "Tickets refused because too many waited to be admitted");

    public static readonly Counter<long> Cuts = Meter.CreateCounter<long>("weir.social.cuts", description: "Viewers cut because they left an audience");

    public static readonly Counter<long> Reports = Meter.CreateCounter<long>("weir.social.reports", description: "Broadcast reports of the live node applied");

    public static readonly Counter<long> Commands = Meter.CreateCounter<long>("weir.social.commands", description: "Commands sent to the live node");

    public static readonly Counter<long> SlowCommands = Meter.CreateCounter<long>("weir.social.commands_slow", description: "Answers that did not wait any longer for the live node to apply a change");

    public static readonly Counter<long> Throttled = Meter.CreateCounter<long>("weir.social.throttled", description: "Attempts refused because there were too many");

    public static readonly Counter<long> SecurityLinesLeftOut = Meter.CreateCounter<long>(
        "weir.social.security_lines_left_out", description: "Lines of the security log that were not written, because there were too many");

    public static readonly Counter<long> DiskFull = Meter.CreateCounter<long>("weir.social.disk_full", description: "Calls refused because the disk had no room");

    public static readonly Counter<long> SessionsNotNoted = Meter.CreateCounter<long>(
        "weir.social.sessions_not_noted",
        description: "Uses of a session that were not noted because the disk had no room or too many waited");

    public static readonly Counter<long> LocationBounds = Meter.CreateCounter<long>(
        "weir.social.location_bounds", description: "Files kept as they came because looking for a place in them passed a bound");

    public static readonly Counter<long> PasswordsRefused = Meter.CreateCounter<long>(
        "weir.social.passwords_refused", description: "Passwords not looked at because too many waited");

    public static readonly Counter<long> Messages = Meter.CreateCounter<long>("weir.social.messages", description: "Messages written");

    public static readonly Counter<long> MessagesRefused = Meter.CreateCounter<long>("weir.social.messages_refused", description: "Messages refused because too many waited for the disk");

    public static readonly Counter<long> DatabaseAway = Meter.CreateCounter<long>(
        "weir.social.database_away", description: "Calls answered 503 because the database did not answer");

    public static readonly Counter<long> LinkCards = Meter.CreateCounter<long>("weir.social.link_cards", description: "Cards of links by result");

    public static readonly Counter<long> NoticesDropped = Meter.CreateCounter<long>("weir.social.notices_dropped", description: "Notices not listed because too many waited");

    public static readonly Counter<long> Pushes = Meter.CreateCounter<long>("weir.social.pushes", description: "Pushes by the status of the push service");

    public static readonly Counter<long> PushesDropped = Meter.CreateCounter<long>("weir.social.pushes_dropped", description: "Pushes dropped because too many waited or a push service did not take them");

    public static readonly Counter<long> SlowConnections = Meter.CreateCounter<long>("weir.social.slow_connections", description: "Realtime connections closed because they fell behind");
}
