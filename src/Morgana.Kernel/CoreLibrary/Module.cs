// Locals are not zeroed before a method begins: it would be done with vector registers, which are the application's while the kernel runs.
[module: System.Runtime.CompilerServices.SkipLocalsInit]
