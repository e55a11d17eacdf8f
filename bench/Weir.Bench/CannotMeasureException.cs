namespace Weir.Bench;

/// <summary>Something that a benchmark needs is not there or did not work; the message is for the person at the terminal.</summary>
internal sealed class CannotMeasureException(string why) : Exception(why);
