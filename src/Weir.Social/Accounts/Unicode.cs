using System.Text;

namespace Weir.Social.Accounts;

internal static class Unicode
{
    public static string ToNfkc(string text) => text.Normalize(NormalizationForm.FormKC);
}
