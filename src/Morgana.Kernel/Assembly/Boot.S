# From the monitor's 32-bit entry to C# in 64 bits. PVH: https://xenbits.xen.org/docs/unstable/misc/pvh.html
.intel_syntax noprefix
.include "Layout.inc"

.section .note.Xen, "a", @note
    .long 4, 8, 18                              # name and description in octets, XEN_ELFNOTE_PHYS32_ENTRY
    .asciz "Xen"
    .quad pvh_start_physical

.section .text.boot, "ax"
.code32
.globl pvh_start
pvh_start:                                      # ebx: physical address of hvm_start_info; paging off, flat segments
    cli
    cld
    mov esp, offset boot_stack_end + KERNEL_OFFSET
    # One page directory maps the first gigabyte three times: at 0, in the direct map, and where the kernel was linked.
    mov edi, offset boot_directory + KERNEL_OFFSET
    mov eax, 0x83                               # present, writable, 2 MB
    mov ecx, 512
1:  mov [edi], eax
    mov dword ptr [edi + 4], 0
    add eax, 0x200000
    add edi, 8
    loop 1b
    mov eax, offset boot_directory + KERNEL_OFFSET + 3
    mov [boot_low + KERNEL_OFFSET], eax
    mov [boot_high + KERNEL_OFFSET + 510 * 8], eax
    mov eax, offset boot_low + KERNEL_OFFSET + 3
    mov [boot_tables + KERNEL_OFFSET], eax
    mov [boot_tables + KERNEL_OFFSET + 256 * 8], eax
    mov eax, offset boot_high + KERNEL_OFFSET + 3
    mov [boot_tables + KERNEL_OFFSET + 511 * 8], eax
    mov eax, offset boot_tables + KERNEL_OFFSET
    call enter_long_mode
    lgdt [boot_gdt_pointer + KERNEL_OFFSET]
    .byte 0xea                                  # ljmp KERNEL_CODE:long_start
    .long long_start + KERNEL_OFFSET
    .word KERNEL_CODE

# eax: physical address of the page tables. On return the processor runs in compatibility mode.
enter_long_mode:
    mov cr3, eax
    mov eax, 0x6A0                              # CR4: PAE, PGE, OSFXSR, OSXMMEXCPT
    mov cr4, eax
    mov ecx, 0xC0000080                         # EFER: SCE, LME, NXE
    mov eax, 0x901
    xor edx, edx
    wrmsr
    mov eax, 0x80010033                         # CR0: PG, WP, NE, ET, MP, PE
    mov cr0, eax
    ret

.code64
long_start:
    movabs rax, offset 1f
    jmp rax
1:  movabs rsp, offset boot_stack_end
    mov edi, ebx
    xor ebp, ebp                                # the last frame of every back trace
    mov ax, KERNEL_DATA
    mov ss, ax
    mov ds, ax
    mov es, ax
    xor eax, eax
    mov fs, ax
    mov gs, ax
    call kernel_main
    ud2

# Other processors begin here, in real mode: the page is copied to TRAMPOLINE (Cpus/Processors.cs), and they go straight to 64 bits.
.set TRAMPOLINE, 0x8000
.code16
.globl trampoline_start, trampoline_end
trampoline_start:
    cli
    cld
    xor ax, ax
    mov ds, ax
    lgdt [TRAMPOLINE + trampoline_gdt_pointer - trampoline_start]
    mov eax, 0x6A0
    mov cr4, eax
    mov eax, [TRAMPOLINE + trampoline_tables - trampoline_start]
    mov cr3, eax
    mov ecx, 0xC0000080
    mov eax, 0x901
    xor edx, edx
    wrmsr
    mov eax, 0x80010033
    mov cr0, eax
    .byte 0x66, 0xea                            # ljmp KERNEL_CODE:trampoline_long, with a 32-bit offset
    .long TRAMPOLINE + trampoline_long - trampoline_start
    .word KERNEL_CODE
.code64
trampoline_long:
    movabs rax, offset processor_start
    jmp rax
.balign 8
trampoline_tables:
    .long boot_tables + KERNEL_OFFSET
trampoline_gdt_pointer:
    .word 23
    .long TRAMPOLINE + trampoline_gdt - trampoline_start
.balign 8
trampoline_gdt:
    .quad 0, 0x00AF9A000000FFFF, 0x00CF92000000FFFF
trampoline_end:

processor_start:
    mov ax, KERNEL_DATA
    mov ss, ax
    mov ds, ax
    mov es, ax
    # Each takes the next block of Processors.Starting.
    mov eax, 1
    lock xadd dword ptr [processor_ticket + rip], eax
    mov rdi, [starting_processors + rip]
    mov rdi, [rdi + rax * 8]
    mov rsp, [rdi + CPU_STACK_TOP]
    xor ebp, ebp
    call processor_main
    mov rdi, rax
    jmp resume_thread

.section .data
.balign 8
boot_gdt:
    .quad 0, 0x00AF9A000000FFFF, 0x00CF92000000FFFF
boot_gdt_pointer:
    .word 23
    .quad boot_gdt + KERNEL_OFFSET
.globl starting_processors, processor_ticket
starting_processors: .quad 0
processor_ticket:    .long 0

.section .bss
.balign 4096
.globl boot_tables, boot_low, boot_high, boot_directory, boot_stack, boot_stack_end
boot_tables:    .skip 4096
boot_low:       .skip 4096
boot_high:      .skip 4096
boot_directory: .skip 4096
boot_stack:     .skip 16384
boot_stack_end:
