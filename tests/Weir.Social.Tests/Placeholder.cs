namespace Weir_Social_Tests; public class Placeholder { [Fact] public void Runs() { } }
