using Weir.Social.Accounts;
using Weir.Social.Conversations;
using Weir.Social.Data;

namespace Weir.Social.Demo;

/// <summary>What the demo people said before one comes in: two of them for some weeks, two groups, a few words with the others.</summary>
internal static class DemoTalk
{
    /// <param name="Reply">How many messages back the one is that this replies to.</param>
    private sealed record Said(double HoursAgo, int Who, string Text, int? Reply = null, int[]? Mentions = null);

    private static readonly Said[] Friends =
    [
        new(170, 0, "Tom, did you get home all right?"), new(169.9, 1, "Just now. The train stood in the fields for an hour 🙃"), new(169.8, 1, "But the light over the river was worth it"),
        new(169.7, 0, "明天发照片给我！"), new(169.6, 1, "好的，一定"), new(146, 1, "I looked up the old weir. It is from 1887, and the gauge on the wall is still read every morning"),
        new(145.9, 0, "By whom?"), new(145.85, 1, "By Mrs. Albrecht. She is 84"), new(145.8, 0, "😮"), new(145.7, 0, "I want to meet her"), new(121, 0, "今天水位涨了十厘米"), new(120.9, 1, "Because of the rain in the hills"),
        new(97, 1, "Do you still have the tripod?"), new(96.5, 0, "Yes, in the cellar. Take it whenever you like"), new(96.4, 1, "谢谢 🙏"), new(72, 0, "Reading this: https://en.wikipedia.org/wiki/Weir"),
        new(71.8, 1, "The part about fish ladders is good"), new(50, 1, "Sunday then?"), new(49.9, 0, "Sunday. I bring tea, you bring the camera", 1), new(49.8, 1, "👍"),
        new(26, 0, "天气预报说星期天晴"), new(25.9, 1, "Perfect"), new(3.2, 1, "I am at the bridge. Where are you?"), new(3.1, 0, "Two minutes!"), new(3.05, 0, "I see you 👋"), new(1.4, 1, "That was a lovely morning. Thank you!"),
        new(1.3, 0, "周日最好的开始"), new(0.3, 1, "I put the pictures together tonight"),
    ];

    private static readonly Said[] Hike =
    [
        new(52, 2, "周末去徒步吗？"), new(51.9, 3, "I am in! Which way?"), new(51.8, 0, "沿着河走到老水坝，大概十二公里"), new(51.5, 1, "Twelve kilometres and a bakery at the end, I hope", 1),
        new(51.2, 2, "有面包店 🥐"), new(30, 3, "@Tom Becker can you bring the big thermos?", null, [1]), new(29.8, 1, "Already packed", 1), new(5, 0, "十点在车站见"), new(4.9, 2, "好"), new(4.8, 3, "See you there! ☀️"),
        new(0.8, 3, "My feet. But what a day"), new(0.7, 2, "下次去山上"), new(0.6, 3, "@林晓梅 you said it was flat 😄", null, [0]),
    ];

    private static readonly Said[] Aisha =
    [
        new(75, 3, "Hi Lin! Thanks for the recipe"), new(74, 0, "不客气 😊 How did it turn out?"), new(73.5, 3, "The second try was edible"),
        new(73.2, 0, "哈哈，再试一次"), new(2.1, 3, "Third try: delicious. Come over on Thursday?"),
    ];

    private static readonly Said[] Wei =
    [
        new(200, 2, "书我看完了，下周还你"), new(199, 0, "不急。好看吗？"), new(198.5, 2, "好看，最后一章读了两遍"),
        new(27, 2, "明天几点开播？"), new(26.8, 0, "太阳下山的时候"), new(26.7, 2, "Setting an alarm ⏰"),
    ];

    private static readonly Said[] Max =
    [
        new(98, 4, "Tom, is your clock running again?"), new(97.5, 1, "Since yesterday. Two seconds a swing"), new(97.4, 4, "Show it!"),
        new(97.2, 1, "On Sunday I put a camera in front of it"), new(28, 4, "顺便，你的雨伞在我这儿 ☂️"), new(27.9, 1, "哈哈，难怪找不到"),
        new(2.4, 4, "I bring it to the book club. Tea or coffee?"), new(2.2, 1, "Tea. 谢谢！"), new(0.4, 4, "The clock looks great, by the way"),
    ];

    private static readonly Said[] Club =
    [
        new(76, 1, "Who has not chosen a book yet?"), new(75.8, 3, "That is Max 😄"), new(75.5, 4, "Then something short. 老舍《茶馆》？"),
        new(75.2, 2, "好！我有两本，可以借一本"), new(75.1, 4, "Lend it to me, please", 1), new(40, 3, "第一幕读完了。So many people in one room!"),
        new(39.7, 2, "慢慢就认识了"), new(6, 1, "Friday at seven, at my place"), new(5.8, 3, "I bring bread 🥖"),
        new(5.7, 4, "@Aisha Rahman the good one, please", 1, [3]), new(5.6, 2, "周五见"),
    ];

    /// <param name="people">As the demo orders them: the host first.</param>
    public static void Add(WeirDb db, List<Account> people, DateTimeOffset now)
    {
        Add(db, people, [0, 3], null, Aisha, now, unread: 1);
        Add(db, people, [0, 2], null, Wei, now, unread: 0);
        Add(db, people, [0, 1], null, Friends, now, unread: 1);
        Add(db, people, [0, 1, 2, 3], "周末徒步 Weekend hike", Hike, now, unread: 3);
        Add(db, people, [1, 4], null, Max, now, unread: 1);
        Add(db, people, [1, 2, 3, 4], "读书会 Book club", Club, now, unread: 2);
    }

    private static void Add(WeirDb db, List<Account> people, int[] members, string? name, Said[] said, DateTimeOffset now, int unread)
    {
        var pair = name is null ? members.Select(m => people[m].Id).Order().ToArray() : null;
        var began = now.AddHours(-said[0].HoursAgo).AddMinutes(-5);
        var conversation = new Conversation
        {
            Id = Guid.NewGuid(),
            OneId = pair?[0],
            OtherId = pair?[1],
            Name = name,
            CreatedAt = began,
            LastSeq = said.Length,
            LastAt = now.AddHours(-said[^1].HoursAgo),
        };
        conversation.Members.AddRange(members.Select(m => new ConversationMember
        {
            ConversationId = conversation.Id,
            AccountId = people[m].Id,
            JoinedAt = began,
            Role = name is not null && m == 0 ? MemberRole.Owner : MemberRole.Member,
            ReadSeq = m == 0 ? said.Length - unread : said.Length,
        }));
        db.Conversations.Add(conversation);
        for (var index = 0; index < said.Length; index++)
        {
            var (hours, who, text, reply, mentions) = said[index];
            var clientId = $"demo-{index}";
            db.Messages.Add(new Message
            {
                ConversationId = conversation.Id,
                Seq = index + 1,
                Id = RepeatableIds.Former(conversation.Id, people[who].Id, clientId),
                SenderId = people[who].Id,
                ClientId = clientId,
                Text = text,
                ReplyToSeq = index + 1 - reply,
                Mentions = [.. (mentions ?? []).Select(m => people[m].Id)],
                SentAt = now.AddHours(-hours),
            });
        }
    }
}
