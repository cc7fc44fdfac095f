# Ways into the kernel and out of it. The kernel is one big, short interrupt handler: it runs with interrupts off, on the processor's own stack,
# and each way in ends by going back to some thread. A thread's registers lie in its block (Threads/Thread.cs), where the processor itself
# begins to push them: TSS.RSP0 is the end of the frame in the block of the thread that runs.
.intel_syntax noprefix
.include "Layout.inc"

.text
# ---- Interrupts and exceptions. Stack: vector, error code, rip, cs, rflags, rsp, ss.
.balign 16
trap:
    cld
    test byte ptr [rsp + 24], 3
    jz trap_in_kernel
    swapgs
    PUSH_REGISTERS
    SMAP_SITE 0xca
    mov rdi, gs:[CPU_SELF]
    mov rsp, [rdi + CPU_STACK_TOP]
    xor ebp, ebp
    call handle_trap                            # (Cpu*) -> the thread to go on with
    mov rdi, rax
    jmp resume_thread

# The kernel itself was interrupted: while it waits for work, where it reads or writes the application's memory, or by a bug.
trap_in_kernel:
    PUSH_REGISTERS
    mov rdi, rsp
    mov rbx, rsp
    mov rbp, [rbx + 64]                         # the frame pointer of what was interrupted: a back trace goes on there
    and rsp, -16
    call handle_kernel_trap                     # (Registers*)
    mov rsp, rbx
    POP_REGISTERS
    add rsp, 16
    iretq

# A double fault, a machine check, a non-maskable interrupt: on a stack of its own (Cpus/Descriptors.cs), and the end.
trap_fatal:
    cld
    test byte ptr [rsp + 24], 3
    jz 1f
    swapgs
1:  PUSH_REGISTERS
    mov rdi, rsp
    and rsp, -16
    call handle_fatal_trap

# ---- System calls: rcx is rip, r11 rflags. SFMASK has cleared IF, DF, TF and AC.
.globl system_call_entry
.balign 16
system_call_entry:
    swapgs
    mov gs:[CPU_SCRATCH], rsp
    mov rsp, gs:[CPU_FRAME_END]
    push USER_DATA
    push gs:[CPU_SCRATCH]
    push r11
    push USER_CODE
    push rcx
    push rax                                    # the call's number, in the place of the error code
    push VECTOR_SYSTEM_CALL
    PUSH_REGISTERS
    mov rdi, gs:[CPU_SELF]
    mov rsp, [rdi + CPU_STACK_TOP]
    xor ebp, ebp
    call handle_system_call
    mov rdi, rax

# rdi: the thread whose registers are to be loaded.
.globl resume_thread
resume_thread:
    lea rsp, [rdi + THREAD_FRAME]
    POP_REGISTERS
    add rsp, 16
    swapgs
    iretq

# ---- 256 stubs of 16 octets: where the processor pushes no error code, zero stands for it.
.globl trap_stubs
.balign 16
trap_stubs:
.set vector, 0
.rept 256
    .balign 16
    .if !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30)
    push 0
    .endif
    push vector
    .if vector == 2 || vector == 8 || vector == 18
    jmp trap_fatal
    .else
    jmp trap
    .endif
    .set vector, vector + 1
.endr

# ---- Waits for an interrupt. handle_kernel_trap notes which came; what is to be done about it is done with the lock held.
.globl wait_for_interrupt
wait_for_interrupt:
    sti
    hlt
    cli
    ret
