using Weir.Social.Notifications.Push;

namespace Weir.Social.Notifications;

/// <summary><c>/api/notifications</c>, put together.</summary>
internal static class NoticeCalls
{
    public static void AddServices(IServiceCollection services, SocialOptions options)
    {
        services.AddSingleton<NoticeDelivery>().AddSingleton<MessageNotices>();
        services.AddScoped<Notices>().AddScoped<LiveNotices>().AddScoped<NoticeReader>();
        services.AddHostedService(provider => provider.GetRequiredService<MessageNotices>());
        services.AddSingleton<DailySummary>().AddHostedService(provider => provider.GetRequiredService<DailySummary>());
        services.AddSingleton(new PushLimits()).AddSingleton(PushKey.LoadOrCreate(options.PushKeyFile));
        services.AddSingleton<PushContact>().AddSingleton<PushAudience>();
        services.AddSingleton<PushSender>().AddHostedService(provider => provider.GetRequiredService<PushSender>());
        services.AddSingleton<PushDesk>().AddHostedService(provider => provider.GetRequiredService<PushDesk>());
    }

    public static void Map(RouteGroupBuilder api)
    {
        var notifications = api.MapGroup("/notifications").WithTags("Notifications");
        ReadNotices.Map(notifications);
        ChooseNotices.Map(notifications);
        Stars.Map(api);
        PushCalls.Map(api);
    }
}
