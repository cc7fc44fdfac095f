# Reads of the clock without a system call: vdso(7). The page before this object is Time/ClockPage.cs, written by the kernel.
.intel_syntax noprefix
.set SEQUENCE, 0
.set TSC_BASE, 8
.set TIME_BASE, 16
.set MULTIPLIER, 24
.set WALL_OFFSET, 32
.set CLOCK_PAGE, -4096
.hidden __ehdr_start

.text
.macro FUNCTION name
.globl \name
.type \name, @function
\name:
.endm

# -> rax: nanoseconds since the kernel's start, r8: wall clock minus that. Clobbers rcx, rdx, r9, r10.
read_clock:
    lea r10, [rip + __ehdr_start + CLOCK_PAGE]
1:  mov r9d, [r10 + SEQUENCE]
    test r9d, 1
    jnz 2f
    lfence
    rdtsc
    shl rdx, 32
    or rax, rdx
    sub rax, [r10 + TSC_BASE]
    jnb 3f
    xor eax, eax                                # another processor's counter may lie behind by a hair
3:  mul qword ptr [r10 + MULTIPLIER]
    shrd rax, rdx, 32
    add rax, [r10 + TIME_BASE]
    mov r8, [r10 + WALL_OFFSET]
    cmp r9d, [r10 + SEQUENCE]
    jne 1b
    ret
2:  pause
    jmp 1b

FUNCTION __vdso_clock_gettime                   # (clock, timespec*)
    cmp edi, 7
    ja 9f
    # REALTIME 0 and REALTIME_COARSE 5; MONOTONIC 1, RAW 4, COARSE 6, BOOTTIME 7. CPU times are the kernel's business.
    mov eax, 0xF3
    bt eax, edi
    jnc 9f
    call read_clock
    test edi, edi
    jz 5f
    cmp edi, 5
    jne 6f
5:  add rax, r8
6:  xor edx, edx
    mov ecx, 1000000000
    div rcx
    mov [rsi], rax
    mov [rsi + 8], rdx
    xor eax, eax
    ret
9:  mov eax, 228                                # clock_gettime(2)
    syscall
    ret

FUNCTION __vdso_gettimeofday                    # (timeval*, timezone*)
    test rdi, rdi
    jz 7f
    call read_clock
    add rax, r8
    xor edx, edx
    mov ecx, 1000000000
    div rcx
    mov [rdi], rax
    mov rax, rdx
    xor edx, edx
    mov ecx, 1000
    div rcx
    mov [rdi + 8], rax
7:  xor eax, eax
    ret

FUNCTION __vdso_time                            # (time_t*)
    call read_clock
    add rax, r8
    xor edx, edx
    mov ecx, 1000000000
    div rcx
    test rdi, rdi
    jz 8f
    mov [rdi], rax
8:  ret

FUNCTION __vdso_clock_getres                    # (clock, timespec*)
    test rsi, rsi
    jz 8f
    mov qword ptr [rsi], 0
    mov qword ptr [rsi + 8], 1
8:  xor eax, eax
    ret

FUNCTION __vdso_getcpu                          # (unsigned*, unsigned*, void*)
    mov eax, 309
    syscall
    ret
