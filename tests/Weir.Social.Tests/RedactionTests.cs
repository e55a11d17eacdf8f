using Weir.Hosting;

namespace Weir.Social.Tests;

/// <summary>What gives a right to something does not reach logs, however it is written.</summary>
public sealed class RedactionTests
{
    [Theory]
    [InlineData("GET /live/1/watch?%74icket=AbC&x=2", "GET /live/1/watch?%74icket=[hidden]&x=2")]
    [InlineData("?x=1&%54%49cke%74%3DAbC-_1", "?x=1&%54%49cke%74%3D[hidden]")]
    [InlineData("DELETE /whip/0123abcd/AbCdEf", "DELETE /whip/0123abcd/[hidden]")]
    [InlineData("PATCH /live/0123abcd/whep/AbCdEf?x", "PATCH /live/0123abcd/whep/[hidden]?x")]
    [InlineData("https://weir.example.org/join/some-code and /g/other", "https://weir.example.org/join/[hidden] and /g/[hidden]")]
    [InlineData("/api/invitations/abc /api/group-links/xyz/join", "/api/invitations/[hidden] /api/group-links/[hidden]/join")]
    public void Codes_in_paths_and_encoded_tickets_do_not_reach_logs(string text, string expected) => Assert.Equal(expected, Redaction.Text(text));

    [Theory]
    [InlineData("Request starting HTTP/1.1 GET http://weir.example.org:8080/live/AbC-_1?x=y - application/json", "Request starting HTTP/1.1 GET http://weir.example.org:8080/live/*?[hidden] - application/json")]
    [InlineData("'/api/conversations/0f3a/messages' is slow", "'/api/conversations/*/messages' is slow")]
    [InlineData("Executing endpoint 'HTTP: POST /api/broadcasts/{id}/tickets'", "Executing endpoint 'HTTP: POST /api/broadcasts/*/tickets'")]
    [InlineData("GET /%6aoin/verysecretcodethatislong/index.m3u8", "GET /*/*/index.m3u8")]
    [InlineData("nothing to hide: 1/2 and text/html", "nothing to hide: 1/2 and text/html")]
    public void What_others_log_of_a_request_is_its_route(string text, string expected) => Assert.Equal(expected, Redaction.Routes(text));
}
