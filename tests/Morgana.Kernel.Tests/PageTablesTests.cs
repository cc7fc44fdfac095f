using System.Runtime.InteropServices;

namespace Morgana.Kernel.Tests;

public sealed unsafe class PageTablesTests : IDisposable
{
    private readonly void* _table = NativeMemory.AllocZeroed(1 << 16);
    private readonly FrameAllocator* _frames = (FrameAllocator*)NativeMemory.AllocZeroed((nuint)sizeof(FrameAllocator));
    private PageTables _tables;

    public PageTablesTests()
    {
        _frames->Init(_table, Physical.Size / 4096);
        _frames->Add(0x10_0000, Physical.Size);
        ulong root = _frames->Take();
        Pages.Clear(Physical.Pointer(root));
        _tables.Init(root, _frames);
    }

    public void Dispose()
    {
        NativeMemory.Free(_table);
        NativeMemory.Free(_frames);
    }

    [Fact]
    public void A_page_without_a_table_has_no_entry_until_one_is_made()
    {
        Assert.True(_tables.Entry(0x1234_5000, create: false) == null);
        ulong* entry = _tables.Entry(0x1234_5000, create: true);
        Assert.Equal(0UL, *entry);
        Assert.True(_tables.Entry(0x1234_5fff, create: false) == entry);
    }

    [Fact]
    public void Without_memory_there_is_no_entry()
    {
        while (_frames->Take() != FrameAllocator.None) { }
        Assert.True(_tables.Entry(0x1234_5000, create: true) == null);
    }

    [Fact]
    public void Used_pages_are_found_in_hundreds_of_gigabytes_of_nothing()
    {
        ulong[] used = [0x1000, 0x20_0000, 0x4000_0000, 0x40_0000_3000, 0x7fff_0000_0000];
        foreach (ulong address in used) *_tables.Entry(address, create: true) = 1;
        var found = new List<ulong>();
        for (ulong address = 0; _tables.NextUsed(ref address, 0x8000_0000_0000) != null; address += 4096) found.Add(address);
        Assert.Equal(used, found);
    }

    [Fact]
    public void A_leaf_table_is_detached_only_once_it_is_empty()
    {
        ulong* entry = _tables.Entry(0x4020_1000, create: true);
        *entry = 1;
        Assert.Equal(FrameAllocator.None, _tables.DetachLeaf(0x4020_0000));
        *entry = 0;
        ulong frame = _tables.DetachLeaf(0x4020_0000);
        Assert.NotEqual(FrameAllocator.None, frame);
        Assert.True(_frames->Return(frame));
        Assert.True(_tables.Entry(0x4020_1000, create: false) == null);
    }

    [Fact]
    public void The_application_reaches_nothing_of_the_upper_half()
    {
        _tables.Entry(0xffff_c800_0000_0000, create: true);
        _tables.Entry(0x1000, create: true);
        ulong* root = (ulong*)Physical.Pointer(0x10_0000);
        Assert.NotEqual(0UL, root[0] & PageTables.User);
        Assert.Equal(0UL, root[400] & PageTables.User);
        Assert.NotEqual(0UL, root[400] & PageTables.Present);
    }
}
