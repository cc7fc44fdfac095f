# Single instructions that C# has no word for, memory primitives, and what ilc calls by name. All are plain System V functions.
.intel_syntax noprefix
.include "Layout.inc"

.macro FUNCTION name
.globl \name
.balign 8
\name:
.endm

.text
# Ports and device memory. MMIO goes through here alone, as the compiler narrows and merges loads as it likes.
FUNCTION out8
    mov edx, edi
    mov eax, esi
    out dx, al
    ret
FUNCTION in8
    mov edx, edi
    xor eax, eax
    in al, dx
    ret
FUNCTION out16
    mov edx, edi
    mov eax, esi
    out dx, ax
    ret
FUNCTION out_string8                            # (port, from, count)
    mov rcx, rdx
    mov edx, edi
    cld
    rep outsb
    ret
FUNCTION out32
    mov edx, edi
    mov eax, esi
    out dx, eax
    ret
FUNCTION in32
    mov edx, edi
    in eax, dx
    ret
FUNCTION mmio_read8
    movzx eax, byte ptr [rdi]
    ret
FUNCTION mmio_write8
    mov [rdi], sil
    ret
FUNCTION mmio_read16
    movzx eax, word ptr [rdi]
    ret
FUNCTION mmio_write16
    mov [rdi], si
    ret
FUNCTION mmio_read32
    mov eax, [rdi]
    ret
FUNCTION mmio_write32
    mov [rdi], esi
    ret

# Control registers.
FUNCTION read_msr
    mov ecx, edi
    rdmsr
    shl rdx, 32
    or rax, rdx
    ret
FUNCTION write_msr
    mov ecx, edi
    mov eax, esi
    mov rdx, rsi
    shr rdx, 32
    wrmsr
    ret
FUNCTION read_cr2
    mov rax, cr2
    ret
FUNCTION read_cr3
    mov rax, cr3
    ret
FUNCTION write_cr3
    mov cr3, rdi
    ret
FUNCTION read_cr4
    mov rax, cr4
    ret
FUNCTION write_cr4
    mov cr4, rdi
    ret
FUNCTION write_xcr0
    mov eax, edi
    xor edx, edx
    xor ecx, ecx
    xsetbv
    ret
FUNCTION read_xcr0
    xor ecx, ecx
    xgetbv
    ret
FUNCTION use_xsave                              # from now on vectors are saved as XCR0 says
    mov byte ptr [has_xsave + rip], 1
    ret
FUNCTION invalidate_page
    invlpg [rdi]
    ret
FUNCTION load_gdt                               # (pointer, task selector): new segments, and the task register
    lgdt [rdi]
    mov ax, KERNEL_DATA
    mov ss, ax
    mov ds, ax
    mov es, ax
    pop rax
    push KERNEL_CODE
    push rax
    ltr si
    retfq
FUNCTION load_idt
    lidt [rdi]
    ret
FUNCTION halt_for_ever
    cli
    hlt
    jmp halt_for_ever
FUNCTION triple_fault
    push 0
    push 0
    lidt [rsp]
    int3

# The processor's facts, time and randomness.
FUNCTION cpuid                                  # (leaf, subleaf, uint* four) -> eax, ebx, ecx, edx
    push rbx
    mov r9, rdx
    mov eax, edi
    mov ecx, esi
    cpuid
    mov [r9], eax
    mov [r9 + 4], ebx
    mov [r9 + 8], ecx
    mov [r9 + 12], edx
    pop rbx
    ret
FUNCTION read_tsc
    lfence
    rdtsc
    shl rdx, 32
    or rax, rdx
    ret
FUNCTION random_seed64                          # (ulong*) -> 1 if RDSEED had some
    rdseed rax
    mov [rdi], rax
    setc al
    movzx eax, al
    ret
FUNCTION random64                               # (ulong*) -> 1 if RDRAND had some
    rdrand rax
    mov [rdi], rax
    setc al
    movzx eax, al
    ret
FUNCTION multiply_shift32                       # (a * b) >> 32, over 128 bits
    mov rax, rdi
    mul rsi
    shrd rax, rdx, 32
    ret
FUNCTION divide128                              # ((a << 32) / b)
    mov rcx, rsi
    mov rdx, rdi
    mov rax, rdi
    shr rdx, 32
    shl rax, 32
    div rcx
    ret

# A thread's vector registers (Intel SDM 1, 13): the area is 64-octet aligned, XCR0 says what it holds. Without XSAVE it is the first 512
# octets of the same: x87 and SSE (Intel SDM 1, 10.5).
FUNCTION save_vectors
    cmp byte ptr [has_xsave + rip], 0
    je 1f
    mov eax, -1
    mov edx, -1
    xsave64 [rdi]
    ret
1:  fxsave64 [rdi]
    ret
FUNCTION load_vectors
    cmp byte ptr [has_xsave + rip], 0
    je 1f
    mov eax, -1
    mov edx, -1
    xrstor64 [rdi]
    ret
1:  fxrstor64 [rdi]
    ret

# Between processors.
FUNCTION exchange32                             # (uint*, uint) -> what was there
    mov eax, esi
    xchg [rdi], eax
    ret
FUNCTION load32
    mov eax, [rdi]
    ret
FUNCTION pause
    pause
    ret
FUNCTION full_fence
    mfence
    ret
FUNCTION current_cpu
    mov rax, gs:[CPU_SELF]
    ret
FUNCTION read_frame_pointer
    mov rax, rbp
    ret

# Symbols of the linker script, and places in the other files, for C#.
.macro ADDRESS name symbol
FUNCTION \name
    movabs rax, offset \symbol
    ret
.endm
ADDRESS address_of_kernel_start, kernel_start
ADDRESS address_of_kernel_end, kernel_end
ADDRESS address_of_text_start, text_start
ADDRESS address_of_text_end, text_end
ADDRESS address_of_rodata_start, rodata_start
ADDRESS address_of_data_start, data_start
ADDRESS address_of_vdso_start, vdso_start
ADDRESS address_of_vdso_end, vdso_end
ADDRESS address_of_symbols, symbol_table
ADDRESS address_of_symbols_end, symbol_table_end
ADDRESS address_of_boot_tables, boot_tables
ADDRESS address_of_smap_sites, smap_sites
ADDRESS address_of_smap_sites_end, smap_sites_end
ADDRESS address_of_trap_stubs, trap_stubs
ADDRESS address_of_system_call_entry, system_call_entry
ADDRESS address_of_trampoline, trampoline_start
ADDRESS address_of_trampoline_end, trampoline_end
ADDRESS address_of_starting_processors, starting_processors
ADDRESS address_of_user_access_start, user_access_start
ADDRESS address_of_user_access_end, user_access_end
ADDRESS address_of_user_access_fixup, user_access_fixup
ADDRESS address_of_image, morgana_image

# What ilc calls by name.
FUNCTION memcpy
FUNCTION memmove
FUNCTION RhSpanHelpers_MemCopy                  # (to, from, count), which may overlap
    mov rax, rdi
    mov rcx, rdx
    mov r8, rdi
    sub r8, rsi
    cmp r8, rdx
    jb 1f
    mov rdx, rcx
    shr rcx, 3
    rep movsq
    mov ecx, edx
    and ecx, 7
    rep movsb
    ret
1:  lea rdi, [rdi + rcx - 1]
    lea rsi, [rsi + rcx - 1]
    std
    rep movsb
    cld
    ret
FUNCTION RhSpanHelpers_MemZero                  # (to, count)
    xor eax, eax
    mov rcx, rsi
    shr rcx, 6
    jz 2f
1:  mov [rdi], rax                              # not "rep stosq": an emulator does it word by word, and it clears every page
    mov [rdi+8], rax
    mov [rdi+16], rax
    mov [rdi+24], rax
    mov [rdi+32], rax
    mov [rdi+40], rax
    mov [rdi+48], rax
    mov [rdi+56], rax
    add rdi, 64
    dec rcx
    jnz 1b
2:  mov ecx, esi
    and ecx, 63
    rep stosb
    ret
FUNCTION memset                                 # (to, value, count)
    mov r8, rdi
    mov eax, esi
    mov rcx, rdx
    rep stosb
    mov rax, r8
    ret
FUNCTION RhpReversePInvoke
FUNCTION RhpReversePInvokeReturn
    ret
FUNCTION RhpFallbackFailFast
    ud2
FUNCTION RhpThrowEx
    ud2

.data
.balign 8
.globl __security_cookie
__security_cookie: .quad 0x595e9fbd94fda766

# The builder, which lays the application behind the kernel (Morgana.Build, VirtualMachineImage), finds this by its mark, and says: where the
# application lies, how long it is, what its first page has to make (Boot/Application.cs), and the SHA-256 of the whole image, for the runner.
.globl morgana_image
.balign 32
morgana_image:
    .ascii "Morgana image at"
    .quad 0, 0, 0
    .skip 32

has_xsave: .byte 0

.section .vdso, "a"
    .incbin "vdso.so"
