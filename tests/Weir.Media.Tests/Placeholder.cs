namespace Weir_Media_Tests; public class Placeholder { [Fact] public void Runs() { } }
