using System.Net;

namespace Weir.Social.Tests.Visibility;

/// <summary>
/// What somebody does in a world, by the API, and what the rules say has changed then. <see cref="Narrows"/>: it takes something away, so
/// nobody may see anything through it that they did not see before.
/// </summary>
/// <param name="Apply">What has changed when the answer was <see cref="Done"/>.</param>
/// <param name="Refused">Another answer that is right, and changes nothing.</param>
/// <param name="Asked">
/// What somebody else has to ask for before; it changes nothing that is seen, and the id of its answer stands for <see cref="Id"/> in
/// <see cref="Path"/>.
/// </param>
internal sealed record Act(
    string What, bool Narrows, int By, HttpMethod Method, string Path, object? Body,
        Action Apply, HttpStatusCode Done = HttpStatusCode.NoContent, string? Refused = null, Asking? Asked = null)
{
    public const string Id = "{id}";

    public override string ToString() => $"{By}: {What}";
}

internal sealed record Asking(int By, string Path, object Body);
