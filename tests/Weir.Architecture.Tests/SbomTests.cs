using System.Diagnostics;
using System.Text.Json;

namespace Weir.Architecture.Tests;

/// <summary>The bill of materials (<c>./weir sbom</c>) has every package, and says which of them run.</summary>
public sealed class SbomTests
{
    [Fact]
    public async Task Every_package_of_every_lock_file_is_in_it_once_with_its_version_and_hash()
    {
        var bill = await MakeAsync();
        Assert.Equal(("CycloneDX", "1.6"), (bill.GetProperty("bomFormat").GetString(), bill.GetProperty("specVersion").GetString()));
        var components = bill.GetProperty("components").EnumerateArray().ToDictionary(one => one.GetProperty("purl").GetString()!);
        var expected = new HashSet<string>();
        foreach (var file in Locks())
        {
            var packages = Read(file).GetProperty("dependencies").EnumerateObject().SelectMany(target => target.Value.EnumerateObject());
            foreach (var package in packages.Where(package => package.Value.GetProperty("type").GetString() != "Project"))
            {
                var purl = $"pkg:nuget/{package.Name}@{package.Value.GetProperty("resolved").GetString()}";
                expected.Add(purl);
                var hash = components[purl].GetProperty("properties")[0].GetProperty("value").GetString();
                Assert.Equal(package.Value.GetProperty("contentHash").GetString(), hash);
            }
        }

        Assert.True(expected.Count > 80, $"{expected.Count} packages of NuGet were read.");
        var npm = Read(Path.Combine(DocumentTests.Root, "web", "package-lock.json")).GetProperty("packages");
        foreach (var package in npm.EnumerateObject().Where(package => package.Name.Length > 0))
        {
            var name = package.Name[(package.Name.LastIndexOf("node_modules/", StringComparison.Ordinal) + 13)..];
            var purl = $"pkg:npm/{name.Replace("@", "%40", StringComparison.Ordinal)}@{package.Value.GetProperty("version").GetString()}";
            expected.Add(purl);
            var hash = Convert.FromBase64String(package.Value.GetProperty("integrity").GetString()!["sha512-".Length..]);
            Assert.Equal(Convert.ToHexStringLower(hash), components[purl].GetProperty("hashes")[0].GetProperty("content").GetString());
        }

        Assert.Equal(expected.Order(StringComparer.Ordinal), components.Keys.Order(StringComparer.Ordinal));
        var all = components.Keys.Append("pkg:generic/weir@0.1.0").ToHashSet();
        foreach (var dependency in bill.GetProperty("dependencies").EnumerateArray())
        {
            Assert.Contains(dependency.GetProperty("ref").GetString()!, all);
            Assert.All(dependency.GetProperty("dependsOn").EnumerateArray(), on => Assert.Contains(on.GetString()!, all));
        }
    }

    [Fact]
    public async Task What_the_program_was_built_of_and_the_pages_show_is_required_and_what_only_tests_use_is_not()
    {
        var components = (await MakeAsync()).GetProperty("components").EnumerateArray()
            .ToDictionary(one => one.GetProperty("purl").GetString()!, one => one.GetProperty("scope").GetString());
        // Beside these tests lies all that the program needs to run, and the compiler's list of where each file came from.
        var runs = Read(Path.Combine(AppContext.BaseDirectory, "weir.deps.json")).GetProperty("libraries").EnumerateObject()
            .Where(library => library.Value.GetProperty("type").GetString() == "package")
            .Select(library => library.Name.Split('/')).Select(library => $"pkg:nuget/{library[0]}@{library[1]}").ToList();
        Assert.True(runs.Count > 20, $"{runs.Count} packages were read.");
        Assert.All(runs, purl => Assert.Equal((purl, "required"), (purl, components.GetValueOrDefault(purl))));
        foreach (var (part, scope) in new[]
        {
            ("/hls.js@", "required"), ("/svelte@", "required"), ("/prosemirror-view@", "required"),
            ("/xunit.v3@", "excluded"), ("/vitest@", "excluded"),
        })
        {
            Assert.Equal((part, scope), (part, components.Single(one => one.Key.Contains(part, StringComparison.Ordinal)).Value));
        }
    }

    private static JsonElement Read(string file) => JsonDocument.Parse(File.ReadAllText(file)).RootElement;

    private static IEnumerable<string> Locks()
    {
        var projects = new[] { "src", "tests", "bench", "fuzz" }.Select(folder => Path.Combine(DocumentTests.Root, folder))
            .SelectMany(folder => Directory.EnumerateFiles(folder, "*.csproj", SearchOption.AllDirectories)).ToList();
        Assert.True(projects.Count > 10, "The projects were not found.");
        return projects.ConvertAll(project => Path.Combine(Path.GetDirectoryName(project)!, "packages.lock.json"));
    }

    private static async Task<JsonElement> MakeAsync()
    {
        var script = Path.Combine(DocumentTests.Root, "scripts", "sbom.mjs");
        var start = new ProcessStartInfo("node", [script]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var node = Process.Start(start)!;
        var said = node.StandardError.ReadToEndAsync();
        var text = await node.StandardOutput.ReadToEndAsync();
        await node.WaitForExitAsync();
        Assert.True(node.ExitCode == 0, await said);
        return JsonDocument.Parse(text).RootElement;
    }
}
