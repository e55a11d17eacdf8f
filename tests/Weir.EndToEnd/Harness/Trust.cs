namespace Weir.EndToEnd.Harness;

/// <summary>The servers here are our own and make their certificates themselves.</summary>
internal static class Trust
{
    public static HttpClientHandler Handler() => new() { ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator };
}
