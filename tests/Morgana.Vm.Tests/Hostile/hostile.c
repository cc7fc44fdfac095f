// A program that makes system calls at random, with arguments that nobody should pass: several threads, for a while. It is written without a
// C library, so that nothing in it minds what it does to itself. Arguments: seed, calls of each thread, threads, and "wild".
//
// Tame, it does nothing by which a process ends, works in memory that nothing else lies near, and has to come to its end, with status 0: the
// kernel is whole then, and has its memory back. Wild, it may unmap its own code and return from signals that never came: it may end by a
// signal of its own, but not otherwise, and soon.
typedef unsigned long u64;
typedef unsigned int u32;

#define PAGE 4096ul
#define ARENA 0x1000000000ul            // shared by the threads, whose calls map, unmap and protect it under one another
#define ARENA_SIZE (32 * PAGE)
#define PRIVATE 0x2000000000ul          // a thread's own: structures for the kernel to read, and its stack far above them
#define PRIVATE_STEP 0x10000000ul
#define PRIVATE_SIZE (4 * PAGE)
#define STACK_OFFSET 0x8000000ul
#define STACK_SIZE (16 * PAGE)
#define MOST_THREADS 8
#define RING 8
#define USER_END 0x00007ffffffff000ul

enum { READ = 0, WRITE = 1, CLOSE = 3, POLL = 7, MMAP = 9, MPROTECT = 10, MUNMAP = 11, BRK = 12, SIGACTION = 13, SIGPROCMASK = 14, SIGRETURN = 15,
       MADVISE = 28, NANOSLEEP = 35, CLONE = 56, EXIT = 60, KILL = 62, SYSINFO = 99, SIGALTSTACK = 131, ARCH_PRCTL = 158, GETTID = 186, TKILL = 200,
       FUTEX = 202, TGKILL = 234, EXIT_GROUP = 231, PIPE2 = 293, GETRANDOM = 318, CLONE3 = 435, USR1 = 10, PIPE = 13 };

static const short served[] = { 0, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 20, 21, 24, 28, 32, 33, 35, 39, 56, 60, 62, 63, 72, 79, 89, 96, 97, 98, 99,
    102, 104, 107, 108, 110, 131, 137, 138, 149, 150, 157, 158, 186, 200, 201, 202, 203, 204, 218, 228, 229, 230, 231, 234, 239, 257, 262, 269, 271, 273, 290,
    292, 293, 302, 309, 318, 324, 334, 435 };

struct thread { u64 state, number, mine, ring[RING], ring_size[RING], next, brk; volatile int id, done; } __attribute__((aligned(64)));

static struct thread threads[MOST_THREADS];
static u64 calls_each, thread_count;
static int wild;

static long call(u64 number, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f)
{
    register u64 r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
    long result;
    __asm__ volatile("syscall\n\tcld" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
    return result;
}

static u64 next(struct thread *t)
{
    t->state ^= t->state >> 12; t->state ^= t->state << 25; t->state ^= t->state >> 27;
    return t->state * 0x2545f4914f6cdd1dul;
}

static u64 below(struct thread *t, u64 limit) { return (next(t) >> 16) % limit; }

// Lengths: those that mean something, and those by which sums overflow.
static u64 length(struct thread *t)
{
    static const u64 some[] = { 0, 1, 2, 3, 4, 7, 8, 16, 24, 32, 63, 64, 128, 144, 512, 2048, 4095, PAGE, 4097, 2 * PAGE, 5 * PAGE, ARENA_SIZE, 1ul << 31, 0xfffffffful, 1ul << 32,
        1ul << 46, 0x7ffffffffffful, 1ul << 47, 1ul << 63, -1ul, -4ul, -4095ul, -4096ul, -4097ul, 0x7ffffffffffffffful };
    return some[below(t, sizeof some / 8)];
}

// Places where an address is wrong: nothing, the kernel's, between both halves, about the end of ours, and about the end of everything.
static u64 bad_address(struct thread *t)
{
    u64 near = below(t, 3) ? below(t, 64) * 8 : below(t, 256);
    switch (below(t, 10))
    {
        case 0: return 0;
        case 1: return below(t, 0x10000);
        case 2: return USER_END - near;
        case 3: return USER_END + near;
        case 4: return 0x0000800000000000ul + near - 128;
        case 5: return 0xffff800000000000ul + below(t, 64 << 20);
        case 6: return 0xffffffff80000000ul + below(t, 8 << 20);
        case 7: return 0xffffd80000000000ul + below(t, 1ul << 40);
        case 8: return -near;
        default: return next(t) | 1ul << 63;
    }
}

static u64 arena(struct thread *t)
{
    switch (below(t, 4))
    {
        case 0: return ARENA + ARENA_SIZE - below(t, 72);
        case 1: return ARENA + below(t, 32) * PAGE;
        case 2: return ARENA + below(t, 32) * PAGE + PAGE - below(t, 24);
        default: return ARENA + (below(t, ARENA_SIZE) & ~7ul);
    }
}

static u64 pointer(struct thread *t)
{
    switch (below(t, 8))
    {
        case 0: return bad_address(t);
        case 1: case 2: case 3: return arena(t);
        case 4: return (u64)&call + below(t, 64);            // can be read, not written
        default: return t->mine + (below(t, PRIVATE_SIZE - 1024) & (below(t, 4) ? ~7ul : ~0ul));
    }
}

static u64 number(struct thread *t)
{
    switch (below(t, 8))
    {
        case 0: return next(t);
        case 1: return below(t, 256);
        case 2: return length(t);
        case 3: return pointer(t);
        case 4: return 1ul << below(t, 64);
        default: return below(t, 24);
    }
}

// What the kernel reads from memory: times, vectors, polled descriptors, actions.
static void fill(struct thread *t)
{
    u64 *word = (u64 *)t->mine;
    for (u64 i = below(t, 32); i < PRIVATE_SIZE / 8; i += 1 + below(t, 24)) word[i] = below(t, 3) ? below(t, 2000) : number(t);
    static const char *names[] = { "/proc/self/maps", "/dev/urandom", "/dev/null", "/dev/uio0", "/sys/class/uio/uio0/maps/map0/addr", "/sys/class/uio/uio9999999999999999999999",
        "/proc/self/exe", "/sys/devices/system/cpu/online", "/sys/class/uio/uio0/maps/map", "" };
    char *to = (char *)t->mine + below(t, 16) * 64;
    for (const char *from = names[below(t, 10)]; (*to++ = *from++) != 0;) { }
}

// Tame: a range that is mapped or unmapped lies in the arena, or cannot be.
static void keep_in_arena(struct thread *t, u64 *address, u64 *size)
{
    if (below(t, 4) == 0) { *address = bad_address(t); return; }
    *address = ARENA + below(t, 32) * PAGE + (below(t, 8) ? 0 : below(t, PAGE));
    u64 room = ARENA + ARENA_SIZE - (*address & ~(PAGE - 1));
    if (*size > room && *size + PAGE > *size) *size = room;
}

// A signal is none, or ours, which is handled; wild, now and then another.
static u64 signal_number(struct thread *t) { return wild && below(t, 64) == 0 ? below(t, 70) : below(t, 8) == 0 ? 65 + below(t, 1000) : below(t, 2) * USR1; }

// Few sleep long: time limits that make sense, in the structure that the call reads.
static void soon(struct thread *t, u64 at) { ((volatile u64 *)at)[0] = 0; ((volatile u64 *)at)[1] = below(t, 500000); }

static void one(struct thread *t)
{
    u64 a[6], n = below(t, 10) == 0 ? FUTEX : below(t, 16) ? (u64)served[below(t, sizeof served / 2)] : below(t, 2) ? below(t, 600) : next(t);
    for (int i = 0; i < 6; i++) a[i] = below(t, 3) ? below(t, 2) ? pointer(t) : number(t) : length(t);
    if (below(t, 4) == 0) fill(t);
    u64 time = t->mine + PRIVATE_SIZE - 64;
    switch (n)
    {
        case EXIT: case EXIT_GROUP: if (!wild || below(t, 2000)) return; break;
        case SIGRETURN: if (!wild || below(t, 200)) return; break;
        case CLONE: case CLONE3: if (!wild) a[0] &= below(t, 2) ? 0xfffffffffffefffful : 0xff; if (n == CLONE3 && !wild) a[1] = below(t, 64); break;
        case READ: case WRITE: if (below(t, 2)) a[0] = 3 + below(t, 40); break;
        case MMAP:
            if (below(t, 2)) a[3] = 0x22 | (below(t, 4) == 0 ? 0x4000 : 0) | (below(t, 4) == 0 ? 0x20000 : 0);
            if (below(t, 2)) a[2] = below(t, 8);
            if (!wild && (a[3] & 0x100010)) keep_in_arena(t, &a[0], &a[1]);
            else if (!wild && a[1] < 1ul << 47 && a[1] > 64 * PAGE) a[1] = 64 * PAGE;
            break;
        case MPROTECT: if (below(t, 2)) a[2] = below(t, 8); if (!wild) keep_in_arena(t, &a[0], &a[1]); break;
        case MUNMAP: case MADVISE: if (below(t, 2)) a[2] = below(t, 10); if (!wild) keep_in_arena(t, &a[0], &a[1]); break;
        case BRK: if (!wild) a[0] = below(t, 4) ? t->brk + below(t, 64 * PAGE) : bad_address(t); break;
        case SIGACTION: if (!wild && (a[0] == USR1 || a[0] == PIPE)) a[1] = below(t, 2) ? 0 : bad_address(t); if (!wild && a[0] <= 64) a[1] = 0; break;
        case SIGALTSTACK: if (!wild) a[0] = below(t, 2) ? 0 : bad_address(t); break;
        case KILL: a[0] = below(t, 3) ? 1 : a[0]; a[1] = signal_number(t); break;
        case TKILL: a[0] = below(t, 3) ? 1 + below(t, 6) : a[0]; a[1] = signal_number(t); break;
        case TGKILL: a[0] = below(t, 4) ? 1 : a[0]; a[1] = below(t, 3) ? 1 + below(t, 6) : a[1]; a[2] = signal_number(t); break;
        case ARCH_PRCTL: if (below(t, 2)) a[0] = 0x1002 + below(t, 2); break;
        case FUTEX:
            if (below(t, 4)) a[0] = below(t, 2) ? ARENA + below(t, 4) * 4 : t->mine + below(t, 8) * 4;
            if (below(t, 4)) a[1] = "\0\0\0\0\1\3\3\3\4\4\11\11\12"[below(t, 13)] | (below(t, 2) ? 128 : 0) | (below(t, 4) ? 0 : 256);
            if (below(t, 4)) a[2] = below(t, 3) / 2;
            if (below(t, 2)) { a[3] = time; soon(t, time); }
            if (below(t, 2)) a[4] = below(t, 3) ? ARENA + below(t, 4) * 4 : 0;
            break;
        case POLL: if (below(t, 2)) { a[1] = below(t, 65); a[2] = below(t, 2); } break;
        case NANOSLEEP: if (below(t, 2)) { a[0] = time; soon(t, time); } break;
    }

    long result = call(n, a[0], a[1], a[2], a[3], a[4], a[5]);
    if (wild) return;
    // Whatever it holds back, the one that wakes us must come through.
    if (n == SIGPROCMASK) { u64 *none = (u64 *)time; *none = 0; call(SIGPROCMASK, 2, time, 0, 8, 0, 0); }
    if (n == MMAP && result > 0 && ((u64)result < ARENA || (u64)result >= ARENA + ARENA_SIZE))
    {
        u64 slot = t->next++ % RING;
        if (t->ring[slot]) call(MUNMAP, t->ring[slot], t->ring_size[slot], 0, 0, 0, 0);
        t->ring[slot] = (u64)result;
        t->ring_size[slot] = a[1];
    }
}

// While it runs, anything may be changed in what rt_sigreturn is going to load, but what the program cannot go on without.
__attribute__((used)) static void handler(int signal, u64 *info, u64 *context)
{
    (void)signal; (void)info;
    struct thread *t = 0;
    int id = (int)call(GETTID, 0, 0, 0, 0, 0, 0);
    for (u64 i = 0; i < thread_count; i++) if (threads[i].id == id) t = &threads[i];
    if (!t || below(t, 2)) return;
    u64 *machine = context + 5, keep = 0xcd5;
    machine[17] = (machine[17] & keep) | (next(t) & ~keep);             // flags: trap, interrupts, privilege, nested task, alignment ...
    machine[18] = next(t);                                             // segments
    unsigned char *vectors = (unsigned char *)machine[23];
    if (!vectors || below(t, 2)) return;
    for (int i = 0; i < 24; i++) vectors[below(t, 2) ? 512 + below(t, 64) : below(t, 832)] = (unsigned char)next(t);
    if (below(t, 8) == 0) machine[23] = 0;
}

__asm__(".globl restorer\nrestorer: mov $15, %eax\nsyscall\n"
        ".globl enter\nenter: mov %rsp, %rdi\nand $-16, %rsp\ncall start\nhlt\n"
        // (flags, stack, function of one argument that does not return, argument)
        ".globl clone_thread\nclone_thread: mov %rdx, %r8\nmov %rcx, %r9\nxor %edx, %edx\nxor %r10d, %r10d\nmov $56, %eax\nsyscall\n"
        "test %eax, %eax\njz 1f\nret\n1: mov %r9, %rdi\ncall *%r8\nhlt\n");
extern void restorer(void);
extern long clone_thread(u64 flags, u64 stack, void (*run)(struct thread *), struct thread *t);

static void run(struct thread *t)
{
    t->id = (int)call(GETTID, 0, 0, 0, 0, 0, 0);
    for (u64 i = 0; i < calls_each; i++) one(t);
    t->done = 1;
    call(EXIT, 0, 0, 0, 0, 0, 0);
}

static void die(int status) { for (;;) call(EXIT_GROUP, (u64)status, 0, 0, 0, 0, 0); }

static void map(u64 at, u64 size) { if (call(MMAP, at, size, 3, 0x32, -1ul, 0) != (long)at) die(90); }

static u64 free_memory(void)
{
    u64 info[14];
    return call(SYSINFO, (u64)info, 0, 0, 0, 0, 0) == 0 ? info[5] : 0;
}

// Gives everything back, and looks whether the kernel still does what it should.
static void check(u64 free_before)
{
    for (u64 i = 0; i < thread_count; i++)
    {
        for (int k = 0; k < RING; k++) if (threads[i].ring[k]) call(MUNMAP, threads[i].ring[k], threads[i].ring_size[k], 0, 0, 0, 0);
        call(MUNMAP, PRIVATE + i * PRIVATE_STEP, PRIVATE_SIZE, 0, 0, 0, 0);
        call(MUNMAP, PRIVATE + i * PRIVATE_STEP + STACK_OFFSET, STACK_SIZE, 0, 0, 0, 0);
    }
    call(MUNMAP, ARENA, ARENA_SIZE, 0, 0, 0, 0);
    for (u64 i = 0; i < 256; i++) call(CLOSE, i, 0, 0, 0, 0, 0);
    call(BRK, threads[0].brk, 0, 0, 0, 0, 0);
    // Page tables, a device's memory that was opened, and tables of the kernel's that have grown are not given back.
    if (free_memory() + (1 << 20) < free_before) die(91);
    map(ARENA, ARENA_SIZE);
    if (call(GETRANDOM, ARENA, ARENA_SIZE, 0, 0, 0, 0) != (long)ARENA_SIZE) die(92);
    int ends[2];
    if (call(PIPE2, (u64)ends, 0, 0, 0, 0, 0) != 0 || ends[0] != 0 || ends[1] != 1) die(93);
    if (call(WRITE, 1, ARENA, 1000, 0, 0, 0) != 1000 || call(READ, 0, ARENA + PAGE, 2000, 0, 0, 0) != 1000) die(94);
    for (u64 i = 0; i < 1000; i++) if (((char *)ARENA)[i] != ((char *)ARENA)[PAGE + i]) die(95);
}

static volatile u32 word;

static void wait_for_word(struct thread *t)
{
    call(FUTEX, (u64)&word, 128, 0, 0, 0, 0);
    t->done = 1;
    call(EXIT, 0, 0, 0, 0, 0, 0);
}

// What random calls find seldom: each was a mistake of the kernel's once.
static void edges(u64 shared)
{
    static struct thread waiter;
    static char stack[4096] __attribute__((aligned(16)));
    u64 pause[2] = { 0, 1000000 }, address = (u64)&word;
    if (clone_thread(0x50f00, (u64)stack + sizeof stack, wait_for_word, &waiter) < 0) die(80);
    // Moved to where it waits already, a waiter is counted once; and not for ever.
    while (call(FUTEX, address, 128 | 3, 0, 0x7fffffff, address, 0) != 1) call(NANOSLEEP, (u64)pause, 0, 0, 0, 0, 0);
    // At 0 nobody can wait.
    if (call(FUTEX, address, 128 | 3, 0, 1, 0, 0) != -22) die(81);
    if (call(FUTEX, address, 128 | 1, 1, 0, 0, 0) != 1) die(82);
    while (!waiter.done) call(NANOSLEEP, (u64)pause, 0, 0, 0, 0, 0);

    // What was written before a pipe was full is not written again.
    int ends[2];
    map(ARENA, ARENA_SIZE);
    u64 vectors[4] = { ARENA, 3000, ARENA, 3000 };
    if (call(PIPE2, (u64)ends, 0, 0, 0, 0, 0) != 0) die(83);
    if (call(20, (u64)ends[1], (u64)vectors, 2, 0, 0, 0) != 3000 || call(READ, (u64)ends[0], ARENA, 6000, 0, 0, 0) != 3000) die(84);
    call(CLOSE, (u64)ends[0], 0, 0, 0, 0, 0);
    call(CLOSE, (u64)ends[1], 0, 0, 0, 0, 0);
    // A pipe that cannot be told of is not kept.
    for (int i = 0; i < 1000; i++) if (call(PIPE2, 8, 0, 0, 0, 0, 0) != -14) die(85);
    call(MUNMAP, ARENA, ARENA_SIZE, 0, 0, 0, 0);

    // The page with the kernel's clock, and the code that reads it.
    for (u64 page = shared - PAGE; page <= shared; page += PAGE)
        if (call(MPROTECT, page, PAGE, 3, 0, 0, 0) != -13 || call(MPROTECT, page - PAGE, 3 * PAGE, 3, 0, 0, 0) == 0) die(86);
}

// The vDSO's address: AT_SYSINFO_EHDR, behind arguments and environment.
static u64 find_shared(u64 *stack)
{
    u64 *at = stack + 2 + stack[0];
    while (*at++) { }
    for (; at[0]; at += 2) if (at[0] == 33) return at[1];
    return 0;
}

static u64 parse(const char *text) { u64 n = 0; while (*text >= '0' && *text <= '9') n = n * 10 + (u64)(*text++ - '0'); return n; }

__attribute__((used)) static void start(u64 *stack)
{
    char **arguments = (char **)(stack + 1);
    if (stack[0] < 4) die(89);
    u64 seed = parse(arguments[1]), rounds = 0, brk = (u64)call(BRK, 0, 0, 0, 0, 0, 0);
    calls_each = parse(arguments[2]);
    thread_count = parse(arguments[3]);
    wild = stack[0] > 4;
    // What it writes goes nowhere.
    for (u64 i = 0; i < 3; i++) call(CLOSE, i, 0, 0, 0, 0, 0);
    u64 action[4] = { (u64)&handler, 0x04000000, (u64)&restorer, 0 }, ignore[4] = { 1, 0x04000000, (u64)&restorer, 0 };
    if (call(SIGACTION, USR1, (u64)action, 0, 8, 0, 0) || call(SIGACTION, PIPE, (u64)ignore, 0, 8, 0, 0)) die(88);
    edges(find_shared(stack));
    u64 before = free_memory();
    map(ARENA, ARENA_SIZE);
    for (u64 i = 0; i < thread_count; i++)
    {
        struct thread *t = &threads[i];
        t->state = (seed + 1) * 0x9e3779b97f4a7c15ul ^ (i + 1) * 0xbf58476d1ce4e5b9ul;
        t->mine = PRIVATE + i * PRIVATE_STEP;
        t->brk = brk;
        map(t->mine, PRIVATE_SIZE);
        map(t->mine + STACK_OFFSET, STACK_SIZE);
        fill(t);
        if (clone_thread(0x50f00, t->mine + STACK_OFFSET + STACK_SIZE - 64, run, t) < 0) die(87);
    }

    // Who waits for nothing is woken, until all are through; what is wild may have lost its threads, and has a time.
    for (;;)
    {
        u64 pause[2] = { 0, 2000000 };
        call(NANOSLEEP, (u64)pause, 0, 0, 0, 0, 0);
        int left = 0;
        for (u64 i = 0; i < thread_count; i++)
        {
            if (threads[i].done) continue;
            left++;
            if (threads[i].id) call(TGKILL, 1, (u64)threads[i].id, USR1, 0, 0, 0);
        }
        if (left == 0 || (wild && ++rounds > 500)) break;
    }
    if (!wild) check(before);
    die(0);
}
