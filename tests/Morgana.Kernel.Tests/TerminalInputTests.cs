namespace Morgana.Kernel.Tests;

public sealed unsafe class TerminalInputTests
{
    [Fact]
    public void What_comes_is_read_in_order_however_the_ring_goes_round()
    {
        var input = new TerminalInput();
        var random = new Random(3);
        var model = new Queue<byte>();
        for (int step = 0; step < 20_000; step++)
        {
            for (int i = random.Next(700); i > 0 && input.HasRoom; i--)
            {
                byte octet = (byte)random.Next(' ', 127);
                Assert.Equal(0, input.Accept(octet));
                model.Enqueue(octet);
            }

            Assert.Equal(model.Count, input.Length);
            for (int wanted = random.Next(700); wanted > 0 && input.Length > 0;)
            {
                int count = Math.Min(wanted, input.FirstLength);
                for (int i = 0; i < count; i++) Assert.Equal(model.Dequeue(), input.First[i]);
                input.Take(count);
                wanted -= count;
            }
        }
    }

    [Fact]
    public void Keys_are_signals_and_the_end_and_quoted_they_are_content()
    {
        var input = new TerminalInput();
        Assert.Equal(2, input.Accept(3));
        Assert.Equal(15, input.Accept(0x1c));
        Assert.False(input.CanRead);
        foreach (byte key in (byte[])[3, 4, 0x16, 0x1c])
        {
            Assert.Equal(0, input.Accept(0x16));
            Assert.Equal(0, input.Accept(key));
            Assert.Equal(key, *input.First);
            input.Take(1);
        }

        Assert.False(input.IsEnded);
        input.Accept((byte)'x');
        Assert.Equal(0, input.Accept(4));
        Assert.True(input.IsEnded && input.CanRead);
        Assert.Equal(1, input.Length);
        // Behind the end there is no content, but still keys.
        input.Accept((byte)'y');
        Assert.Equal(1, input.Length);
        Assert.Equal(15, input.Accept(0x1c));
    }

    [Fact]
    public void A_full_ring_takes_no_more_content()
    {
        var input = new TerminalInput();
        for (int i = 0; i < TerminalInput.Size; i++) input.Accept((byte)'a');
        Assert.False(input.HasRoom);
        input.Accept((byte)'b');
        Assert.Equal(TerminalInput.Size, input.Length);
        for (int i = 0; i < TerminalInput.Size; i++) Assert.Equal((byte)'a', input.First[i]);
    }
}
