using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Weir.Social.Data.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class TextsOfDeletedThings : Migration
    {
        /// <summary>Until now deleted articles and broadcasts kept their texts.</summary>
        protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
            """
            UPDATE "Articles" SET "Title" = '', "Summary" = '', "Markdown" = '', "DraftTitle" = '', "DraftSummary" = '', "DraftMarkdown" = '',
            "CoverId" = NULL, "DraftCoverId" = NULL, "Slug" = NULL, "Likes" = 0 WHERE "DeletedAt" IS NOT NULL;
            DELETE FROM "ArticleLikes" WHERE "ArticleId" IN (SELECT "Id" FROM "Articles" WHERE "DeletedAt" IS NOT NULL);
            UPDATE "Broadcasts" SET "Title" = '' WHERE "Id" IN (SELECT "Id" FROM "Posts" WHERE "DeletedAt" IS NOT NULL);
            DELETE FROM "AudienceCircles" WHERE "PostId" IN (SELECT "Id" FROM "Posts" WHERE "DeletedAt" IS NOT NULL);
            DELETE FROM "AudienceExceptions" WHERE "PostId" IN (SELECT "Id" FROM "Posts" WHERE "DeletedAt" IS NOT NULL);
            """);

        /// <summary>What is gone stays gone.</summary>
        protected override void Down(MigrationBuilder migrationBuilder)
        {
        }
    }
}
