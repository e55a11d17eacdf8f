namespace Weir.Demo;

/// <summary>What the demo's people post: moments with pictures and comments, and an article of an official account, sent to its followers.</summary>
internal sealed class DemoPosts(DemoPeople people)
{
    private const string Account = "river_gauge";

    private readonly string _host = people.World.Host;
    private readonly string _tom = people.World.Friends[0];
    private readonly string _wei = people.World.Friends[1];
    private readonly string _aisha = people.World.Friends[2];
    private readonly string _max = people.World.Stranger;

    public async Task PostAsync(CancellationToken stopping)
    {
        await PublishAsync(stopping);
        await ShowMomentsAsync(stopping);
    }

    /// <summary>Everybody sees one with pictures and comments, also who knows the first friend only: comments of strangers are hidden.</summary>
    private async Task ShowMomentsAsync(CancellationToken stopping)
    {
        await ShowAsync(_host, "周日的水坝 · The weir on a Sunday", [], [(_tom, "下次叫上我"), (_wei, "See you there!")], stopping);
        var mountain = await people.UploadAsync(_wei, ["mountain.jpg"], stopping);
        await ShowAsync(_wei, "终于到山顶了 · The last steps to the top", mountain, [(_host, "太美了！"), (_aisha, "My feet still hurt 😄")], stopping);
        var bread = await people.UploadAsync(_aisha, ["bread.jpg"], stopping);
        (string, string)[] hungry = [(_host, "闻到香味了"), (_tom, "I am on my way"), (_wei, "给我留一块")];
        await ShowAsync(_aisha, "第三次，成功！ Third try. It sings when it cools", bread, hungry, stopping);
        var books = await people.UploadAsync(_max, ["books.jpg"], stopping);
        (string, string)[] advice = [(_tom, "Start with the green one"), (_max, "That is the thickest!")];
        await ShowAsync(_max, "雨天和茶 · Rain, tea, and four books to go", books, advice, stopping);
        var river = await people.UploadAsync(_tom, ["river-morning.jpg", "river-noon.jpg", "river-evening.jpg"], stopping);
        // An upload may be shown in several places by whoever made it.
        await people.PostAsync(
            _tom,
            $"/api/conversations/{people.World.Conversation:N}/messages",
            new { clientId = "demo-pictures", text = "早上、中午、傍晚 · Morning, noon and evening", pictures = river },
            stopping);
        await ShowAsync(
            _tom,
            "河边的一天 · A day by the river",
            river,
            [(_host, "好美！"), (_wei, "The evening one 😍"), (_aisha, "Which lens?"), (_tom, "The old 35 mm"), (_max, "下次也叫我 · Wake me up next time")],
            stopping);
    }

    /// <summary>A moment for the owner's friends, with comments; whoever wrote one likes it, but for the owner.</summary>
    private async Task ShowAsync(string owner, string text, List<string> pictures, (string Who, string Text)[] comments, CancellationToken stopping)
    {
        var body = new { text, audience = new { kind = "friends" }, pictures, clientId = "demo-moment" };
        var moment = await people.PostAsync(owner, "/api/moments", body, stopping);
        var path = $"/api/moments/{moment.GetProperty("id").GetString()}";
        for (var index = 0; index < comments.Length; index++)
        {
            var (who, said) = comments[index];
            await people.PostAsync(who, $"{path}/comments", new { text = said, clientId = $"demo-{index}" }, stopping);
            if (who != owner)
            {
                using var like = await people[who].PutAsync($"{path}/like", null, stopping);
                like.EnsureSuccessStatusCode();
            }
        }
    }

    private async Task PublishAsync(CancellationToken stopping)
    {
        await people.PostAsync(
            _host,
            "/api/official",
            new
            {
                handle = Account,
                name = "水位日报 River Gauge",
                description = "每天早上的水位，和河边的小事 · The level every morning, and small news from the river",
                open = true,
            },
            stopping);
        foreach (var follower in (string[])[.. people.World.Friends, _max])
        {
            using var follow = await people[follower].PutAsync($"/api/official/{Account}/follow", null, stopping);
            follow.EnsureSuccessStatusCode();
        }

        var pictures = await people.UploadAsync(_host, ["gauge.jpg", "river-noon.jpg"], stopping);
        var article = (await people.PostAsync(_host, $"/api/official/{Account}/articles", new { }, stopping)).GetProperty("id").GetString()!;
        var draft = new
        {
            version = 1,
            title = "老水坝的一周 · A week at the old weir",
            summary = "水涨了十厘米，小鸭子学会了游泳。The water rose by ten centimetres, and the ducklings swim.",
            markdown = Markdown(pictures),
            cover = pictures.FirstOrDefault(),
        };
        var saved = await people.PutAsync(_host, $"/api/articles/{article}/draft", draft, stopping);
        await people.PostAsync(_host, $"/api/articles/{article}/publish", new { version = saved.GetProperty("version").GetInt64() }, stopping);
        await people.PostAsync(_host, $"/api/official/{Account}/sends", new { articles = new[] { article } }, stopping);
    }

    private static string Markdown(List<string> pictures) => $"""
        The old weir is from 1887. Its gauge on the wall is still read every morning, by Mrs. Albrecht, who is 84.

        老水坝建于 1887 年。墙上的水尺，八十四岁的阿尔布雷希特太太每天早上都来读。

        {(pictures.Count > 1 ? $"![正午的河 · The river at noon](/api/files/{pictures[1]})" : "")}

        ## 本周水位 · The level this week

        * 周一 Monday: 42 cm
        * 周三 Wednesday: 47 cm, after **rain in the hills**
        * 周日 Sunday: 52 cm

        ## 小鸭子 · The ducklings

        Three of them, and they swim *behind* their mother, never beside her. 傍晚来看最好。

        > “The river is never the same twice. That is why I write it down.”
        """;
}
