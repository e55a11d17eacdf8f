using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Weir.Social.Data.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class OfficialAccounts : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "OfficialAccounts",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    Handle = table.Column<string>(type: "TEXT", maxLength: 30, nullable: false),
                    Name = table.Column<string>(type: "TEXT", nullable: false),
                    Description = table.Column<string>(type: "TEXT", nullable: false),
                    AvatarId = table.Column<Guid>(type: "TEXT", nullable: true),
                    Kind = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    Open = table.Column<bool>(type: "INTEGER", nullable: false),
                    ShowsFollowers = table.Column<bool>(type: "INTEGER", nullable: false),
                    ShowsReads = table.Column<bool>(type: "INTEGER", nullable: false),
                    CreatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    ClosedAt = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_OfficialAccounts", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "OfficialPermissions",
                columns: table => new
                {
                    AccountId = table.Column<Guid>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_OfficialPermissions", x => x.AccountId);
                    table.ForeignKey(
                        name: "FK_OfficialPermissions_Accounts_AccountId",
                        column: x => x.AccountId,
                        principalTable: "Accounts",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "OfficialSettings",
                columns: table => new
                {
                    Id = table.Column<int>(type: "INTEGER", nullable: false),
                    Mode = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_OfficialSettings", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "Followers",
                columns: table => new
                {
                    OfficialAccountId = table.Column<Guid>(type: "TEXT", nullable: false),
                    AccountId = table.Column<Guid>(type: "TEXT", nullable: false),
                    Since = table.Column<long>(type: "INTEGER", nullable: false),
                    Muted = table.Column<bool>(type: "INTEGER", nullable: false),
                    SeenAt = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Followers", x => new { x.OfficialAccountId, x.AccountId });
                    table.ForeignKey(
                        name: "FK_Followers_Accounts_AccountId",
                        column: x => x.AccountId,
                        principalTable: "Accounts",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "FK_Followers_OfficialAccounts_OfficialAccountId",
                        column: x => x.OfficialAccountId,
                        principalTable: "OfficialAccounts",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "OfficialEditors",
                columns: table => new
                {
                    OfficialAccountId = table.Column<Guid>(type: "TEXT", nullable: false),
                    AccountId = table.Column<Guid>(type: "TEXT", nullable: false),
                    Role = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    InvitedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    AcceptedAt = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_OfficialEditors", x => new { x.OfficialAccountId, x.AccountId });
                    table.ForeignKey(
                        name: "FK_OfficialEditors_Accounts_AccountId",
                        column: x => x.AccountId,
                        principalTable: "Accounts",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "FK_OfficialEditors_OfficialAccounts_OfficialAccountId",
                        column: x => x.OfficialAccountId,
                        principalTable: "OfficialAccounts",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "RemovedFollowers",
                columns: table => new
                {
                    OfficialAccountId = table.Column<Guid>(type: "TEXT", nullable: false),
                    AccountId = table.Column<Guid>(type: "TEXT", nullable: false),
                    At = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_RemovedFollowers", x => new { x.OfficialAccountId, x.AccountId });
                    table.ForeignKey(
                        name: "FK_RemovedFollowers_Accounts_AccountId",
                        column: x => x.AccountId,
                        principalTable: "Accounts",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "FK_RemovedFollowers_OfficialAccounts_OfficialAccountId",
                        column: x => x.OfficialAccountId,
                        principalTable: "OfficialAccounts",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.InsertData(
                table: "OfficialSettings",
                columns: new[] { "Id", "Mode" },
                values: new object[] { 1, "Named" });

            migrationBuilder.CreateIndex(
                name: "IX_Followers_AccountId",
                table: "Followers",
                column: "AccountId");

            migrationBuilder.CreateIndex(
                name: "IX_OfficialAccounts_Handle",
                table: "OfficialAccounts",
                column: "Handle",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_OfficialEditors_AccountId",
                table: "OfficialEditors",
                column: "AccountId");

            migrationBuilder.CreateIndex(
                name: "IX_RemovedFollowers_AccountId",
                table: "RemovedFollowers",
                column: "AccountId");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "Followers");

            migrationBuilder.DropTable(
                name: "OfficialEditors");

            migrationBuilder.DropTable(
                name: "OfficialPermissions");

            migrationBuilder.DropTable(
                name: "OfficialSettings");

            migrationBuilder.DropTable(
                name: "RemovedFollowers");

            migrationBuilder.DropTable(
                name: "OfficialAccounts");
        }
    }
}
