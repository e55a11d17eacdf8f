using System.Globalization;
using System.Security.Cryptography;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Net.Http.Headers;
using Microsoft.OpenApi;
using Weir.Hosting;

namespace Weir.Social.WebApp;

/// <summary>
/// <c>GET /openapi/v1.json</c>. It is the same for everybody and takes some thirty milliseconds to make, so it is made once, when somebody
/// asks for the first time.
/// </summary>
internal sealed class ApiDocument([FromKeyedServices(ApiDocument.Version)] IOpenApiDocumentProvider provider) : IDisposable
{
    public const string Version = "v1";

    private readonly SemaphoreSlim _one = new(1, 1);
    private (byte[] Json, EntityTagHeaderValue Tag)? _made;

    public static void AddServices(IServiceCollection services) => services.AddSingleton<ApiDocument>()
        .AddOpenApi(Version, openApi => openApi.AddSchemaTransformer(Json.DescribeIdsAsync).AddDocumentTransformer((document, _, _) =>
        {
            document.Info.Title = "Weir";
            document.Info.Version = ServerInfo.Version;
            // At the address it was asked at, whoever asked.
            document.Servers = [new OpenApiServer { Url = "/" }];
            return Task.CompletedTask;
        }));

    public static void Map(WebApplication app) => app
        .MapGet("/openapi/{documentName}.json", async Task<IResult> (string documentName, ApiDocument document, CancellationToken cancellation) =>
        {
            if (documentName != Version)
            {
                return Problems.NotFound();
            }

            var (json, tag) = await document.ReadAsync(cancellation);
            return TypedResults.Bytes(json, "application/json", entityTag: tag);
        })
        .AllowAnonymous().ExcludeFromDescription();

    public void Dispose() => _one.Dispose();

    private async Task<(byte[] Json, EntityTagHeaderValue Tag)> ReadAsync(CancellationToken cancellation)
    {
        if (_made is { } made)
        {
            return made;
        }

        await _one.WaitAsync(cancellation);
        try
        {
            if (_made is { } meanwhile)
            {
                return meanwhile;
            }

            var document = await provider.GetOpenApiDocumentAsync(cancellation);
            var json = System.Text.Encoding.UTF8.GetBytes(await document.SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_1, cancellation));
            var tag = string.Create(CultureInfo.InvariantCulture, $"\"{Convert.ToHexStringLower(SHA256.HashData(json).AsSpan(0, 8))}\"");
            _made = (json, new EntityTagHeaderValue(tag));
            return _made.Value;
        }
        finally
        {
            _one.Release();
        }
    }
}
