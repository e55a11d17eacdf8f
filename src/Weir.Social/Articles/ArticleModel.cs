using Microsoft.EntityFrameworkCore;
using Weir.Social.Accounts;
using Weir.Social.OfficialAccounts;

namespace Weir.Social.Articles;

/// <summary>How articles are kept.</summary>
internal static class ArticleModel
{
    public static void Configure(ModelBuilder model)
    {
        model.Entity<Article>(article =>
        {
            article.Property(a => a.Id).ValueGeneratedNever();
            article.Property(a => a.Slug).HasMaxLength(Article.SlugLength);
            article.HasIndex(a => new { a.OfficialAccountId, a.Slug }).IsUnique();
            article.HasIndex(a => new { a.OfficialAccountId, a.PublishedAt });
            article.HasOne<OfficialAccount>().WithMany().HasForeignKey(a => a.OfficialAccountId);
        });
        model.Entity<ArticleDay>(day =>
        {
            day.HasKey(d => new { d.ArticleId, d.Day });
            day.HasOne<Article>().WithMany().HasForeignKey(d => d.ArticleId);
        });
        model.Entity<ArticleLike>(like =>
        {
            like.HasKey(l => new { l.ArticleId, l.AccountId });
            like.HasIndex(l => l.AccountId);
            like.HasOne<Article>().WithMany().HasForeignKey(l => l.ArticleId);
            like.HasOne<Account>().WithMany().HasForeignKey(l => l.AccountId);
        });
        model.Entity<ArticleSend>(send =>
        {
            send.Property(s => s.Id).ValueGeneratedNever();
            send.HasIndex(s => new { s.OfficialAccountId, s.SentAt });
            send.HasOne<OfficialAccount>().WithMany().HasForeignKey(s => s.OfficialAccountId);
            send.HasMany(s => s.Items).WithOne().HasForeignKey(i => i.SendId);
        });
        model.Entity<ArticleSendItem>(item =>
        {
            item.HasKey(i => new { i.SendId, i.Position });
            item.HasIndex(i => i.ArticleId).IsUnique();
            item.HasOne<Article>().WithMany().HasForeignKey(i => i.ArticleId);
        });
    }
}
