namespace Weir.Social;

/// <summary>The database is a later version's. The message names both versions and says what to do.</summary>
public sealed class LaterDatabaseException(string message) : Exception(message);
