using System.Net.Http.Headers;

namespace Weir.Social.Tests;

/// <summary>Bytes there and back.</summary>
internal static class Uploading
{
    public static Task<Answer> UploadAsync(this Someone one, byte[] bytes, string name, string kind) =>
        one.SendBytesAsync($"/api/files?as={kind}&name={Uri.EscapeDataString(name)}", bytes);

    public static Task<Answer> SendBytesAsync(this Someone one, string path, byte[] bytes, bool chunked = false, string type = "application/octet-stream") =>
        one.SendAsync(HttpMethod.Post, path, change: request =>
        {
            request.Content = new ByteArrayContent(bytes);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(type);
            request.Headers.TransferEncodingChunked = chunked;
        });

    public static async Task<(HttpResponseMessage Message, byte[] Bytes)> BytesAsync(this Someone one, string path, Action<HttpRequestMessage>? change = null)
    {
        var answer = await one.SendAsync(HttpMethod.Get, path, change: change);
        return (answer.Message, await answer.Message.Content.ReadAsByteArrayAsync());
    }
}
