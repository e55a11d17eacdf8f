using System.Text;
using System.Xml;
using Weir.Contracts;

namespace Weir.Social.Articles.Pages;

/// <summary>RFC 4287: an open account's articles for feed readers.</summary>
internal static class PageFeed
{
    private const string Atom = "http://www.w3.org/2005/Atom";

    public static string Write(AccountContent content, string site)
    {
        var account = content.Account;
        var self = $"{site}/a/{account.Handle}/feed.atom";
        using var text = new Utf8Writer();
        using (var xml = XmlWriter.Create(text, new XmlWriterSettings { CheckCharacters = true }))
        {
            xml.WriteStartElement("feed", Atom);
            xml.WriteElementString("id", Atom, $"{site}/a/{account.Handle}");
            xml.WriteElementString("title", Atom, Xml(account.Name));
            // RFC 4287 4.1.1: a feed has an updated element even when it has no entry.
            xml.WriteElementString("updated", Atom, PageHtml.Iso(content.Articles.Select(e => e.EditedAt ?? e.PublishedAt).DefaultIfEmpty(account.CreatedAt).Max()));
            Link(xml, "self", self, "application/atom+xml");
            Link(xml, "alternate", $"{site}/a/{account.Handle}", "text/html");
            xml.WriteStartElement("author", Atom);
            xml.WriteElementString("name", Atom, Xml(account.Name));
            xml.WriteEndElement();
            foreach (var entry in content.Articles)
            {
                xml.WriteStartElement("entry", Atom);
                xml.WriteElementString("id", Atom, $"{site}/a/{account.Handle}/{entry.Id.ToText()}");
                xml.WriteElementString("title", Atom, Xml(entry.Title));
                xml.WriteElementString("published", Atom, PageHtml.Iso(entry.PublishedAt));
                xml.WriteElementString("updated", Atom, PageHtml.Iso(entry.EditedAt ?? entry.PublishedAt));
                Link(xml, "alternate", site + entry.Path, "text/html");
                xml.WriteElementString("summary", Atom, Xml(entry.Summary.Length > 0 ? entry.Summary : entry.Title));
                xml.WriteEndElement();
            }

            xml.WriteEndElement();
        }

        return text.ToString();
    }

    /// <summary>
    /// Without what XML 1.0 cannot hold (2.2, Char): one such character in an old title must not cost all others their feed.
    /// </summary>
    private static string Xml(string text) => string.Concat(text.EnumerateRunes().Where(IsChar).Select(rune => rune.ToString()));

    private static bool IsChar(Rune rune) => rune.Value is '\t' or '\n' or '\r' or (>= 0x20 and <= 0xFFFD) or >= 0x10000;

    private static void Link(XmlWriter xml, string relation, string address, string type)
    {
        xml.WriteStartElement("link", Atom);
        xml.WriteAttributeString("rel", relation);
        xml.WriteAttributeString("type", type);
        xml.WriteAttributeString("href", address);
        xml.WriteEndElement();
    }

    // XmlWriter names the encoding of its target in the declaration.
    private sealed class Utf8Writer : StringWriter
    {
        public override Encoding Encoding => Encoding.UTF8;
    }
}
