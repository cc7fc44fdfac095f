# The only places where the kernel touches the application's memory. A fault between the labels is served like one of the application's own;
# if it cannot be, handle_kernel_trap goes on at the fixup, and the caller hears false. docs/kernel.md, "Protection".
.intel_syntax noprefix
.include "Layout.inc"

.text
.globl user_access_start, user_access_end, user_access_fixup
user_access_start:

.globl copy_user                                # (void* to, void* from, ulong count) -> 1, or 0 after a fault
copy_user:
    mov rcx, rdx
    SMAP_SITE 0xcb
    mov rdx, rcx
    shr rcx, 3
    rep movsq
    mov ecx, edx
    and ecx, 7
    rep movsb
    SMAP_SITE 0xca
    mov eax, 1
    ret

.globl zero_user                                # (void* to, ulong count)
zero_user:
    mov rcx, rsi
    xor eax, eax
    SMAP_SITE 0xcb
    rep stosb
    SMAP_SITE 0xca
    mov eax, 1
    ret

.globl load_user_32                             # (uint* from, uint* to)
load_user_32:
    SMAP_SITE 0xcb
    mov eax, [rdi]
    SMAP_SITE 0xca
    mov [rsi], eax
    mov eax, 1
    ret

user_access_end:
user_access_fixup:
    SMAP_SITE 0xca
    xor eax, eax
    ret
