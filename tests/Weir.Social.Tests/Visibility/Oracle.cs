namespace Weir.Social.Tests.Visibility;

/// <summary>
/// Who sees what, worked out the slow way: it makes the list of all people a post is shown to, strikes out those whom something keeps away, and looks whether the viewer is
/// still on it. Written from the rules people were promised, not from the code that keeps them; it shares nothing with it.
/// </summary>
internal static class Oracle
{
    /// <summary>Everybody who sees the post at this moment.</summary>
    public static List<int> ShownTo(World world, World.Post post)
    {
        var shown = new List<int>();
        if (post.Deleted || !IsThere(world, post.Owner))
        {
            return shown;
        }

        // 1. Whom the audience names.
        foreach (var person in Everybody())
        {
            switch (post.Kind)
            {
                case "link":
                case "public":
                    shown.Add(person);
                    break;
                case "friends":
                    if (AreFriends(world, post.Owner, person))
                    {
                        shown.Add(person);
                    }

                    break;
                case "circles":
                    // A circle is who is in it now. Somebody in it who is no friend any more sees nothing new.
                    if (AreFriends(world, post.Owner, person) && post.Circles.Any(circle => world.Circles[circle].Members.Contains(person)))
                    {
                        shown.Add(person);
                    }

                    break;
                case "conversation":
                    var talk = world.Talks[post.Talk];
                    if (talk.Members.Contains(post.Owner) && talk.Members.Contains(person))
                    {
                        // What two have for each other alone needs that they are friends; a group shows its members what is in it.
                        if (talk.Group || AreFriends(world, post.Owner, person))
                        {
                            shown.Add(person);
                        }
                    }

                    break;
                case "followers":
                    var paper = world.Papers[post.Paper];
                    if (!paper.Closed && paper.Editors.Contains(post.Owner) && paper.Followers.Contains(person))
                    {
                        shown.Add(person);
                    }

                    break;
                case "onlyMe":
                    break;
                default:
                    throw new InvalidOperationException(post.Kind);
            }
        }

        // 2. Whom the owner excepts, by name or because they are in a circle at this moment.
        shown.RemoveAll(post.ExceptPeople.Contains);
        foreach (var circle in post.ExceptCircles)
        {
            shown.RemoveAll(world.Circles[circle].Members.Contains);
        }

        // 3. Who wants nothing of whom.
        shown.RemoveAll(person => world.Blocks.Contains((person, post.Owner)) || world.Blocks.Contains((post.Owner, person)));

        // 4. Moments only: hidden by the one, hidden by the other, too old.
        if (post.Moment)
        {
            shown.RemoveAll(person => world.HidesOwn.Contains((post.Owner, person)));
            shown.RemoveAll(person => world.HidesTheirs.Contains((person, post.Owner)));
            var days = world.Windows[post.Owner] switch { "threeDays" => 3, "month" => 30, "sixMonths" => 182, _ => int.MaxValue };
            if (post.DaysOld > days)
            {
                shown.Clear();
            }
        }

        // 5. The owner sees everything of their own.
        shown.Remove(post.Owner);
        shown.Add(post.Owner);

        // 6. People who were suspended or have gone look at nothing.
        shown.RemoveAll(person => !IsThere(world, person));

        // 7. Strangers without an account come by a link or to what is open to all.
        if (post.Kind is "link" or "public")
        {
            shown.Add(World.Nobody);
        }

        return shown;
    }

    /// <summary>Everybody who sees the like or comment at this moment.</summary>
    public static List<int> ShownTo(World world, World.Remark remark)
    {
        var shown = new List<int>();
        if (!IsThere(world, remark.Author))
        {
            return shown;
        }

        foreach (var person in ShownTo(world, world.Posts[remark.Post]))
        {
            var edges = (world.Holds.Contains((person, remark.Author)) ? 1 : 0) + (world.Holds.Contains((remark.Author, person)) ? 1 : 0);
            var words = edges switch
            {
                2 => "friends",
                // One of them ended it: what was said stays where it was, on both sides.
                1 => "deleted by one",
                // Never friends, or no longer on either side.
                _ => "nothing to each other",
            };
            if (person == remark.Author)
            {
                // One's own words stay.
                shown.Add(person);
            }
            else if (words != "nothing to each other" && !world.Blocks.Contains((person, remark.Author)) && !world.Blocks.Contains((remark.Author, person)))
            {
                shown.Add(person);
            }
        }

        return shown;
    }

    private static IEnumerable<int> Everybody() => Enumerable.Range(0, World.Crowd);

    private static bool IsThere(World world, int person) => !world.Suspended.Contains(person) && !world.Deleted.Contains(person);

    private static bool AreFriends(World world, int one, int other) => world.Holds.Contains((one, other)) && world.Holds.Contains((other, one));
}
