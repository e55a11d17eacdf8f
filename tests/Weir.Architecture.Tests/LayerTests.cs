using ArchUnitNET.Domain;
using ArchUnitNET.Loader;
using static ArchUnitNET.Fluent.ArchRuleDefinition;

namespace Weir.Architecture.Tests;

/// <summary>The lines of docs/architecture.md that no reference may cross.</summary>
public sealed class LayerTests
{
    private static readonly System.Reflection.Assembly Media = typeof(Weir.Media.Broadcasting.Broadcast).Assembly;
    private static readonly System.Reflection.Assembly Live = typeof(Weir.Live.LiveOptions).Assembly;
    private static readonly System.Reflection.Assembly Social = typeof(Weir.Social.SocialOptions).Assembly;
    private static readonly System.Reflection.Assembly Contracts = typeof(Weir.Contracts.Ticket).Assembly;
    private static readonly System.Reflection.Assembly Hosting = typeof(Weir.Hosting.Problems).Assembly;

    private static readonly ArchUnitNET.Domain.Architecture Architecture =
        new ArchLoader().LoadAssemblies(Media, Live, Social, Contracts, Hosting).Build();

    public static TheoryData<string, string[]> MediaFolders() => new()
    {
        { "Formats", [] },
        { "Broadcasting", ["Formats"] },
        { "Cmaf", ["Formats", "Broadcasting"] },
        { "Hls", ["Formats", "Broadcasting", "Cmaf"] },
        { "HttpFlv", ["Formats", "Broadcasting", "Cmaf"] },
        { "Recording", ["Formats", "Broadcasting", "Cmaf"] },
        { "Rtmp", ["Formats", "Broadcasting", "Cmaf"] },
        { "WebSockets", ["Formats", "Broadcasting", "Cmaf"] },
        { "Transcoding", ["Formats", "Broadcasting"] },
        { "WebRtc", ["Formats", "Broadcasting", "Cmaf"] },
    };

    [Theory]
    [MemberData(nameof(MediaFolders))]
    public void A_folder_of_the_media_core_knows_only_what_lies_below_it(string folder, string[] allowed)
    {
        var here = Types().That().ResideInNamespaceMatching($@"^Weir\.Media\.{folder}(\..*)?$");
        Assert.NotEmpty(here.GetObjects(Architecture));
        var others = string.Join('|', new[] { "Formats", "Broadcasting", "Cmaf", "Hls", "HttpFlv", "Recording", "Rtmp", "WebSockets", "WebRtc", "Transcoding" }
            .Except(allowed).Where(other => other != folder));
        var rule = Types().That().Are(here).Should().NotDependOnAny(
            Types().That().ResideInNamespaceMatching($@"^Weir\.Media\.({others})(\..*)?$")).WithoutRequiringPositiveResults();
        Assert.True(rule.HasNoViolations(Architecture), Violations(rule));
    }

    [Fact]
    public void Every_folder_of_the_media_core_has_its_rule()
    {
        var folders = Types().That().ResideInNamespaceMatching(@"^Weir\.Media\..*$").GetObjects(Architecture)
            .Select(type => type.Namespace.FullName.Split('.')[2]).Distinct();
        Assert.Empty(folders.Except(MediaFolders().Select(row => row.Data.Item1)));
    }

    [Fact]
    public void The_live_plane_reaches_no_database_no_orleans_and_not_the_social_plane()
    {
        Assert.Empty(References(Live, "Weir.Social", "Microsoft.EntityFrameworkCore", "Orleans", "Npgsql", "Microsoft.Data.Sqlite", "Microsoft.AspNetCore.Identity"));
        Assert.Empty(References(Media, "Weir.", "Microsoft.AspNetCore", "Microsoft.EntityFrameworkCore"));
    }

    [Fact]
    public void The_planes_meet_in_the_contract_only()
    {
        Assert.Empty(References(Social, "Weir.Live", "Weir.Media"));
        Assert.Empty(References(Contracts, "Weir."));
        Assert.Empty(References(Hosting, "Weir."));
    }

    private static IEnumerable<string> References(System.Reflection.Assembly assembly, params string[] prefixes) =>
        assembly.GetReferencedAssemblies().Select(name => name.Name!).Where(name => prefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal)));

    private static string Violations(ArchUnitNET.Fluent.IArchRule rule) =>
        string.Join('\n', rule.Evaluate(Architecture).Where(result => !result.Passed).Select(result => result.Description));
}
