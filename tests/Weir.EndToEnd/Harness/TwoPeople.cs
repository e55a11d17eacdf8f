namespace Weir.EndToEnd.Harness;

/// <summary>Stories of two people, each with a window, who have their conversation open.</summary>
public abstract class TwoPeople
{
    private protected const string Host = "Hanna Host";
    private protected const string Friend = "小明";

    private protected static async Task<(Seat Host, Seat Friend)> MeetAsync(Stage stage, Chromium chromium)
    {
        await stage.Host.DirectAsync("friend");
        var host = await chromium.SeatAsync("host");
        var friend = await chromium.SeatAsync("friend", 390, 844);
        await host.SignInAsync(stage.Server, "host");
        await friend.SignInAsync(stage.Server, "friend");
        await host.OpenChatAsync(Friend);
        await friend.OpenChatAsync(Host);
        return (host, friend);
    }

    private protected static void NothingToComplain(params Seat[] seats)
    {
        foreach (var seat in seats)
        {
            Assert.True(seat.Complaints().Count == 0, $"{seat.Name}'s console:\n{string.Join("\n", seat.Complaints())}");
        }
    }

    private protected static async Task WithAsync(Func<Stage, Chromium, Task> story)
    {
        await using var stage = await Stage.SetAsync();
        await using var chromium = await Chromium.StartAsync();
        await chromium.TellAsync(() => story(stage, chromium), () => stage.Server.Output);
    }
}
