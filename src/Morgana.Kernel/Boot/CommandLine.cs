namespace Morgana.Kernel;

/// <summary>The monitor's command line: options of the kernel and variables of the application's environment, then, behind <c>--</c>, the application's arguments.</summary>
/// <remarks>
/// Words are apart by spaces; within double quotes spaces are part of the word, and a backslash takes the next octet as it is. A word that
/// begins with a capital letter and has an equals sign is a variable; any other before <c>--</c> is the kernel's.
/// </remarks>
internal unsafe struct CommandLine
{
    public const int MostWords = 192;

    private Words _options, _variables, _arguments;

    public int OptionCount, VariableCount, ArgumentCount;

    private struct Words
    {
        public fixed ulong Places[MostWords];
    }

    public byte* Option(int index) => (byte*)_options.Places[index];

    public byte* Variable(int index) => (byte*)_variables.Places[index];

    public byte* Argument(int index) => (byte*)_arguments.Places[index];

    /// <summary>Takes a zero-terminated text apart, in place. False when it has too many words.</summary>
    public bool Parse(byte* text)
    {
        OptionCount = VariableCount = ArgumentCount = 0;
        bool behind = false;
        while (NextWord(ref text, out byte* word))
        {
            if (OptionCount + VariableCount + ArgumentCount == MostWords) return false;
            if (behind) _arguments.Places[ArgumentCount++] = (ulong)word;
            else if (word[0] == '-' && word[1] == '-' && word[2] == 0) behind = true;
            else if (IsVariable(word)) _variables.Places[VariableCount++] = (ulong)word;
            else _options.Places[OptionCount++] = (ulong)word;
        }

        return true;
    }

    /// <summary>The value of an option that begins with <paramref name="name"/>, as <c>cpus=</c>; null when there is none. The last one counts.</summary>
    public byte* Find(System.ReadOnlySpan<byte> name)
    {
        for (int i = OptionCount - 1; i >= 0; i--)
        {
            if (Text.Begins(Option(i), name)) return Option(i) + name.Length;
        }

        return null;
    }

    private static bool IsVariable(byte* word)
    {
        if (word[0] < 'A' || word[0] > 'Z') return false;
        for (int i = 1; word[i] != 0; i++)
        {
            if (word[i] == '=') return true;
        }

        return false;
    }

    // The word is written over the text that it came from: it never gets longer.
    private static bool NextWord(ref byte* text, out byte* word)
    {
        while (*text == ' ') text++;
        word = text;
        if (*text == 0) return false;
        byte* to = text;
        bool quoted = false;
        for (; *text != 0 && (quoted || *text != ' '); text++)
        {
            if (*text == '"')
            {
                quoted = !quoted;
                continue;
            }

            if (*text == '\\' && text[1] != 0) text++;
            *to++ = *text;
        }

        // Before the end is written, as it may be the same octet.
        if (*text != 0) text++;
        *to = 0;
        return true;
    }
}
