using System.Buffers.Binary;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Weir.EndToEnd.Harness;

namespace Weir.EndToEnd;

/// <summary>The browser itself says whether the app can be installed.</summary>
public sealed class InstallStory
{
    [Fact]
    public async Task The_manifest_has_no_faults_and_every_icon_has_the_size_it_states()
    {
        await using var server = new WeirServer();
        await server.StartAsync();
        await using var chromium = await Chromium.StartAsync();
        await chromium.TellAsync(() => TellAsync(server, chromium), () => server.Output);
    }

    private static async Task TellAsync(WeirServer server, Chromium chromium)
    {
        var seat = await chromium.SeatAsync("visitor", 390, 844);
        await seat.GoAsync($"{server.Url}/setup");
        var devtools = await seat.Page.Context.NewCDPSessionAsync(seat.Page);
        var read = (await devtools.SendAsync("Page.getAppManifest"))!.Value;
        Assert.Equal($"{server.Url}/manifest.webmanifest", Stage.Text(read, "url"));
        Assert.Empty(read.GetProperty("errors").EnumerateArray().Select(fault => fault.GetRawText()));

        // A window of the tests keeps nothing, like a private one; that is the only thing in the way.
        var hindrances = (await devtools.SendAsync("Page.getInstallabilityErrors"))!.Value.GetProperty("installabilityErrors");
        Assert.All(hindrances.EnumerateArray(), fault => Assert.Equal("in-incognito", Stage.Text(fault, "errorId")));

        using var http = new HttpClient { BaseAddress = new Uri(server.Url) };
        var manifest = await http.GetFromJsonAsync<JsonElement>("/manifest.webmanifest");
        var icons = manifest.GetProperty("icons").EnumerateArray().Concat(manifest.GetProperty("shortcuts").EnumerateArray().SelectMany(one => one.GetProperty("icons").EnumerateArray())).ToList();
        Assert.Contains(icons, icon => Stage.Text(icon, "sizes") == "192x192");
        Assert.Contains(icons, icon => Stage.Text(icon, "sizes") == "512x512");
        foreach (var icon in icons)
        {
            using var answer = await http.GetAsync(Stage.Text(icon, "src"));
            Assert.True(answer.IsSuccessStatusCode, $"{icon}: {answer.StatusCode}");
            Assert.Equal(Stage.Text(icon, "type"), answer.Content.Headers.ContentType?.MediaType);
            if (Stage.Text(icon, "type") == "image/png")
            {
                // PNG 5.2 and 11.2.2: the first chunk behind the signature is IHDR, which begins with width and height.
                var bytes = await answer.Content.ReadAsByteArrayAsync();
                var (width, height) = (BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(16)), BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(20)));
                Assert.Equal(Stage.Text(icon, "sizes"), string.Create(CultureInfo.InvariantCulture, $"{width}x{height}"));
            }
        }
    }
}
