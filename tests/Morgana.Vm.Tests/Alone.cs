// Each of these tests has a virtual machine, which is given a processor's time by emulation: one after the other.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
