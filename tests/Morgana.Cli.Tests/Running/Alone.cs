// These tests start commands and one of them has a second to stop: they do not compete with each other.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
