using Microsoft.EntityFrameworkCore;
using Weir.Social.Accounts;

namespace Weir.Social.Files;

/// <summary>How files are kept.</summary>
internal static class FileModel
{
    public static void Configure(ModelBuilder model)
    {
        model.Entity<StoredFile>(file =>
        {
            file.ToTable("Files");
            file.Property(f => f.Id).ValueGeneratedNever();
            file.Property(f => f.Kind).HasConversion<string>().HasMaxLength(16);
            file.Property(f => f.Name).HasMaxLength(StoredFile.MaxName);
            file.Property(f => f.Type).HasMaxLength(StoredFile.MaxType);
            file.Property(f => f.Color).HasMaxLength(7);
            file.HasOne<Account>().WithMany().HasForeignKey(f => f.OwnerId);
            // Nearly every file is used: the sweep reads the few that are not.
            file.HasIndex(f => f.ExpiresAt).HasFilter("\"ExpiresAt\" IS NOT NULL");
        });
        model.Entity<FileUse>(use =>
        {
            use.HasKey(u => new { u.FileId, u.Place, u.PlaceId, u.Seq });
            use.Property(u => u.Place).HasConversion<string>().HasMaxLength(16);
            use.HasIndex(u => new { u.Place, u.PlaceId, u.Seq });
            use.HasOne<StoredFile>().WithMany().HasForeignKey(u => u.FileId).OnDelete(DeleteBehavior.Restrict);
        });
    }
}
