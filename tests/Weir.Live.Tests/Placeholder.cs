namespace Weir_Live_Tests; public class Placeholder { [Fact] public void Runs() { } }
