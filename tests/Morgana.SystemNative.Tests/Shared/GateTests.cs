namespace Morgana.SystemNative.Tests.Shared;

public class GateTests
{
    [Fact]
    public void A_signal_before_the_wait_ends_it_at_once()
    {
        var gate = new Gate();
        gate.Signal();
        gate.Signal();
        Assert.True(gate.Wait(-1));
        gate.Reset();
        Assert.False(gate.Wait(0));
    }

    [Fact]
    public void Nothing_is_left_of_a_signal_that_comes_as_the_wait_runs_out()
    {
        var gate = new Gate();
        const int Rounds = 4_000;
        int round = 0;
        bool isOver = false;
        // Signals at all moments, so that some fall between the end of the wait and what its thread makes of it.
        var signaller = new Thread(() =>
        {
            while (!Volatile.Read(ref isOver))
                if ((Volatile.Read(ref round) & 1) == 1) gate.Signal();
        });
        signaller.Start();
        for (int i = 0; i < Rounds; i++)
        {
            gate.Reset();
            Volatile.Write(ref round, (2 * i) + 1);
            gate.Wait(i & 1);
            Volatile.Write(ref round, (2 * i) + 2);
        }

        Volatile.Write(ref isOver, true);
        signaller.Join();
        gate.Reset();
        Assert.False(gate.Wait(0));
    }

    [Fact]
    public void Every_signal_wakes_the_one_who_sleeps()
    {
        const int Rounds = 5_000;
        var (there, back) = (new Gate(), new Gate());
        var other = new Thread(() =>
        {
            for (int i = 0; i < Rounds; i++)
            {
                there.Wait(-1);
                there.Reset();
                back.Signal();
            }
        });
        other.Start();
        for (int i = 0; i < Rounds; i++)
        {
            there.Signal();
            Assert.True(back.Wait(-1));
            back.Reset();
        }

        other.Join();
    }
}
