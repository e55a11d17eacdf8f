using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Weir.Social.Data.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class Moments : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "Posts",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "uuid", nullable: false),
                    OwnerId = table.Column<Guid>(type: "uuid", nullable: false),
                    IsMoment = table.Column<bool>(type: "boolean", nullable: false),
                    CreatedAt = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    DeletedAt = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    Kind = table.Column<string>(type: "character varying(16)", maxLength: 16, nullable: false),
                    ConversationId = table.Column<Guid>(type: "uuid", nullable: true),
                    OfficialAccountId = table.Column<Guid>(type: "uuid", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Posts", x => x.Id);
                    table.ForeignKey(
                        name: "FK_Posts_Accounts_OwnerId",
                        column: x => x.OwnerId,
                        principalTable: "Accounts",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "FK_Posts_Conversations_ConversationId",
                        column: x => x.ConversationId,
                        principalTable: "Conversations",
                        principalColumn: "Id");
                    table.ForeignKey(
                        name: "FK_Posts_OfficialAccounts_OfficialAccountId",
                        column: x => x.OfficialAccountId,
                        principalTable: "OfficialAccounts",
                        principalColumn: "Id");
                });

            // Every broadcast there is becomes a post, before its columns go and before anything refers to posts.
            migrationBuilder.Sql(
                """
                INSERT INTO "Posts" ("Id", "OwnerId", "IsMoment", "CreatedAt", "DeletedAt", "Kind")
                SELECT "Id", "HostId", FALSE, "CreatedAt", "DeletedAt", "Kind" FROM "Broadcasts";
                """);

            migrationBuilder.DropForeignKey(
                name: "FK_AudienceCircles_Broadcasts_BroadcastId",
                table: "AudienceCircles");

            migrationBuilder.DropForeignKey(
                name: "FK_AudienceExceptions_Broadcasts_BroadcastId",
                table: "AudienceExceptions");

            migrationBuilder.DropForeignKey(
                name: "FK_Broadcasts_Accounts_HostId",
                table: "Broadcasts");

            migrationBuilder.DropIndex(
                name: "IX_Broadcasts_HostId_CreatedAt",
                table: "Broadcasts");

            migrationBuilder.DropColumn(
                name: "CreatedAt",
                table: "Broadcasts");

            migrationBuilder.DropColumn(
                name: "DeletedAt",
                table: "Broadcasts");

            migrationBuilder.DropColumn(
                name: "HostId",
                table: "Broadcasts");

            migrationBuilder.DropColumn(
                name: "Kind",
                table: "Broadcasts");

            migrationBuilder.RenameColumn(
                name: "BroadcastId",
                table: "AudienceExceptions",
                newName: "PostId");

            migrationBuilder.RenameColumn(
                name: "BroadcastId",
                table: "AudienceCircles",
                newName: "PostId");

            migrationBuilder.AddColumn<string>(
                name: "MomentWindow",
                table: "Accounts",
                type: "character varying(16)",
                maxLength: 16,
                nullable: false,
                defaultValue: "All");

            migrationBuilder.CreateTable(
                name: "MomentHidings",
                columns: table => new
                {
                    OwnerId = table.Column<Guid>(type: "uuid", nullable: false),
                    OtherId = table.Column<Guid>(type: "uuid", nullable: false),
                    Theirs = table.Column<bool>(type: "boolean", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_MomentHidings", x => new { x.OwnerId, x.OtherId, x.Theirs });
                    table.ForeignKey(
                        name: "FK_MomentHidings_Accounts_OtherId",
                        column: x => x.OtherId,
                        principalTable: "Accounts",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "FK_MomentHidings_Accounts_OwnerId",
                        column: x => x.OwnerId,
                        principalTable: "Accounts",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "Moments",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "uuid", nullable: false),
                    Text = table.Column<string>(type: "text", nullable: false),
                    Content = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Moments", x => x.Id);
                    table.ForeignKey(
                        name: "FK_Moments_Posts_Id",
                        column: x => x.Id,
                        principalTable: "Posts",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "MomentComments",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "uuid", nullable: false),
                    Text = table.Column<string>(type: "text", nullable: false),
                    ReplyToId = table.Column<Guid>(type: "uuid", nullable: true),
                    ReplyToAuthorId = table.Column<Guid>(type: "uuid", nullable: true),
                    MomentId = table.Column<Guid>(type: "uuid", nullable: false),
                    AuthorId = table.Column<Guid>(type: "uuid", nullable: false),
                    CreatedAt = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_MomentComments", x => x.Id);
                    table.ForeignKey(
                        name: "FK_MomentComments_Accounts_AuthorId",
                        column: x => x.AuthorId,
                        principalTable: "Accounts",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "FK_MomentComments_MomentComments_ReplyToId",
                        column: x => x.ReplyToId,
                        principalTable: "MomentComments",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.SetNull);
                    table.ForeignKey(
                        name: "FK_MomentComments_Moments_MomentId",
                        column: x => x.MomentId,
                        principalTable: "Moments",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "MomentLikes",
                columns: table => new
                {
                    MomentId = table.Column<Guid>(type: "uuid", nullable: false),
                    AuthorId = table.Column<Guid>(type: "uuid", nullable: false),
                    CreatedAt = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_MomentLikes", x => new { x.MomentId, x.AuthorId });
                    table.ForeignKey(
                        name: "FK_MomentLikes_Accounts_AuthorId",
                        column: x => x.AuthorId,
                        principalTable: "Accounts",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "FK_MomentLikes_Moments_MomentId",
                        column: x => x.MomentId,
                        principalTable: "Moments",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "IX_MomentComments_AuthorId",
                table: "MomentComments",
                column: "AuthorId");

            migrationBuilder.CreateIndex(
                name: "IX_MomentComments_MomentId_CreatedAt",
                table: "MomentComments",
                columns: new[] { "MomentId", "CreatedAt" });

            migrationBuilder.CreateIndex(
                name: "IX_MomentComments_ReplyToId",
                table: "MomentComments",
                column: "ReplyToId");

            migrationBuilder.CreateIndex(
                name: "IX_MomentHidings_OtherId",
                table: "MomentHidings",
                column: "OtherId");

            migrationBuilder.CreateIndex(
                name: "IX_MomentLikes_AuthorId",
                table: "MomentLikes",
                column: "AuthorId");

            migrationBuilder.CreateIndex(
                name: "IX_Posts_ConversationId",
                table: "Posts",
                column: "ConversationId");

            migrationBuilder.CreateIndex(
                name: "IX_Posts_CreatedAt",
                table: "Posts",
                column: "CreatedAt");

            migrationBuilder.CreateIndex(
                name: "IX_Posts_OfficialAccountId",
                table: "Posts",
                column: "OfficialAccountId");

            migrationBuilder.CreateIndex(
                name: "IX_Posts_OwnerId_CreatedAt",
                table: "Posts",
                columns: new[] { "OwnerId", "CreatedAt" });

            migrationBuilder.AddForeignKey(
                name: "FK_AudienceCircles_Posts_PostId",
                table: "AudienceCircles",
                column: "PostId",
                principalTable: "Posts",
                principalColumn: "Id",
                onDelete: ReferentialAction.Cascade);

            migrationBuilder.AddForeignKey(
                name: "FK_AudienceExceptions_Posts_PostId",
                table: "AudienceExceptions",
                column: "PostId",
                principalTable: "Posts",
                principalColumn: "Id",
                onDelete: ReferentialAction.Cascade);

            migrationBuilder.AddForeignKey(
                name: "FK_Broadcasts_Posts_Id",
                table: "Broadcasts",
                column: "Id",
                principalTable: "Posts",
                principalColumn: "Id",
                onDelete: ReferentialAction.Cascade);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            // An older version has no place for moments.
            throw new NotSupportedException("Restore a backup from before the update instead.");
        }
    }
}
