using System.IO.Compression;
using System.Net;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.ResponseCompression;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Hosting.Tls;
using Weir.Social.Accounts;
using Weir.Social.Admin;
using Weir.Social.Articles;
using Weir.Social.Audiences;
using Weir.Social.Blocks;
using Weir.Social.Broadcasts;
using Weir.Social.Circles;
using Weir.Social.Conversations;
using Weir.Social.Data;
using Weir.Social.Demo;
using Weir.Social.Exports;
using Weir.Social.Files;
using Weir.Social.Friends;
using Weir.Social.Invitations;
using Weir.Social.Links;
using Weir.Social.LivePlane;
using Weir.Social.Moments;
using Weir.Social.Notifications;
using Weir.Social.OfficialAccounts;
using Weir.Social.Passkeys;
using Weir.Social.Realtime;
using Weir.Social.Reporting;
using Weir.Social.Search;
using Weir.Social.Security;
using Weir.Social.Sessions;
using Weir.Social.Throttling;
using Weir.Social.WebApp;

namespace Weir.Social;

/// <summary>
/// The social plane as one thing to start and stop. It has two listeners: the people's, and on a free loopback port one on which nothing but
/// the stream between the planes answers.
/// </summary>
public sealed class SocialPlane : IAsyncDisposable
{
    private const string PlanesPath = "/weir.planes.v1.Planes";
    private readonly Listeners _listeners;
    private bool _isDisposed;

    private SocialPlane(WebApplication app, Listeners listeners)
    {
        App = app;
        _listeners = listeners;
    }

    public WebApplication App { get; }

    /// <summary>The port of the API and the pages, once started.</summary>
    public int HttpPort => _listeners.Public!.IPEndPoint!.Port;

    /// <summary>Where the live plane connects to, once started: HTTP/2 without TLS, loopback.</summary>
    public Uri PlanesAddress => new($"http://127.0.0.1:{_listeners.Planes!.IPEndPoint!.Port}");

    /// <summary>The code of the first start while nobody has used it, once started; null when there is an account.</summary>
    public string? SetupCode => App.Services.GetRequiredService<SetUpDoor>().Code;

    /// <summary>The secret shared with the live node.</summary>
    public NodeKey NodeKey => App.Services.GetRequiredService<NodeKey>();

    /// <summary>The live node is connected and has been told everything.</summary>
    public bool LiveAvailable => App.Services.GetRequiredService<LiveLink>().Available;

    /// <param name="configure">The last word on services, for tests.</param>
    /// <exception cref="InvalidOptionsException">With every fault of <paramref name="options"/>.</exception>
    public static SocialPlane Build(SocialOptions options, string[]? args = null, Action<WebApplicationBuilder>? configure = null)
    {
        options.Validate();
        MakePrivate(options.DataDirectory);
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = args ?? [], EnvironmentName = Environments.Production });
        builder.AddWeirOperations(SocialMetrics.MeterName, ConnectionLimits.MeterName);

        // A conflict that is tried again is no error; one that is not reaches the exception handler, which logs it.
        builder.Logging.AddFilter("Microsoft.EntityFrameworkCore.Query", LogLevel.None).AddFilter("Microsoft.EntityFrameworkCore.Update", LogLevel.None);
        if (options.LiveIsChild)
        {
            builder.Logging.AddFilter(typeof(PlanesService).FullName, LogLevel.Warning);
        }

        var listeners = Listen(builder, options);
        AddServices(builder.Services, options);
        configure?.Invoke(builder);

        var app = builder.Build();
        UsePipeline(app, options);
        Map(app, options);
        return new SocialPlane(app, listeners);
    }

    /// <summary>Brings the database up to date, then listens.</summary>
    public async Task StartAsync(CancellationToken cancellation = default)
    {
        var options = App.Services.GetRequiredService<SocialOptions>();
        // On a connection of its own, which is closed when an upgraded file takes the place of this one.
        await using (var db = Database.Open(options))
        {
            await db.MigrateAsync(cancellation);
            await Maintenance.AfterRestore.FinishAsync(db, options, cancellation);
            if (!options.Demo && !await db.Accounts.AnyAsync(cancellation))
            {
                App.Services.GetRequiredService<SetUpDoor>().Open(options.SetupCode);
            }
        }

        await App.StartAsync(cancellation);
    }

    /// <summary>Makes the demo people if they are not there. After <see cref="StartAsync"/>, with <see cref="SocialOptions.Demo"/>.</summary>
    public Task<DemoWorld> SeedDemoAsync(CancellationToken cancellation = default) => App.Services.GetRequiredService<SocialOptions>().Demo
        ? DemoSeed.EnsureAsync(App.Services, cancellation)
        : throw new InvalidOperationException("Demo people are for --demo only.");

    public Task StopAsync(CancellationToken cancellation = default) => App.StopAsync(cancellation);

    /// <summary>Stops first what was not stopped: a connection that is open still needs services to say goodbye with.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, true))
        {
            return;
        }

        if (App.Lifetime.ApplicationStarted.IsCancellationRequested && !App.Lifetime.ApplicationStopped.IsCancellationRequested)
        {
            await App.StopAsync();
        }

        await App.DisposeAsync();
    }

    /// <summary>Password hashes and secrets are nobody else's on this machine. A directory that is there already is its owner's to set.</summary>
    private static void MakePrivate(string directory)
    {
        if (!Directory.Exists(directory))
        {
            DirectorySync.Create(directory);
        }
    }

    private static Listeners Listen(WebApplicationBuilder builder, SocialOptions options)
    {
        var listeners = new Listeners();
        builder.Services.Configure<KestrelServerOptions>(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = 256 * 1024;
            kestrel.Limits.MaxConcurrentConnections = OpenConnections.Most;
            kestrel.Limits.MaxConcurrentUpgradedConnections = OpenConnections.Most;
            // A live node that vanished without a word is noticed within this.
            kestrel.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(5);
            kestrel.Limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(5);
            Action<ListenOptions> people = listen =>
            {
                listeners.Public = listen;
                listen.ApplicationServices.GetRequiredService<ConnectionLimits>().Use(listen);
                if (options.Tls is not null)
                {
                    listen.UseTls(options.Tls);
                }
            };
            if (!options.Demo)
            {
                kestrel.ListenAnyIP(options.HttpPort, people);
            }
            else if (options.HttpPort != 0)
            {
                kestrel.ListenLocalhost(options.HttpPort, people);
            }
            else
            {
                kestrel.Listen(IPAddress.Loopback, 0, people);
            }

            kestrel.Listen(IPAddress.Loopback, options.PlanesPort, listen =>
            {
                listeners.Planes = listen;
                listen.Protocols = HttpProtocols.Http2;
                listen.Use(next => connection =>
                {
                    connection.Features.Set(BetweenPlanes.Mark);
                    return next(connection);
                });
            });
        });
        return listeners;
    }

    private static void AddServices(IServiceCollection services, SocialOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton(TimeProvider.System);
        services.AddWeirDatabase(options);
        services.AddSingleton(new NodeKey(SecretFile.RandomBytes(options.NodeKeyFile, NodeKey.Length)));
        services.AddSingleton(ServerSecret.LoadOrCreate(options.ServerSecretFile)).AddSingleton<RepeatableIds>();
        services.AddSingleton<PublishKeys>().AddSingleton<Addresses>();
        services.AddHostedService<FriendsWatching>().AddHostedService<EndedSessions>();
        services.AddSingleton<LiveLink>().AddScoped<RulesReader>().AddScoped<Reports>();
        services.AddSingleton<ReportWriter>().AddHostedService(provider => provider.GetRequiredService<ReportWriter>());
        services.AddSingleton<SetUpDoor>().AddSingleton<Limits>();
        services.AddSingleton(new CallRates { Calls = CallRates.CallsFor(options.CallLimit) });
        services.AddSingleton<CallLimits>().AddSingleton<CallsUnderWay>().AddSingleton(new DearRates()).AddSingleton<DearCalls>();
        services.AddSingleton(provider => new DiskRoom(options.DataDirectory, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new ConnectionLimits(
            OpenConnections.PerAddress,
            OpenConnections.Most,
            options.TrustedProxies,
            refused: provider.GetRequiredService<RefusedRequests>().NoteConnection));
        services.AddSingleton<RoomForWrites>().AddExceptionHandler<FullDisks>().AddExceptionHandler<Busy>();
        services.AddSingleton<WrittenBytes>();
        services.AddScoped<AccountCreation>().AddScoped<SessionStart>().AddScoped<LivePolicy>();
        services.AddScoped<Cutting>().AddScoped<FriendshipEnd>().AddScoped<Entrance>().AddScoped<BroadcastCards>();
        services.AddSingleton(new AdmissionLimits()).AddSingleton<TicketTurns>().AddSingleton<AdmissionWriter>();
        services.AddHostedService(provider => provider.GetRequiredService<AdmissionWriter>());
        services.AddSingleton<AdmissionChecks>().AddHostedService(provider => provider.GetRequiredService<AdmissionChecks>());
        services.AddSingleton<SessionNotes>().AddHostedService(provider => provider.GetRequiredService<SessionNotes>());
        ConversationCalls.AddServices(services);
        NoticeCalls.AddServices(services, options);
        FileCalls.AddServices(services, options);
        LinkServices.AddServices(services);
        OfficialCalls.AddServices(services);
        ArticleCalls.AddServices(services);
        MomentCalls.AddServices(services);
        SearchCalls.AddServices(services, options);
        RealtimeHub.AddServices(services);
        PasskeyCalls.AddServices(services, options);
        ReportCalls.AddServices(services);
        ExportCalls.AddServices(services);
        services.AddScoped<AuditTrail>().AddScoped<Suspension>().AddSingleton<SecurityLog>().AddSingleton<RefusedRequests>();

        services.Configure<PasswordHasherOptions>(hasher => hasher.IterationCount = options.PasswordIterations);
        services.AddSingleton<PasswordHashing>().AddSingleton<IPasswordHasher<Account>>(provider => provider.GetRequiredService<PasswordHashing>());
        services.AddSingleton<ILookupNormalizer, LowerCase>();
        services.AddSingleton(new PasswordQueueLimits()).AddSingleton<PasswordQueue>().AddSingleton<DeviceMarks>();
        services.AddIdentityCore<Account>();

        // The core only: AddAuthentication would bring data protection, which makes key files at start for cookies that we do not use.
        services.AddAuthenticationCore(authentication =>
        {
            authentication.DefaultScheme = SessionAuthentication.SchemeName;
            authentication.AddScheme<SessionAuthentication>(SessionAuthentication.SchemeName, null);
        });
        services.AddSingleton(provider => new KnownSessions(provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<SessionsEpochReader>().AddScoped<CallerStanding>().AddExceptionHandler<LostStandings>();
        services.AddTransient<SessionAuthentication>().AddWebEncoders();
        services.AddAuthorization();
        services.ConfigureHttpJsonOptions(json => Json.Configure(json.SerializerOptions));
        ApiDocument.AddServices(services);
        services.AddResponseCompression(compression => compression.EnableForHttps = true);

        // The app's files are asked for once and kept: better a little longer here than on a slow network.
        services.Configure<BrotliCompressionProviderOptions>(brotli => brotli.Level = CompressionLevel.Optimal);
        services.Configure<GzipCompressionProviderOptions>(gzip => gzip.Level = CompressionLevel.Optimal);
        services.AddGrpc();
    }

    private static void UsePipeline(WebApplication app, SocialOptions options)
    {
        app.UseWeirProblems();
        app.UseSecurityHeaders(app.Services.GetRequiredService<Addresses>());
        app.Use(async (context, next) =>
        {
            // Each listener answers its own and nothing else, whatever the Host header says.
            var isPlanes = context.Request.Path.StartsWithSegments(PlanesPath);
            if (isPlanes != (context.Features.Get<BetweenPlanes>() is not null))
            {
                await Problems.NotFound().ExecuteAsync(context);
                return;
            }

            await next(context);
        });
        app.UseHttpsOnly();
        app.UseTrustedProxies(options.TrustedProxies);

        app.UseWeirMetrics(options.MetricsToken);
        app.Services.GetRequiredService<RefusedRequests>().Use(app);
        app.Services.GetRequiredService<ArticlePages>().Use(app);
        app.UseWebApp(options.WebRoot);
        RealtimeHub.UseOriginCheck(app, options);
        ForeignPages.Use(app);
        JsonCalls.UseRouting(app);
        app.UseAuthentication();
        app.Services.GetRequiredService<CallLimits>().Use(app);
        app.Services.GetRequiredService<CallsUnderWay>().Use(app);
        app.UseAuthorization();
        app.Services.GetRequiredService<RoomForWrites>().Use(app);
        app.Services.GetRequiredService<WrittenBytes>().Use(app);
    }

    private static void Map(WebApplication app, SocialOptions options)
    {
        app.MapGrpcService<PlanesService>().AllowAnonymous().TakesLong();
        ApiDocument.Map(app);
        app.MapWeirReadiness(app.Services.GetRequiredService<DatabaseReadiness>().AskAsync);

        var api = app.MapGroup("/api").RequireAuthorization();
        ServerInfo.Map(api);
        SetUp.Map(api);
        SignUp.Map(api);
        MyAccount.Map(api);
        DeleteMyAccount.Map(api);
        SignIn.Map(api);
        MySessions.Map(api);
        InvitationCalls.Map(api);
        FriendRequests.Map(api);
        Friendships.Map(api);
        PersonPage.Map(api);
        BlockCalls.Map(api);
        CircleCalls.Map(api);
        AudiencePreview.Map(api);
        EncoderKey.Map(api);
        if (options.Demo)
        {
            DemoSessions.Map(api);
        }

        var broadcasts = api.MapGroup("/broadcasts").WithTags("Broadcasts");
        CreateBroadcast.Map(broadcasts);
        ReadBroadcasts.Map(broadcasts);
        ChangeBroadcast.Map(broadcasts);
        IssueTicket.Map(broadcasts);

        ConversationCalls.Map(api);
        MomentCalls.Map(api);
        NoticeCalls.Map(api);
        FileCalls.Map(api);
        ArticleCalls.Map(api, OfficialCalls.Map(api));
        SearchCalls.Map(api);
        RealtimeHub.Map(api);
        PasskeyCalls.Map(api);
        ReportCalls.Map(api);
        ExportCalls.Map(api);

        var admin = api.MapGroup("/admin").RequireAuthorization(policy => policy.RequireRole(SessionAuthentication.AdminRole)).WithTags("Administration");
        admin.AddEndpointFilter((context, next) =>
        {
            context.HttpContext.RequestServices.GetRequiredService<CallerStanding>().MustAdminister = true;
            return next(context);
        });
        LiveControl.Map(admin);
        AccountControl.Map(admin);
        OfficialControl.Map(admin);
        PasswordResets.Map(api, admin);
        InvitationControl.Map(admin);
        ReportControl.Map(admin);
        AuditCalls.Map(admin);
        api.MapFallback("{**path}", () => Problems.NotFound()).AllowAnonymous().ExcludeFromDescription();
    }

    private sealed class Listeners
    {
        public ListenOptions? Public { get; set; }

        public ListenOptions? Planes { get; set; }
    }

    /// <summary>Marks a connection to the planes' listener.</summary>
    private sealed class BetweenPlanes
    {
        public static readonly BetweenPlanes Mark = new();
    }
}
