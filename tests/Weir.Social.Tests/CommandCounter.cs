using System.Data.Common;
using System.Diagnostics;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Weir.Social.Tests;

/// <summary>Writes down what a server asks of its database to answer requests; what it does by itself meanwhile is not counted.</summary>
public sealed class CommandCounter : DbCommandInterceptor
{
    private readonly Lock _lock = new();
    private List<string> _commands = [];

    public void Reset() => Take();

    public IReadOnlyList<string> Take()
    {
        lock (_lock)
        {
            return Interlocked.Exchange(ref _commands, []);
        }
    }

    /// <summary>Without the look-up of the session, which is asked at most once a second, whatever the request.</summary>
    public IReadOnlyList<string> TakeAnswering() => [.. Take().Where(text => !text.Contains("FROM \"Sessions\"", StringComparison.Ordinal))];

    public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
        DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
    {
        Add(command);
        return base.ReaderExecutingAsync(command, eventData, result, cancellationToken);
    }

    public override ValueTask<InterceptionResult<int>> NonQueryExecutingAsync(
        DbCommand command, CommandEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
    {
        Add(command);
        return base.NonQueryExecutingAsync(command, eventData, result, cancellationToken);
    }

    private void Add(DbCommand command)
    {
        if (Activity.Current?.OperationName != "Microsoft.AspNetCore.Hosting.HttpRequestIn")
        {
            return;
        }

        lock (_lock)
        {
            _commands.Add(command.CommandText);
        }
    }
}
