using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Weir.Hosting.Tls;

/// <summary>TLS on a listener whose plain visitors are told apart by their first byte instead of getting a broken connection.</summary>
public static class TlsListening
{
    /// <summary>RFC 8446 5.1: a TLS connection begins with a record of this content type. HTTP begins with a letter, RTMP with its version, 3.</summary>
    private const byte Handshake = 22;
    private static readonly TimeSpan FirstByteLimit = TimeSpan.FromSeconds(10);

    /// <summary>Put it before whatever serves the connection. Plain connections are served too, marked as such: <see cref="UseHttpsOnly"/> sends them on.</summary>
    public static void UseTls(this ListenOptions listen, TlsFiles files)
    {
        var services = listen.ApplicationServices;
        var clock = services.GetRequiredService<TimeProvider>();
        var certificate = new ServerCertificate(files, clock, services.GetRequiredService<ILogger<ServerCertificate>>());
        ConnectionDelegate plain = null!;
        listen.Use(secure => async connection =>
        {
            switch (await FirstByteAsync(connection, clock))
            {
                case null:
                    break;
                case Handshake:
                    await secure(connection);
                    break;
                default:
                    connection.Features.Set(PlainOnTls.Mark);
                    await plain(connection);
                    break;
            }
        });
        listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = _ => ValueTask.FromResult(certificate.Options()) });
        listen.Use(rest =>
        {
            plain = rest;
            return rest;
        });
    }

    /// <summary>Whoever speaks HTTP to an HTTPS port is shown the same address with https; nothing else is answered without TLS.</summary>
    public static void UseHttpsOnly(this IApplicationBuilder app) => app.Use(async (context, next) =>
    {
        if (context.Features.Get<PlainOnTls>() is null)
        {
            await next(context);
            return;
        }

        var request = context.Request;
        var host = HostNames.Authority(request);
        if ((HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method)) && host.Length > 0 && !context.WebSockets.IsWebSocketRequest)
        {
            context.Response.StatusCode = StatusCodes.Status308PermanentRedirect;
            context.Response.Headers.Location = $"https://{host}{request.PathBase}{request.Path.ToUriComponent()}{request.QueryString}";
            // A browser that kept this would be locked out when the server goes back to plain HTTP.
            context.Response.Headers.CacheControl = "no-store";
            return;
        }

        await Problems.Of(StatusCodes.Status400BadRequest, "https-needed", "This port speaks HTTPS: use https:// in the address.").ExecuteAsync(context);
    });

    private static async Task<byte?> FirstByteAsync(ConnectionContext connection, TimeProvider clock)
    {
        using var limit = new CancellationTokenSource(FirstByteLimit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, connection.ConnectionClosed);
        try
        {
            var read = await connection.Transport.Input.ReadAsync(either.Token);
            byte? first = read.Buffer.IsEmpty ? null : read.Buffer.FirstSpan[0];
            // Nothing is consumed and nothing examined: the next reader gets it at once.
            connection.Transport.Input.AdvanceTo(read.Buffer.Start, read.Buffer.Start);
            return first;
        }
        catch (Exception fault) when (fault is OperationCanceledException or IOException or ConnectionAbortedException)
        {
            return null;
        }
    }

    /// <summary>Marks a connection that came to a TLS port without TLS.</summary>
    private sealed class PlainOnTls
    {
        public static readonly PlainOnTls Mark = new();
    }
}
