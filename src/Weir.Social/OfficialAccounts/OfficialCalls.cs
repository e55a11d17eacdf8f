using Weir.Social.Friends;

namespace Weir.Social.OfficialAccounts;

/// <summary><c>/api/official</c>: everything about official accounts but their articles.</summary>
internal static class OfficialCalls
{
    public static void AddServices(IServiceCollection services) =>
        services.AddScoped<OfficialEntrance>().AddScoped<OfficialCards>().AddScoped<IInvitesFriends, EditorInvitations>();

    public static RouteGroupBuilder Map(RouteGroupBuilder api)
    {
        var official = api.MapGroup("/official").WithTags("Official accounts");
        OpenAccount.Map(official);
        FollowCalls.Map(official);
        EditorCalls.Map(official);
        return official;
    }
}
