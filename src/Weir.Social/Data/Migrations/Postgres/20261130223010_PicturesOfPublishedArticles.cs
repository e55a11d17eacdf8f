using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Weir.Social.Data.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class PicturesOfPublishedArticles : Migration
    {
        /// <summary>Until now one use stood for the draft and for what was published; readers have their own, of what they see.</summary>
        protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
            """
            INSERT INTO "FileUses" ("FileId", "Place", "PlaceId", "Seq")
            SELECT u."FileId", 'PublishedArticle', u."PlaceId", u."Seq" FROM "FileUses" u JOIN "Articles" a ON a."Id" = u."PlaceId"
            WHERE u."Place" = 'Article' AND a."IsPublished"
            AND (a."CoverId" = u."FileId" OR position('/api/files/' || replace(u."FileId"::text, '-', '') in a."Markdown") > 0)
            """);

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder) =>
            migrationBuilder.Sql("""DELETE FROM "FileUses" WHERE "Place" = 'PublishedArticle'""");
    }
}
