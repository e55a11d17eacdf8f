using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Weir.Social.Data.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class PublishedPicturesAndDeletedTexts : Migration
    {
        /// <summary>
        /// Until now one use of a picture stood for an article's draft and for what was published: readers have their own, of what they see.
        /// And deleted articles and broadcasts kept their texts.
        /// </summary>
        protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
            """
            INSERT INTO "FileUses" ("FileId", "Place", "PlaceId", "Seq")
            SELECT u."FileId", 'PublishedArticle', u."PlaceId", u."Seq" FROM "FileUses" u JOIN "Articles" a ON a."Id" = u."PlaceId"
            WHERE u."Place" = 'Article' AND a."IsPublished"
            AND (a."CoverId" = u."FileId" OR instr(a."Markdown", '/api/files/' || lower(replace(u."FileId", '-', ''))) > 0);
            UPDATE "Articles" SET "Title" = '', "Summary" = '', "Markdown" = '', "DraftTitle" = '', "DraftSummary" = '', "DraftMarkdown" = '',
            "CoverId" = NULL, "DraftCoverId" = NULL, "Slug" = NULL, "Likes" = 0 WHERE "DeletedAt" IS NOT NULL;
            DELETE FROM "ArticleLikes" WHERE "ArticleId" IN (SELECT "Id" FROM "Articles" WHERE "DeletedAt" IS NOT NULL);
            UPDATE "Broadcasts" SET "Title" = '' WHERE "Id" IN (SELECT "Id" FROM "Posts" WHERE "DeletedAt" IS NOT NULL);
            DELETE FROM "AudienceCircles" WHERE "PostId" IN (SELECT "Id" FROM "Posts" WHERE "DeletedAt" IS NOT NULL);
            DELETE FROM "AudienceExceptions" WHERE "PostId" IN (SELECT "Id" FROM "Posts" WHERE "DeletedAt" IS NOT NULL);
            """);

        /// <summary>What is gone stays gone.</summary>
        protected override void Down(MigrationBuilder migrationBuilder) =>
            migrationBuilder.Sql("""DELETE FROM "FileUses" WHERE "Place" = 'PublishedArticle'""");
    }
}
