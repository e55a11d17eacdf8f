using Weir.Social.Data;

namespace Weir.Social.Tests.Databases;

public sealed class PostgresConnectionTests
{
    [Theory]
    [InlineData("Host=h", 200)]
    [InlineData("Host=h;Max Auto Prepare=0", 0)]
    [InlineData("Host=h;MaxAutoPrepare=7", 7)]
    public void PostgreSQL_prepares_too_unless_told_otherwise(string given, int most) =>
        Assert.Equal(most, new Npgsql.NpgsqlConnectionStringBuilder(Database.PostgresConnection(given)).MaxAutoPrepare);
}
