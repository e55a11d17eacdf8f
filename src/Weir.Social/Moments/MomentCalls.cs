namespace Weir.Social.Moments;

/// <summary><c>/api/moments</c> and what belongs to it, put together.</summary>
internal static class MomentCalls
{
    public static void AddServices(IServiceCollection services)
    {
        services.AddSingleton(new MomentLimits()).AddSingleton<MomentThrottle>();
        services.AddScoped<MomentEntrance>().AddScoped<MomentCards>().AddScoped<MomentHints>();
    }

    public static void Map(RouteGroupBuilder api)
    {
        var moments = api.MapGroup("/moments").WithTags("Moments");
        PostMoment.Map(moments);
        ReadMoments.Map(moments);
        ChangeMoment.Map(moments);
        LikeMoment.Map(moments);
        CommentMoment.Map(moments);
        MomentSettings.Map(api);
    }
}
