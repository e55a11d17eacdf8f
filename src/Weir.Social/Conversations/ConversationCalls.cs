using Weir.Social.Friends;

namespace Weir.Social.Conversations;

/// <summary><c>/api/conversations</c>: everything of the messenger, put together.</summary>
internal static class ConversationCalls
{
    public static void AddServices(IServiceCollection services)
    {
        services.AddSingleton(new ConversationLimits());
        services.AddSingleton<ConversationThrottle>().AddSingleton<MemberLists>().AddSingleton<MessageWriter>().AddSingleton<GroupNews>();
        services.AddScoped<GroupAsking>().AddScoped<IInvitesFriends>(provider => provider.GetRequiredService<GroupAsking>());
        services.AddHostedService(provider => provider.GetRequiredService<MessageWriter>());
    }

    public static void Map(RouteGroupBuilder api)
    {
        var conversations = api.MapGroup("/conversations").WithTags("Conversations");
        CreateConversation.Map(conversations);
        ReadConversations.Map(conversations);
        SendMessage.Map(conversations);
        ReadMessages.Map(conversations);
        RecallMessage.Map(conversations);
        MyView.Map(conversations);
        GroupCalls.Map(conversations);
        GroupLinkCalls.Map(api, conversations);
        GroupInvitations.Map(api);
    }
}
