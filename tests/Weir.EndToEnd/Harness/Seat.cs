using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace Weir.EndToEnd.Harness;

/// <summary>One window: its page by test ids, its picture, and what its console complained about.</summary>
internal sealed partial class Seat
{
    private readonly Lock _gate = new();
    private readonly List<string> _complaints = [];
    private readonly RestlessPages _restless = new();

    public Seat(string name, IPage page)
    {
        Name = name;
        Page = page;
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
            {
                Complain($"{message.Text} [{message.Location}]");
            }
        };
        page.PageError += (_, error) => Complain($"uncaught: {error}");
        _restless.Watch(page);
    }

    public string Name { get; }

    public IPage Page { get; }

    /// <summary>What the page asked for again and again.</summary>
    public IReadOnlyList<string> Restless => _restless.Found();

    public ILocator Player => Find("player");

    public ILocator Find(string testId) => Page.GetByTestId(testId);

    public Task GoAsync(string url) => Page.GotoAsync(url, new() { WaitUntil = WaitUntilState.DOMContentLoaded });

    /// <summary>
    /// The page has come to this address. Not by Playwright's waits for addresses and loads: they look and then listen, and what happens between
    /// the two they never hear of.
    /// </summary>
    public Task AtAsync(Regex address) => Assertions.Expect(Page).ToHaveURLAsync(address);

    /// <summary>Nothing is being loaded any more: asked again and again, for the same reason.</summary>
    public Task IdleAsync() => Eventually.TrueAsync($"{Name}'s page has loaded", Eventually.Patience, async () =>
    {
        try
        {
            await Page.WaitForLoadStateAsync(LoadState.NetworkIdle, new() { Timeout = 2000 });
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    });

    public Task TypeAsync(string testId, string text) => Find(testId).FillAsync(text);

    public Task ClickAsync(string testId) => Find(testId).ClickAsync();

    /// <summary>
    /// Clicks a button of the player. They hide when the mouse has not moved for a while, which on a busy machine may be over before the click: so the mouse moves again.
    /// </summary>
    public Task ClickOnPlayerAsync(string testId)
    {
        var x = 0;
        return Eventually.TrueAsync($"{Name} clicks {testId}", Eventually.Patience, async () =>
        {
            await Player.HoverAsync(new() { Position = new() { X = 40 + (++x % 20), Y = 40 } });
            try
            {
                await Find(testId).ClickAsync(new() { Timeout = 2000 });
                return true;
            }
            catch (TimeoutException)
            {
                return false;
            }
        });
    }

    /// <summary>Name, handle and password of a new account, as the set-up and the invitation page ask for them.</summary>
    public async Task MakeAccountAsync(string name, string handle)
    {
        await TypeAsync("name", name);
        await TypeAsync("handle", handle);
        await TypeAsync("password", Api.Password);
        await ClickAsync("submit");
        await Assertions.Expect(Find("nav-live")).ToBeVisibleAsync();
    }

    public async Task SayAsync(string text)
    {
        await TypeAsync("composer", text);
        await ClickAsync("send");
    }

    public ILocator Comment(string text) => Find("comment").Filter(new() { HasText = text });

    /// <summary>The picture is painted and moves: other pixels at a later media time, twice.</summary>
    public async Task MovingPictureAsync()
    {
        await Assertions.Expect(Player).ToHaveAttributeAsync("data-state", "playing");
        var before = await PictureAsync();
        for (var change = 0; change < 2; change++)
        {
            var last = before;
            before = await Eventually.GetAsync($"{Name} sees another picture than at {last.Time:0.00} s", Eventually.Patience, async () =>
            {
                var now = await PictureAsync();
                return now.Time > last.Time + 0.3 && now.Pixels != last.Pixels ? now : null;
            });
        }
    }

    /// <summary>The video's media time, seconds, and a small copy of its pixels as text.</summary>
    public async Task<Picture> PictureAsync() => await Page.EvaluateAsync<Picture>(
        """
        () => {
          const video = document.querySelector('video');
          const canvas = Object.assign(document.createElement('canvas'), { width: 32, height: 18 });
          const context = canvas.getContext('2d');
          context.drawImage(video, 0, 0, 32, 18);
          return { time: video.currentTime, pixels: context.getImageData(0, 0, 32, 18).data.join() };
        }
        """);

    /// <summary>How green the picture is: the pretended camera's ground is, our card is not.</summary>
    public async Task<double> GreenAsync() => await Page.EvaluateAsync<double>(
        """
        () => {
          const canvas = Object.assign(document.createElement('canvas'), { width: 16, height: 9 });
          const context = canvas.getContext('2d');
          context.drawImage(document.querySelector('video'), 0, 0, 16, 9);
          const { data } = context.getImageData(0, 0, 16, 9);
          let green = 0;
          for (let at = 0; at < data.length; at += 4) if (data[at + 1] > 90 && data[at] < 80 && data[at + 2] < 60) green++;
          return green / (data.length / 4);
        }
        """);

    /// <summary>
    /// What the console said beyond the lines Chromium itself writes for an answer that is part of the story: 401 before signing in, 404 for
    /// what is hidden, and a live plane that was killed. No script can keep those out of the console.
    /// </summary>
    public IReadOnlyList<string> Complaints()
    {
        lock (_gate)
        {
            return [.. _complaints.Where(line => !NetworkStatus().IsMatch(line))];
        }
    }

    public async Task<string> DescribeAsync()
    {
        string text;
        try
        {
            text = await Page.EvaluateAsync<string>(
                """
                () => {
                  const player = document.querySelector('[data-testid=player]'), video = document.querySelector('video');
                  return JSON.stringify({ ...player?.dataset, time: video?.currentTime, ready: video?.readyState, error: video?.error?.message }) + '\n' + document.body.innerText;
                }
                """);
        }
        catch (PlaywrightException fault)
        {
            text = fault.Message;
        }

        lock (_gate)
        {
            return $"--- {Name} at {Page.Url}\n{text}\nconsole:\n{string.Join("\n", _complaints)}";
        }
    }

    private void Complain(string line)
    {
        lock (_gate)
        {
            _complaints.Add(line);
        }
    }

    [GeneratedRegex(@"^(Failed to load resource: (the server responded with a status of (401|404|502|503)|net::ERR_)|WebSocket connection to 'ws://localhost:)")]
    private static partial Regex NetworkStatus();

    internal sealed record Picture
    {
        public double Time { get; init; }

        public string Pixels { get; init; } = "";
    }
}
