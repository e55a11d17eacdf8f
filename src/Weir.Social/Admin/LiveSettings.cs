namespace Weir.Social.Admin;

internal enum LiveMode
{
    Everyone,
    Named,
}

/// <summary>The administrator's switch for all live. One row.</summary>
internal sealed class LiveSettings
{
    public const int OnlyId = 1;

    public int Id { get; init; } = OnlyId;

    public bool Enabled { get; set; } = true;

    public LiveMode Mode { get; set; }
}

/// <summary>May go live while the mode is <see cref="LiveMode.Named"/>.</summary>
internal sealed class LivePermission
{
    public Guid AccountId { get; init; }
}
