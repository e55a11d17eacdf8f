using System.Data;
using Microsoft.Data.Sqlite;

namespace Weir.Social.Data;

/// <summary>
/// An open connection to SQLite with the statements that were prepared on it: a text is parsed and planned once and runs again and again. It has one user at a
/// time. SQLite itself prepares a statement anew whose tables have changed.
/// </summary>
internal sealed class PreparedConnection : SqliteConnection
{
    /// <summary>A large query takes about 100 KB prepared. The statement that was not used for longest goes first.</summary>
    internal const int MaxStatements = 128;

    /// <summary>A statement keeps a copy of the values that it ran with last.</summary>
    private const int MaxValue = 4096;

    private readonly Dictionary<string, LinkedListNode<PreparedCommand>> _idle = [];
    private readonly LinkedList<PreparedCommand> _byAge = [];
    private int _inUse;

    public PreparedConnection(string connectionString)
        : base(connectionString)
    {
    }

    /// <summary>Nothing of its last user is left on it: no reader, no transaction.</summary>
    public bool IsClean => _inUse == 0 && Transaction is null && State == ConnectionState.Open;

    public SqliteTransaction? OpenTransaction => Transaction;

    internal int Statements => _byAge.Count;

    /// <summary>How often a text had to be prepared.</summary>
    internal int Prepared { get; private set; }

    public PreparedCommand Take(string text)
    {
        _inUse++;
        if (!_idle.Remove(text, out var node))
        {
            Prepared++;
            return new PreparedCommand(text, this);
        }

        _byAge.Remove(node);
        return node.Value;
    }

    /// <param name="healthy">False: it failed, and is not used again.</param>
    public void GiveBack(PreparedCommand command, bool healthy)
    {
        _inUse--;
        healthy &= State == ConnectionState.Open && !command.IsReading && command.HoldsLittle(MaxValue);
        command.Parameters.Clear();
        command.Transaction = null;
        // Of two that ran at once with the same text one is kept.
        if (!healthy || _idle.ContainsKey(command.CommandText))
        {
            command.Dispose();
            return;
        }

        _idle.Add(command.CommandText, _byAge.AddLast(command));
        if (_byAge.Count > MaxStatements)
        {
            var oldest = _byAge.First!.Value;
            _byAge.RemoveFirst();
            _idle.Remove(oldest.CommandText);
            oldest.Dispose();
        }
    }
}

/// <summary>A statement that stays prepared.</summary>
internal sealed class PreparedCommand(string text, SqliteConnection connection) : SqliteCommand(text, connection)
{
    public bool IsReading => DataReader is not null;

    public bool HoldsLittle(int most)
    {
        foreach (SqliteParameter parameter in Parameters)
        {
            if (parameter.Value is string { Length: var length } && length > most || parameter.Value is byte[] { Length: var bytes } && bytes > most)
            {
                return false;
            }
        }

        return true;
    }
}
