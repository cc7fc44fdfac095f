namespace Morgana.Build;

/// <summary>One build of a thing at a time, whoever asks: a file that is held open, which no build leaves behind that was killed.</summary>
internal static class BuildLock
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Waits until nobody else has the lock, and says once that it waits.</summary>
    /// <param name="path">The lock's file. Its folder is there.</param>
    /// <param name="thing">What is built, as it is said to who waits.</param>
    /// <param name="log">Hears it.</param>
    /// <param name="cancel">Ends the waiting.</param>
    /// <returns>The lock, until it is disposed of.</returns>
    public static async Task<FileStream> TakeAsync(string path, string thing, IBuildLog log, CancellationToken cancel)
    {
        for (bool told = false; ; told = true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (File.Exists(path))
            {
                if (!told) log.Step($"waiting for another build of {thing}");
                await Task.Delay(s_pause, cancel);
            }
        }
    }
}
