using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Weir.Social.Data.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class DeclinedRequestsAndStreamKeys : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<bool>(
                name: "Declined",
                table: "FriendRequests",
                type: "boolean",
                nullable: false,
                defaultValue: false);

            migrationBuilder.AddColumn<int>(
                name: "StreamKeyGeneration",
                table: "Accounts",
                type: "integer",
                nullable: false,
                defaultValue: 0);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "Declined",
                table: "FriendRequests");

            migrationBuilder.DropColumn(
                name: "StreamKeyGeneration",
                table: "Accounts");
        }
    }
}
