using Weir.Browsers.Harness;
using Weir.EndToEnd.Harness;

namespace Weir.Browsers;

/// <summary>Debian's WebKitGTK is built without WebRTC, and plays H.264 by GStreamer.</summary>
public sealed class WebKitStory : AnyBrowserStory
{
    private protected override string CannotSend => "This browser cannot send a picture";

    private protected override Task<Window> OpenAsync(bool h264) => WebKitWindow.OpenAsync(h264);
}
