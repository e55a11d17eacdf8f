using System.Buffers.Binary;
using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Weir.Social.Tests;

/// <summary>A browser's end of RFC 8291, written from the RFC and not from our code.</summary>
internal sealed class PushBrowser : IDisposable
{
    private readonly ECDiffieHellman _key = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);

    public PushBrowser()
    {
        var q = _key.ExportParameters(false).Q;
        Key = [4, .. q.X!, .. q.Y!];
    }

    public byte[] Key { get; }

    public byte[] Auth { get; } = RandomNumberGenerator.GetBytes(16);

    public byte[] Decrypt(byte[] message)
    {
        var salt = message[..16];
        Assert.Equal(4096u, BinaryPrimitives.ReadUInt32BigEndian(message.AsSpan(16)));
        Assert.Equal(65, message[20]);
        var sender = message[21..86];
        using var other = ECDiffieHellman.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = sender[1..33], Y = sender[33..] } });
        var secret = _key.DeriveRawSecretAgreement(other.PublicKey);
        // RFC 8291 3.4, by HMAC alone.
        byte[] keyInfo = [.. "WebPush: info"u8, 0, .. Key, .. sender];
        var input = Hmac(Hmac(Auth, secret), [.. keyInfo, 1]);
        var prk = Hmac(salt, input);
        var contentKey = Hmac(prk, [.. "Content-Encoding: aes128gcm"u8, 0, 1])[..16];
        var nonce = Hmac(prk, [.. "Content-Encoding: nonce"u8, 0, 1])[..12];
        var record = new byte[message.Length - 86 - 16];
        using var aes = new AesGcm(contentKey, 16);
        aes.Decrypt(nonce, message.AsSpan(86, record.Length), message.AsSpan(86 + record.Length), record);
        var end = Array.FindLastIndex(record, b => b != 0);
        Assert.Equal(2, record[end]);
        return record[..end];

        static byte[] Hmac(byte[] key, byte[] data) => HMACSHA256.HashData(key, data);
    }

    public void Dispose() => _key.Dispose();
}

/// <summary>A push service on this machine.</summary>
internal sealed class PushService : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Channel<(string Path, HttpRequest Request, IHeaderDictionary Headers, byte[] Body)> _received = Channel.CreateUnbounded<(string, HttpRequest, IHeaderDictionary, byte[])>();
    private string _address = "";

    private PushService(WebApplication app) => _app = app;

    /// <summary>What to answer the next requests with, before 201.</summary>
    public ConcurrentQueue<(int Status, string? RetryAfter)> Answers { get; } = new();

    public static async Task<PushService> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        ListenOptions? listening = null;
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listening = listen));
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var service = new PushService(app);
        app.MapPost("/push/{id}", async (HttpContext context) =>
        {
            var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            var headers = new HeaderDictionary(context.Request.Headers.ToDictionary());
            context.Response.StatusCode = service.Answers.TryDequeue(out var answer) ? answer.Status : 201;
            if (answer.RetryAfter is not null)
            {
                context.Response.Headers.RetryAfter = answer.RetryAfter;
            }

            service._received.Writer.TryWrite((context.Request.Path.Value!, context.Request, headers, body.ToArray()));
        });
        await app.StartAsync();
        service._address = $"http://127.0.0.1:{listening!.IPEndPoint!.Port}";
        return service;
    }

    public string Endpoint(string id) => $"{_address}/push/{id}";

    public object Subscription(string id, PushBrowser browser, string language = "en") => new
    {
        endpoint = Endpoint(id),
        keys = new { p256dh = Base64Url.EncodeToString(browser.Key), auth = Base64Url.EncodeToString(browser.Auth) },
        language,
    };

    public async Task<(string Id, IHeaderDictionary Headers, byte[] Body)> NextAsync()
    {
        var (path, _, headers, body) = await _received.Reader.ReadAsync().AsTask().WaitAsync(Patience.Limit);
        return (path["/push/".Length..], headers, body);
    }

    public async Task<JsonElement> NextAsync(PushBrowser browser) => JsonDocument.Parse(browser.Decrypt((await NextAsync()).Body)).RootElement;

    public bool IsEmpty => _received.Reader.Count == 0;

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}

/// <summary>The real clock, which somebody sets to another time, and to which more time goes by than to others.</summary>
internal sealed class ShiftedClock : TimeProvider
{
    private long _passed;

    public TimeSpan Shift { get; set; }

    /// <summary>So much time goes by at once. Timers do not hear of it: they look at the clock when they are due by the real time.</summary>
    public void Pass(TimeSpan time) => Interlocked.Add(ref _passed, time.Ticks);

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Shift + TimeSpan.FromTicks(Interlocked.Read(ref _passed));

    public override long GetTimestamp() => base.GetTimestamp() + (Interlocked.Read(ref _passed) * (TimestampFrequency / TimeSpan.TicksPerSecond));
}
