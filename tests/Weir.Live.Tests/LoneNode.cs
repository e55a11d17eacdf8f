namespace Weir.Live.Tests;

/// <summary>A node for tests over HTTP: free ports on loopback, and nobody where its social plane should be.</summary>
internal static class LoneNode
{
    public static LiveOptions Options(DirectoryInfo data) => new()
    {
        DataDirectory = data.FullName,
        NodeKeyFile = Path.Combine(data.FullName, "node.key"),
        SocialAddress = new Uri("http://127.0.0.1:1"),
        HttpPort = 0,
        RtmpPort = 0,
        RtcPort = 0,
        LoopbackOnly = true,
    };
}
