using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Weir.Media.Formats;

/// <summary>
/// An AMF0 object or ECMA array: named values in their order. Values are <see cref="double"/>, <see cref="bool"/>,
/// <see cref="string"/>, null, <see cref="DateTimeOffset"/>, <see cref="Amf0Object"/> or a list of these.
/// </summary>
public sealed class Amf0Object : IEnumerable<KeyValuePair<string, object?>>
{
    private readonly List<KeyValuePair<string, object?>> _entries = [];

    /// <summary>Written as an ECMA array, which is how onMetaData is expected.</summary>
    public bool IsEcmaArray { get; init; }

    public int Count => _entries.Count;

    /// <summary>Null where there is none.</summary>
    public object? this[string name]
    {
        get
        {
            foreach (var entry in _entries)
            {
                if (entry.Key == name)
                {
                    return entry.Value;
                }
            }

            return null;
        }
    }

    public void Add(string name, object? value) => _entries.Add(new(name, value));

    public bool TryGetString(string name, [NotNullWhen(true)] out string? value) => (value = this[name] as string) is not null;

    public bool TryGetNumber(string name, out double value)
    {
        value = this[name] is double number ? number : 0;
        return this[name] is double;
    }

    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator() => _entries.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
