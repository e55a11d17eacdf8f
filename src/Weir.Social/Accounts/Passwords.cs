using System.Diagnostics.CodeAnalysis;
using System.Text;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace Weir.Social.Accounts;

/// <summary>
/// What a password must be, by NIST SP 800-63B-4 section 3.1.1.2: long enough, not one that is commonly used or made of the person's own
/// names; every character allowed, no rules of composition, nothing truncated.
/// </summary>
internal sealed class PasswordRules : IPasswordValidator<Account>
{
    public const int MinLength = 8;

    /// <summary>Far above the 64 that must be allowed; a bound because hashing costs.</summary>
    public const int MaxLength = 256;

    /// <summary>
    /// No account has this password, by its length alone: it is refused without being hashed. Another keyboard may type the same one
    /// shorter or longer.
    /// </summary>
    public static bool IsImpossible([NotNullWhen(false)] string? password) =>
        password is null or { Length: > MaxLength * 2 } || Normalise(password).EnumerateRunes().Count() < MinLength;

    private static readonly Lazy<HashSet<string>> Common = new(LoadCommon);

    public Task<IdentityResult> ValidateAsync(UserManager<Account> manager, Account user, string? password) =>
        Task.FromResult(Fault(password, user.Handle, user.Name) is { } fault
            ? IdentityResult.Failed(new IdentityError { Code = fault.Code, Description = fault.Text })
            : IdentityResult.Success);

    /// <summary>Why this password cannot be taken, or null.</summary>
    public static (string Code, string Text)? Fault(string? password, string handle, string name)
    {
        // SP 800-63B-4: each Unicode code point counts as one character.
        var length = password?.EnumerateRunes().Count() ?? 0;
        if (length < MinLength)
        {
            return ("password-short", $"Use at least {MinLength} characters.");
        }

        if (length > MaxLength)
        {
            return ("password-long", $"Use at most {MaxLength} characters.");
        }

        var plain = Normalise(password!).ToLowerInvariant();
        var core = plain.TrimEnd('!', '?', '.', '1', '2', '3', '0', '#', '*');
        if (Common.Value.Contains(plain) || Common.Value.Contains(core) || IsPattern(plain))
        {
            return ("password-breached", "This password is on lists that attackers try first.");
        }

        string[] own = [handle, .. name.ToLowerInvariant().Split(' ', StringSplitOptions.RemoveEmptyEntries), "weir"];
        foreach (var word in own.Where(word => word.Length >= 3))
        {
            // The word, repeated or with a few characters around it, is guessed first by whoever knows the person.
            if (plain.Contains(word, StringComparison.Ordinal) && plain.Replace(word, "", StringComparison.Ordinal).Length < 6)
            {
                return ("password-personal", "Do not make it of your handle, your name or the name of this service.");
            }
        }

        return null;
    }

    /// <summary>SP 800-63B-4 asks for NFKC or NFKD: the same password typed on another keyboard must be the same bytes.</summary>
    public static string Normalise(string password) => Unicode.ToNfkd(password);

    /// <summary>One character or short group over and over, or a run of the alphabet, the digits or a row of keys.</summary>
    private static bool IsPattern(string password)
    {
        for (var period = 1; period <= 4; period++)
        {
            if (password.Skip(period).Zip(password).All(pair => pair.First == pair.Second))
            {
                return true;
            }
        }

        string[] rows = ["abcdefghijklmnopqrstuvwxyz", "01234567890123456789", "qwertyuiopasdfghjklzxcvbnm", "qazwsxedcrfvtgbyhnujmikolp", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p"];
        return rows.Any(row => row.Contains(password, StringComparison.Ordinal) || Reverse(row).Contains(password, StringComparison.Ordinal));
    }

    private static string Reverse(string text) => new([.. text.Reverse()]);

    private static HashSet<string> LoadCommon()
    {
        using var reader = new StreamReader(typeof(PasswordRules).Assembly.GetManifestResourceStream("common-passwords.txt")!, Encoding.UTF8);
        return [.. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Where(line => !line.StartsWith('#'))];
    }
}

/// <summary>
/// Identity's PBKDF2 over the normalised password. The server calls it on the threads of <see cref="PasswordQueue"/> alone.
/// </summary>
internal class PasswordHashing(IOptions<PasswordHasherOptions> options) : PasswordHasher<Account>(options)
{
    private readonly Lazy<string> _nobody = new(() => HashFor(options, "nobody's password"));

    /// <summary>The hash that the password of an unknown handle is checked against, so that it takes as long as a known one's.</summary>
    public string Nobody => _nobody.Value;

    public override string HashPassword(Account user, string password) => base.HashPassword(user, PasswordRules.Normalise(password));

    public override PasswordVerificationResult VerifyHashedPassword(Account user, string hashedPassword, string providedPassword) =>
        base.VerifyHashedPassword(user, hashedPassword, PasswordRules.Normalise(providedPassword));

    private static string HashFor(IOptions<PasswordHasherOptions> options, string password) => new PasswordHasher<Account>(options).HashPassword(null!, password);
}
