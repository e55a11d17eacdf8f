using Weir.Social.Accounts;

namespace Weir.Social.Tests;

public sealed class UnicodeTests
{
    /// <summary>Expected values from Python's unicodedata (Unicode 14).</summary>
    [Theory]
    [InlineData("\uFB01\u2460\uFF21", "fi1A")]
    [InlineData("e\u0301", "e\u0301")]
    [InlineData("\u00E9", "e\u0301")]
    [InlineData("\uD55C\uAE00", "\u1112\u1161\u11AB\u1100\u1173\u11AF")]
    [InlineData("\uAC01", "\u1100\u1161\u11A8")]
    [InlineData("\u1E9B\u0323", "s\u0323\u0307")]
    [InlineData("a\u0301\u0323", "a\u0323\u0301")]
    [InlineData("\u3300", "\u30A2\u30CF\u309A\u30FC\u30C8")]
    [InlineData("\uFDFA", "\u0635\u0644\u0649 \u0627\u0644\u0644\u0647 \u0639\u0644\u064A\u0647 \u0648\u0633\u0644\u0645")]
    [InlineData("\u8C48", "\u8C48")]
    [InlineData("\u00BD", "1\u20442")]
    [InlineData("\u00C5", "A\u030A")]
    [InlineData("A\u030A\u0327\u0301", "A\u0327\u030A\u0301")]
    [InlineData("\U0001D49C", "A")]
    [InlineData("\uFF76\uFF9E", "\u30AB\u3099")]
    public void Text_decomposes_as_the_standard_says(string text, string expected) => Assert.Equal(expected, Unicode.ToNfkd(text));

    [Fact]
    public void The_same_password_from_two_keyboards_is_one_password()
    {
        var hashing = new PasswordHashing(Microsoft.Extensions.Options.Options.Create(new Microsoft.AspNetCore.Identity.PasswordHasherOptions { IterationCount = 1000 }));
        var account = new Account { Name = "x" };
        var hash = hashing.HashPassword(account, "Cr\u00E8me br\u00FBl\u00E9e \uFF21");
        Assert.Equal(
            Microsoft.AspNetCore.Identity.PasswordVerificationResult.Success,
            hashing.VerifyHashedPassword(account, hash, "Cre\u0300me bru\u0302le\u0301e A"));
    }
}
