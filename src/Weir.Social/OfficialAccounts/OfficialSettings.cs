namespace Weir.Social.OfficialAccounts;

internal enum OpeningMode
{
    Nobody,
    Named,
    Everyone,
}

/// <summary>Who may open an official account. One row.</summary>
internal sealed class OfficialSettings
{
    public const int OnlyId = 1;

    public int Id { get; init; } = OnlyId;

    public OpeningMode Mode { get; set; } = OpeningMode.Named;
}

/// <summary>May open official accounts while the mode is <see cref="OpeningMode.Named"/>; administrators of the server may then without being named.</summary>
internal sealed class OfficialPermission
{
    public Guid AccountId { get; init; }
}
