using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Weir.Social.Data;
using Weir.Social.Search;
using Weir.Social.Sessions;

namespace Weir.Social.Tests;

/// <summary>A whole social plane over real HTTP, with its own data directory and database.</summary>
public sealed class Server : IAsyncDisposable
{
    public const string SetupCode = "code-of-the-tests";

    // The tables of this version, made once: that migrations make them is for the upgrade's tests.
    private static readonly Lazy<Task<byte[]>> Template = new(MakeTemplateAsync);

    private readonly string _directory;
    private int _people;

    private Server(SocialPlane plane, SocialOptions options)
    {
        Plane = plane;
        Options = options;
        _directory = options.DataDirectory;
        Http = new HttpClient(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false }) { BaseAddress = new Uri($"http://127.0.0.1:{plane.HttpPort}") };
    }

    public SocialPlane Plane { get; }

    public SocialOptions Options { get; }

    public HttpClient Http { get; }

    /// <summary>When sessions were last used stands in the database.</summary>
    public Task NotedAsync() => Patience.HoldsAsync(() => Plane.App.Services.GetRequiredService<SessionNotes>().Waiting.Count == 0);

    public static async Task<Server> StartAsync(
        PostgresCluster? postgres = null,
        Action<WebApplicationBuilder>? configure = null,
        Func<SocialOptions, SocialOptions>? options = null)
    {
        var chosen = new SocialOptions
        {
            DataDirectory = Directory.CreateTempSubdirectory("weir-social-").FullName,
            HttpPort = 0,
            SetupCode = SetupCode,
            PasswordIterations = 1000,
            // Tests ask faster than people do; those of this limit set their own.
            CallLimit = 100_000,
            Database = postgres is null ? DatabaseProvider.Sqlite : DatabaseProvider.Postgres,
            ConnectionString = postgres is null ? null : await postgres.CreateMigratedDatabaseAsync(),
        };
        var made = chosen.DataDirectory;
        chosen = options?.Invoke(chosen) ?? chosen;
        if (chosen.DataDirectory != made)
        {
            Directory.Delete(made);
        }

        if (postgres is null && Directory.Exists(chosen.DataDirectory) && !File.Exists(chosen.DatabaseFile))
        {
            await File.WriteAllBytesAsync(chosen.DatabaseFile, await Template.Value);
        }

        var plane = SocialPlane.Build(chosen, configure: builder =>
        {
            // What may take two seconds and then is half an answer, or none, may take longer where the machine is slow; tests of these limits set their own.
            builder.Services.AddSingleton(new SearchLimits { LongestWait = Patience.Limit, Longest = Patience.Limit });
            builder.Services.PostConfigure<HostOptions>(host => host.ShutdownTimeout = Patience.Limit);
            configure?.Invoke(builder);
        });
        await plane.StartAsync();
        return new Server(plane, chosen);
    }

    private static async Task<byte[]> MakeTemplateAsync()
    {
        var directory = Directory.CreateTempSubdirectory("weir-template-").FullName;
        var options = new SocialOptions { DataDirectory = directory };
        await using (var db = Database.Open(options))
        {
            await db.MigrateAsync(default);
            await db.Database.ExecuteSqlRawAsync("PRAGMA journal_mode=DELETE");
        }

        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        var made = await File.ReadAllBytesAsync(options.DatabaseFile);
        Directory.Delete(directory, recursive: true);
        return made;
    }

    /// <summary>A signed-in person; the first of a server is its administrator.</summary>
    public async Task<Someone> PersonAsync(string name = "Someone", bool admin = false)
    {
        var number = Interlocked.Increment(ref _people);
        var handle = $"{new string([.. name.ToLowerInvariant().Where(char.IsAsciiLetter)])}_{number}";
        if (admin)
        {
            return await Someone.OfAsync(this, await Anybody.PostAsync("/api/setup", new { code = SetupCode, handle, name, password = Someone.Password }));
        }

        // Straight into the database: what an invitation does has its own tests, and this is the test's own arrangement.
        await using var scope = Plane.App.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<WeirDb>();
        var creation = scope.ServiceProvider.GetRequiredService<Accounts.AccountCreation>();
        var (account, fault) = creation.Prepare(handle, name, Someone.Password);
        Assert.Null(fault);
        account!.PasswordHash = await Plane.App.Services.GetRequiredService<Accounts.PasswordQueue>().Hash(
            Someone.Password, Accounts.PasswordLane.Known, default)!;
        await scope.ServiceProvider.GetRequiredService<WriteScope>().RunAsync(() => creation.AddAsync(account, default), default);
        return await Someone.OfAsync(this, await Anybody.PostAsync("/api/sessions", new { handle, password = Someone.Password }));
    }

    public Someone Anybody => new(this, null, "", "");

    internal async Task<T> ReadAsync<T>(Func<WeirDb, Task<T>> read)
    {
        await using var scope = Plane.App.Services.CreateAsyncScope();
        return await read(scope.ServiceProvider.GetRequiredService<WeirDb>());
    }

    /// <summary>Sessions are looked up again, as they are by themselves a while later.</summary>
    public Task ForgetAsync() => ReadAsync(async db =>
    {
        db.PeopleChanged = true;
        await Sessions.SessionsEpoch.RaiseIfChangedAsync(db, default);
        db.PeopleChanged = false;
        return true;
    });

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Plane.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(_directory, recursive: true);
    }
}
