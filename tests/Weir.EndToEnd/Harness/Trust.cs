namespace Weir.EndToEnd.Harness;

/// <summary>The servers here are our own and make their certificates themselves.</summary>
internal static class Trust
{
    /// <summary>Without cookies: who signs up or in with the cookie of a session ends that session.</summary>
    public static HttpClientHandler Handler() => new()
    {
        UseCookies = false,
        ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator,
    };
}
