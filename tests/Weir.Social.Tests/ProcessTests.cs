using Weir.Hosting;

namespace Weir.Social.Tests;

/// <summary>What child processes and other users of the machine get.</summary>
public sealed class ProcessTests
{
    [Fact]
    public void A_child_process_is_given_what_programs_need_and_no_setting_of_weir()
    {
        var start = new System.Diagnostics.ProcessStartInfo("x");
        start.Environment["WEIR_DATABASE"] = "Host=db;Password=secret";
        start.Environment["WEIR_SETUP_CODE"] = "secret";
        start.Environment["AWS_SECRET_ACCESS_KEY"] = "secret";
        start.Environment["DOTNET_GCgen0size"] = "1000000";
        start.Environment["LC_ALL"] = "C.UTF-8";
        start.Environment["PATH"] = "/bin";
        ChildEnvironment.Reduce(start);
        Assert.DoesNotContain("secret", start.Environment.Values);
        Assert.Equal(("1000000", "C.UTF-8", "/bin"), (start.Environment["DOTNET_GCgen0size"], start.Environment["LC_ALL"], start.Environment["PATH"]));
    }

    [Fact]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public void What_other_users_can_read_is_said_loudly()
    {
        var directory = Directory.CreateTempSubdirectory("weir-open-").FullName;
        Assert.Empty(PrivatePath.Warnings(directory, Path.Combine(directory, "not-there")));
        File.SetUnixFileMode(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherExecute);
        var warning = Assert.Single(PrivatePath.Warnings(directory, directory));
        Assert.Contains(directory, warning, StringComparison.Ordinal);
        Assert.Contains("chmod", warning, StringComparison.Ordinal);
        Directory.Delete(directory);
    }
}
