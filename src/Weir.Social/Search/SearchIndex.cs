using System.Globalization;
using Weir.Social.Data;

namespace Weir.Social.Search;

/// <summary>What is found beside messages. The numbers are kept in the index.</summary>
internal enum ThingKind
{
    Account = 1,
    OfficialAccount = 2,
    Article = 3,
    Broadcast = 4,
    Moment = 5,
}

/// <summary>What the index knows of one conversation: its number there, and up to which message it has read.</summary>
internal readonly record struct Progress(long Number, long Indexed)
{
    private const int SeqBits = 28;

    /// <summary>A message is one number: of its conversation, then of itself, so that a conversation is a range and a larger number in it is newer.</summary>
    public long Of(long seq) => seq is >= 0 and < 1L << SeqBits ? (Number << SeqBits) | seq : throw new ArgumentOutOfRangeException(nameof(seq));

    public static long SeqOf(long number) => number & ((1L << SeqBits) - 1);

    public static long ConversationOf(long number) => number >> SeqBits;
}

/// <summary>Messages of one conversation for the index: what follows <paramref name="After"/>, up to and including <paramref name="Until"/>; those without words are left out.</summary>
internal sealed record Portion(Guid Conversation, long After, long Until, List<(long Seq, IReadOnlyCollection<string> Tokens)> Messages);

/// <summary>A thing for the index; without tokens it is taken out.</summary>
internal sealed record Thing(ThingKind Kind, Guid Id, DateTimeOffset At, IReadOnlyCollection<string>? Tokens);

/// <summary>Where a thing stands: newer ones have larger numbers.</summary>
internal readonly record struct FoundThing(long Number, Guid Id)
{
    private const int KindShift = 56;

    /// <summary>The first number of this kind at this time.</summary>
    public static long NumberOf(ThingKind kind, long microseconds) => ((long)kind << KindShift) | Math.Clamp(microseconds, 0, (1L << KindShift) - 1);
}

/// <summary>A part of a conversation: messages after <paramref name="After"/> and before <paramref name="Before"/>.</summary>
internal readonly record struct SearchRange(Progress Conversation, long After, long Before);

/// <summary>
/// The index: tokens to numbers, and how far it has come. It is derived and can be made anew at any time, and what it says are candidates only: whoever asks looks at the rows, where recalled and
/// hidden ones are told. Each database has its own form of it.
/// </summary>
internal interface ISearchIndex
{
    /// <summary>Makes it, or makes it anew when it is of another version or damaged.</summary>
    Task PrepareAsync(CancellationToken cancellation);

    /// <summary>Begins again from nothing.</summary>
    Task RestartAsync(CancellationToken cancellation);

    Task<Dictionary<Guid, Progress>> ProgressAsync(IReadOnlyCollection<Guid> conversations, CancellationToken cancellation);

    /// <summary>One transaction. A portion that does not begin where the index stands is left out: somebody else added it.</summary>
    Task AddAsync(IReadOnlyList<Portion> portions, CancellationToken cancellation);

    /// <summary>One transaction.</summary>
    Task PutAsync(IReadOnlyList<Thing> things, CancellationToken cancellation);

    /// <summary>How far the first reading of all things of a kind has come; null when it is done.</summary>
    Task<Guid?> FirstReadingAsync(ThingKind kind, CancellationToken cancellation);

    Task SetFirstReadingAsync(ThingKind kind, Guid? last, CancellationToken cancellation);

    /// <summary>Every message that has these tokens, whoever may read it, when that is quick to say because they are few; else null.</summary>
    Task<List<long>?> FindFewAsync(IReadOnlyList<string> tokens, CancellationToken cancellation);

    /// <summary>The newest <paramref name="most"/> numbers of each range, newest first.</summary>
    Task<List<long>[]> FindAsync(IReadOnlyList<string> tokens, IReadOnlyList<SearchRange> ranges, int most, CancellationToken cancellation);

    /// <summary>Things of a kind with numbers below <paramref name="before"/>, newest first.</summary>
    Task<List<FoundThing>> FindThingsAsync(IReadOnlyList<string> tokens, ThingKind kind, long? before, int most, CancellationToken cancellation);
}

internal static class SearchIndex
{
    /// <summary>Grows when tokens, tables or what is read into them change: the index of an older one is made anew in the background.</summary>
    public const int Version = 2;

    /// <summary>So many that asking for each conversation by itself is cheaper.</summary>
    public const int Few = 2000;

    public static IServiceCollection Add(IServiceCollection services, SocialOptions options) => options.Database == DatabaseProvider.Sqlite
        ? services.AddSingleton<ISearchIndex>(provider => ActivatorUtilities.CreateInstance<SqliteIndex>(provider, Path.Combine(options.DataDirectory, "search.db")))
        : services.AddSingleton<ISearchIndex>(provider => ActivatorUtilities.CreateInstance<PostgresIndex>(provider, Database.PostgresConnection(options.ConnectionString!)));

    public static string Text(this long number) => number.ToString(CultureInfo.InvariantCulture);
}
