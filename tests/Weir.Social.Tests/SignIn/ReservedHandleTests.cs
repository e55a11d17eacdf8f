using System.Net;
using Weir.Social.Accounts;

namespace Weir.Social.Tests.SignIn;

public sealed class ReservedHandleTests(SqliteServer shared)
{
    [Theory]
    [InlineData("admin")]
    [InlineData("admin_1")]
    [InlineData("007admin")]
    [InlineData("the_weir_team")]
    [InlineData("weirsupport")]
    [InlineData("ad_min")]
    [InlineData("guanfang_kefu")]
    [InlineData("guanliyuan8")]
    public void What_would_be_taken_for_the_server_or_who_runs_it_is_reserved(string handle) =>
        Assert.True(ReservedHandles.Contains(handle));

    [Theory]
    [InlineData("anna")]
    [InlineData("badminton")]
    [InlineData("weiring")]
    [InlineData("sam_helps")]
    [InlineData("teamwork")]
    [InlineData("123")]
    [InlineData("___")]
    [InlineData("xiao_kefu_fan")]
    public void Others_are_not(string handle) => Assert.False(ReservedHandles.Contains(handle));

    [Fact]
    public async Task Nobody_signs_up_with_one_and_only_administrators_open_an_official_account_with_one()
    {
        var anna = await shared.Server.PersonAsync("Anna");
        var code = (await anna.PostAsync("/api/invitations")).Text("code");
        object Of(string handle) => new { invitation = code, handle, name = "Ben", password = Someone.Password };
        var refused = (await shared.Server.Anybody.PostAsync("/api/accounts", Of("Weir_Support"))).Is(HttpStatusCode.BadRequest);
        Assert.Equal("handle-reserved", refused["codes"].GetProperty("handle")[0].GetString());
        (await shared.Server.Anybody.PostAsync("/api/accounts", Of("ben_" + Guid.NewGuid().ToString("N")[..8]))).Is(HttpStatusCode.Created);
        Assert.Equal("handle-reserved", (await anna.PostAsync(
            "/api/official", new { handle = "official", name = "News", description = "" })).Is(HttpStatusCode.BadRequest).Code);
        Assert.NotEqual("handle-reserved", (await shared.Admin.PostAsync(
            "/api/official", new { handle = "official", name = "", description = "" })).Is(HttpStatusCode.BadRequest).Code);
    }
}
