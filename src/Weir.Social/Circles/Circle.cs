namespace Weir.Social.Circles;

/// <summary>A named list of its owner's friends. It is evaluated against its members at the moment of reading.</summary>
internal sealed class Circle
{
    public const int MaxPerPerson = 100;

    public Guid Id { get; init; }

    public Guid OwnerId { get; init; }

    public required string Name { get; set; }

    public DateTimeOffset CreatedAt { get; init; }

    public List<CircleMember> Members { get; } = [];
}

internal sealed class CircleMember
{
    public Guid CircleId { get; init; }

    public Guid AccountId { get; init; }
}
