using Weir.Browsers.Harness;
using Weir.EndToEnd.Harness;

namespace Weir.Browsers;

/// <summary>
/// Debian's Firefox plays H.264 by libavcodec. In WebRTC it has it by a plugin of Cisco's alone, which it would have to fetch.
/// </summary>
public sealed class FirefoxStory : AnyBrowserStory
{
    private protected override string CannotSend => "This browser cannot send H.264";

    /// <summary>A browser that does not say what it can send is tried, and the server refuses what it offers.</summary>
    [Fact]
    public Task What_the_server_refuses_leaves_no_prepared_broadcast_behind() => TellAsync(async (stage, window) =>
    {
        await window.GoAsync($"{stage.Server.Url}/go-live");
        await window.SeesAsync("way-camera");
        await window.AskAsync<object>("delete RTCRtpSender.getCapabilities;");
        await window.ClickAsync("way-camera");
        await window.ClickAsync("go-live");
        await Eventually.TrueAsync("it is said why", Eventually.Patience, () => window.AskAsync<bool>(
            "return [...document.querySelectorAll('form [role=alert]')].some((one) => one.textContent.includes('H.264'));"));
        await NothingIsPreparedAsync(stage);
    });

    [Fact]
    public Task A_page_without_HTTPS_says_that_cameras_need_it() => TellAsync(async (stage, window) =>
    {
        var url = $"http://{FirefoxWindow.InsecureHost}:{stage.Server.Http}";
        await SignInAsync(window, url);
        await window.GoAsync($"{url}/go-live");
        await window.ClickAsync("way-camera");
        await window.SeesAsync("camera-problem", "Cameras need HTTPS");
    });

    private protected override Task<Window> OpenAsync(bool h264) => FirefoxWindow.OpenAsync(h264);
}
