namespace Weir_EndToEnd; public class Placeholder { [Fact] public void Runs() { } }
