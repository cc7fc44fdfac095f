namespace System.Runtime.CompilerServices;

// The compiler asks for it when a record is declared; .NET Standard 2.0 has none.
internal static class IsExternalInit;
