using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Weir.Social.Accounts;
using Weir.Social.Data;
using Weir.Social.Demo;
using Weir.Social.LivePlane;

namespace Weir.Social.WebApp;

/// <summary><c>GET /api/server</c>: what a page must know before anybody is signed in.</summary>
internal static class ServerInfo
{
    public static readonly string Version = typeof(ServerInfo).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    internal sealed record DemoInfo(List<Person> People);

    internal sealed record Live(bool Available, bool Enabled);

    internal sealed record Answer(string Name, string Version, bool SetupNeeded, DemoInfo? Demo, Live Live);

    public static void Map(RouteGroupBuilder api) => api.MapGet("/server", HandleAsync).AllowAnonymous().WithTags("Server");

    private static async Task<Ok<Answer>> HandleAsync(SetUpDoor door, SocialOptions options, LiveLink live, WeirDb db, CancellationToken cancellation)
    {
        var enabled = await db.LiveSettings.Select(s => s.Enabled).SingleAsync(cancellation);
        var demo = options.Demo ? new DemoInfo(await DemoSessions.PeopleAsync(db, cancellation)) : null;
        return TypedResults.Ok(new Answer("Weir", Version, door.Code is not null, demo, new Live(live.Available, enabled)));
    }
}
