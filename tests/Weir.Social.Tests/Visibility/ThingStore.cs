using Weir.Social.Articles;
using Weir.Social.Broadcasts;
using Weir.Social.Conversations;
using Weir.Social.Data;
using Weir.Social.Files;
using Weir.Social.Notifications;
using Kinds = Weir.Social.Notifications.NoticeKind;

namespace Weir.Social.Tests.Visibility;

/// <summary>Puts the things of a world into the database where the world is.</summary>
internal static class ThingStore
{
    public static Placed Add(WeirDb db, Placed world, Things things, DateTimeOffset now)
    {
        var (day, text) = (WorldStore.DayOf(world.Number), $"w{world.Number}x");
        // Every other broadcast is a replay: lists show those, and nobody has to send them.
        foreach (var broadcast in db.ChangeTracker.Entries<Broadcast>().Select(entry => entry.Entity))
        {
            if (Array.IndexOf(world.Posts, broadcast.Id) is >= 0 and var post && IsReplay(post))
            {
                (broadcast.State, broadcast.Recorded) = (BroadcastState.Ended, true);
            }
        }

        var placed = world with
        {
            Things = things,
            Messages = Ids(things.Messages.Count),
            Articles = Ids(things.Articles.Count),
            Files = Ids(things.Files.Count),
            Notices = Ids(things.Notices.Count),
        };
        db.Messages.AddRange(things.Messages.Select((message, index) => new Message
        {
            ConversationId = placed.Talks[message.Talk],
            Seq = message.Seq,
            Id = placed.Messages[index],
            SenderId = placed.People[message.Sender],
            ClientId = $"{index}",
            Text = text,
            SentAt = day,
        }));
        var paper = placed.Papers[0];
        var account = db.ChangeTracker.Entries<OfficialAccounts.OfficialAccount>().Single(entry => entry.Entity.Id == paper).Entity;
        account.Open = things.OpenPaper;
        db.Articles.AddRange(things.Articles.Select((article, index) => new Article
        {
            Id = placed.Articles[index],
            OfficialAccountId = paper,
            CreatedById = placed.People[0],
            CreatedAt = day,
            DraftTitle = text,
            DraftMarkdown = text,
            Title = text,
            Markdown = text,
            Version = 1,
            PublishedVersion = 1,
            SavedAt = day,
            SavedById = placed.People[0],
            Slug = $"{text}-{index}",
            PublishedAt = day,
            IsPublished = article.Published,
        }));
        AddFiles(db, placed, things, day);
        db.Notifications.AddRange(things.Notices.Select((notice, index) => NoticeOf(placed, notice, placed.Notices[index], now)));
        db.Stars.AddRange(things.Stars.Select(star => new Star
        {
            OwnerId = placed.People[star.By],
            TargetId = star.Of == Things.Paper ? paper : placed.People[star.Of],
        }));
        if (placed.World.Talks[0].Members is not [var leader, ..])
        {
            return placed;
        }

        var link = GroupLink.Make(placed.Talks[0], placed.People[leader], now, 7);
        db.GroupLinks.Add(link);
        return placed with { GroupLink = link.Code };
    }

    public static bool IsReplay(int post) => post % 2 == 0;

    private static void AddFiles(WeirDb db, Placed placed, Things things, DateTimeOffset day)
    {
        foreach (var (file, index) in things.Files.Select((file, index) => (file, index)))
        {
            var id = placed.Files[index];
            db.Files.Add(new StoredFile
            {
                Id = id,
                OwnerId = placed.People[file.Owner],
                Kind = FileKind.File,
                Name = "x",
                Type = "text/plain",
                Size = 1,
                CreatedAt = day,
            });
            db.FileUses.AddRange(file.Places.SelectMany(place => (FileUse[])(place.Kind switch
            {
                "message" when things.Messages[place.Number] is var message =>
                    [Use(FilePlace.Message, placed.Talks[message.Talk], message.Seq)],
                "moment" => [Use(FilePlace.Moment, placed.Posts[place.Number])],
                "article" when things.Articles[place.Number].Published =>
                    [Use(FilePlace.Article, placed.Articles[place.Number]), Use(FilePlace.PublishedArticle, placed.Articles[place.Number])],
                "article" => [Use(FilePlace.Article, placed.Articles[place.Number])],
                "avatar" => [Use(FilePlace.Avatar, placed.People[place.Number])],
                "paper" => [Use(FilePlace.Avatar, placed.Papers[0])],
                "report" => [Use(FilePlace.Report, placed.People[0])],
                _ => throw new InvalidOperationException(place.Kind),
            })));

            FileUse Use(FilePlace place, Guid of, long seq = 0) => new() { FileId = id, Place = place, PlaceId = of, Seq = seq };
        }
    }

    private static Notification NoticeOf(Placed placed, Things.Notice notice, Guid id, DateTimeOffset now)
    {
        var remark = notice.Kind == "remark" ? placed.World.Remarks[notice.Number] : null;
        var message = notice.Kind == "message" ? placed.Things.Messages[notice.Number] : null;
        return new Notification
        {
            Id = id,
            AccountId = placed.People[notice.For],
            Kind = notice.Kind switch
            {
                "message" => Kinds.Mention,
                "remark" => remark!.Like ? Kinds.MomentLike : Kinds.MomentComment,
                "live" => Kinds.Live,
                _ => Kinds.FriendAccepted,
            },
            ActorId = placed.People[notice.By],
            SubjectId = notice.Kind switch
            {
                "message" => placed.Talks[message!.Talk],
                "remark" => placed.Posts[remark!.Post],
                "live" => placed.Posts[notice.Number],
                _ => placed.People[notice.By],
            },
            DetailId = notice.Kind switch
            {
                "message" => placed.Messages[notice.Number],
                "remark" => placed.Remarks[notice.Number],
                _ => Guid.Empty,
            },
            Seq = message?.Seq ?? 0,
            At = now,
        };
    }

    private static Guid[] Ids(int count) => [.. Enumerable.Range(0, count).Select(_ => Guid.NewGuid())];
}
