using System.Buffers.Text;
using System.Security.Cryptography;
using CsCheck;
using Weir.Contracts;
using Weir.Hosting;

namespace Weir.Live.Tests;

public sealed class TicketTests
{
    private static readonly NodeKey Key = new(RandomNumberGenerator.GetBytes(NodeKey.Length));

    private static readonly Gen<Ticket> Tickets =
        from broadcast in Gen.Guid
        from account in Gen.Guid
        from id in Gen.ULong
        from epoch in Gen.UInt
        from expires in Gen.UInt
        from rights in Gen.Int[0, 3]
        from name in Gen.String[0, 40]
        where name.EnumerateRunes().All(rune => rune != System.Text.Rune.ReplacementChar)
        from session in Gen.OneOf(Gen.Const(0UL), Gen.ULong)
        from issued in Gen.UInt
        select new Ticket(broadcast, account, id, epoch, DateTimeOffset.FromUnixTimeSeconds(expires), (TicketRights)rights, name)
        {
            Session = session,
            Issued = session == 0 ? default : DateTimeOffset.FromUnixTimeMilliseconds(issued * 1000L + 1),
        };

    [Fact]
    public void A_signed_ticket_reads_back_and_fits_its_limit() => Tickets.Sample(ticket =>
    {
        var text = ticket.Sign(Key);
        Assert.True(text.Length <= Ticket.MaxLength);
        Assert.Matches("^[A-Za-z0-9_-]+$", text);
        Assert.True(Ticket.TryVerify(Key, text, out var read));
        Assert.StartsWith(read.Name, ticket.Name);
        Assert.Equal(ticket with { Name = read.Name }, read);
    });

    [Fact]
    public void A_long_name_is_cut_between_characters()
    {
        var ticket = new Ticket(Guid.NewGuid(), Guid.NewGuid(), 1, 0, DateTimeOffset.UnixEpoch, TicketRights.Watch, string.Concat(Enumerable.Repeat("水", 40)));
        Assert.True(Ticket.TryVerify(Key, ticket.Sign(Key), out var read));
        Assert.Equal(string.Concat(Enumerable.Repeat("水", 21)), read.Name);
    }

    /// <summary>Every text of this shape but the one that was given: what fuzzing found.</summary>
    [Fact]
    public void A_ticket_has_one_text()
    {
        // Not a multiple of three bytes, so some bits of the last character are unused.
        var text = new Ticket(Guid.NewGuid(), Guid.NewGuid(), 7, 3, DateTimeOffset.UnixEpoch.AddYears(60), TicketRights.Comment, "M").Sign(Key);
        Assert.Equal(2, text.Length % 4);
        const string characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        var good = characters.Where(last => Ticket.TryVerify(Key, text[..^1] + last, out _)).ToList();
        Assert.Equal([text[^1]], good);
        foreach (var other in new[] { text + "\n", " " + text, text + "=", text.Insert(5, "\r\n") })
        {
            Assert.False(Ticket.TryVerify(Key, other, out _));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(9)]
    public void No_changed_bit_and_no_other_key_verifies(ulong session)
    {
        var ticket = new Ticket(Guid.NewGuid(), Guid.NewGuid(), 7, 3, DateTimeOffset.UnixEpoch.AddYears(60), TicketRights.Comment, "Mia");
        var text = (ticket with { Session = session }).Sign(Key);
        var bytes = Base64Url.DecodeFromChars(text);
        for (var bit = 0; bit < bytes.Length * 8; bit++)
        {
            var forged = (byte[])bytes.Clone();
            forged[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(Ticket.TryVerify(Key, Base64Url.EncodeToString(forged), out _), $"bit {bit}");
        }

        Assert.False(Ticket.TryVerify(new NodeKey(RandomNumberGenerator.GetBytes(NodeKey.Length)), text, out _));
    }

    [Fact]
    public void Whatever_text_comes_it_is_refused_without_an_exception() => Gen.String[0, 300].Sample(text => Assert.False(Ticket.TryVerify(Key, text, out _)));

    [Fact]
    public void The_secrets_derived_from_a_key_differ_and_media_paths_change_with_every_epoch()
    {
        var broadcast = Guid.NewGuid();
        Assert.True(Key.IsStreamToken(Key.StreamToken));
        Assert.False(Key.IsStreamToken(Key.StreamToken.AsSpan(1)));
        Assert.Equal(Key.MediaPath(broadcast, 4), Key.MediaPath(broadcast, 4));
        Assert.NotEqual(Key.MediaPath(broadcast, 4), Key.MediaPath(broadcast, 5));
        Assert.NotEqual(Key.MediaPath(broadcast, 4), Key.MediaPath(Guid.NewGuid(), 4));
    }

    [Fact]
    public void A_key_file_is_made_once_for_its_owner_alone()
    {
        var directory = Directory.CreateTempSubdirectory("weir-key-");
        try
        {
            var file = Path.Combine(directory.FullName, "secrets", "node.key");
            var made = new NodeKey(SecretFile.RandomBytes(file, NodeKey.Length));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
            Assert.Equal(made.StreamToken, new NodeKey(SecretFile.RandomBytes(file, NodeKey.Length)).StreamToken);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }
}
