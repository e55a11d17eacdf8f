using Weir.EndToEnd.Harness;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(TimedFirst))]

namespace Weir.EndToEnd.Harness;

/// <summary>
/// Stories of pictures that move and of comebacks, which wait more than they work: one after the other, beside the others, one of which runs at
/// a time for each further core.
/// </summary>
[CollectionDefinition(nameof(Timed))]
public sealed class Timed;

/// <summary>The longest row of stories begins first, or the others are over while it has just begun.</summary>
public sealed class TimedFirst : ITestCollectionOrderer
{
    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections
            .OrderByDescending(collection => collection.TestCollectionDisplayName == nameof(Timed))
            .ThenBy(collection => collection.UniqueID, StringComparer.Ordinal)];
}
