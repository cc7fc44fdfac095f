# The beginning of a disk that a PC's BIOS boots: brings kernel and application to where a monitor would, makes the start info that a monitor
# makes, and enters the kernel as one does (PVH). What lies where on the disk says Morgana.Build, Vm/DiskImage.cs, which fills in the table.
# 16-bit code, but for the end. References: the BIOS's INT 10h, 13h and 15h as in Ralf Brown's list; EDD 3.0 for reading by LBA.
.intel_syntax noprefix
.code16

# Memory below 1 MB, of which the kernel keeps nothing.
.set START_INFO,    0x0600
.set MEMORY_MAP,    0x0800                      # at most 64 entries of 24 octets, as many as the kernel takes
.set MOST_RANGES,   64
.set HERE,          0x7C00
.set COMMAND_LINE,  0x9000
.set BUFFER,        0x10000
.set AT_ONCE,       64                          # sectors: 32 KB, which every BIOS takes

# On the disk, in sectors.
.set LOADER_SECTORS, 4                          # this loader, with the sector that the BIOS brings
.set LINE_SECTORS,   8

.section .text
.globl _start
_start:
    cli
    cld
    xor ax, ax
    mov ds, ax
    mov es, ax
    mov ss, ax
    mov sp, HERE
    ljmp 0, offset 1f
1:  sti
    mov [drive], dl
    mov ah, 0x41                                # are there reads by LBA?
    mov bx, 0x55AA
    int 0x13
    jc no_lba
    cmp bx, 0xAA55
    jne no_lba
    # The rest of this loader, and the command line.
    mov dword ptr [lba], 1
    mov word ptr [buffer_segment], (HERE + 512) / 16
    mov bp, LOADER_SECTORS - 1
    call read
    mov dword ptr [lba], LOADER_SECTORS
    mov word ptr [buffer_segment], COMMAND_LINE / 16
    mov bp, LINE_SECTORS
    call read
    jmp loader

no_lba:
    mov si, offset no_lba_text
    jmp refuse

# Reads bp sectors at [lba] to [buffer_segment]:0. Three times, as a drive may take a while to wake.
read:
    mov [sectors], bp
    mov cx, 3
1:  push cx
    mov si, offset packet
    mov ah, 0x42
    mov dl, [drive]
    int 0x13
    pop cx
    jnc 2f
    xor ah, ah                                  # reset the drive
    mov dl, [drive]
    int 0x13
    loop 1b
    mov si, offset unreadable_text
    jmp refuse
2:  ret

# Says why and ends: on the screen, on the first serial line, and to the monitor as Boot/Power.cs does.
refuse:
    push si
    mov si, offset prefix_text
    call say
    pop si
    call say
    mov al, '7'
    out 0xE9, al
    mov al, '8'
    out 0xE9, al
    mov al, '\n'
    out 0xE9, al
    mov dx, 0x501
    mov ax, 78                                  # Power.Unfit
    out dx, ax
1:  cli
    hlt
    jmp 1b

say:
    lodsb
    test al, al
    jz 2f
    mov ah, 0x0E
    mov bx, 7
    int 0x10
    mov ah, al
    mov cx, 0xFFFF                              # a line that is not there must not stop this
    mov dx, 0x3FD
1:  in al, dx
    test al, 0x20
    loopz 1b
    mov dx, 0x3F8
    mov al, ah
    out dx, al
    jmp say
2:  ret

prefix_text:     .asciz "loader: "
no_lba_text:     .asciz "this BIOS reads no disk by LBA\r\n"
unreadable_text: .asciz "the disk cannot be read\r\n"

drive:          .byte 0
.balign 4
packet:         .byte 16, 0                     # disk address packet: size, 0, count, buffer, LBA
sectors:        .word 0
                .word 0
buffer_segment: .word 0
lba:            .quad 0

.org 510
    .byte 0x55, 0xAA                            # before it, from 446 on, the builder writes a table of partitions

# ---- From here on in memory: what the builder fills in.
.balign 16
table:
    .ascii "Morgana disk at:"
entry:          .long 0                         # the kernel's PVH entry
memory_end:     .long 0                         # behind the last piece
piece_count:    .long 0
                .long 0                         # octets of the image, for who reads the disk
pieces:         .skip 8 * 16                    # LBA, octets in the file, address, octets in memory

loader:
    mov ax, 0x2401                              # the 21st address line
    int 0x15
    in al, 0x92
    test al, 2
    jnz 1f
    or al, 2
    and al, 0xFE
    out 0x92, al
1:  call find_memory
    mov di, offset pieces
    mov cx, [piece_count]
1:  push cx
    call load
    add di, 16
    pop cx
    loop 1b

    # Protected mode, for good.
    cli
    lgdt [gdt_pointer]
    mov eax, cr0
    or al, 1
    mov cr0, eax
    .byte 0x66, 0xEA                            # ljmp 8:enter_kernel, with a 32-bit offset
    .long enter_kernel
    .word 8

# INT 15h, E820: where memory is, into entries of PVH's form, and whether there is enough for what is to come.
find_memory:
    mov di, MEMORY_MAP
    xor ebx, ebx
    xor bp, bp                                  # entries
    mov byte ptr [has_room], 0
1:  mov eax, 0xE820
    mov edx, 0x534D4150                         # "SMAP"
    mov ecx, 20
    int 0x15
    jc 3f
    cmp eax, 0x534D4150
    jne 3f
    mov dword ptr [di + 20], 0
    inc bp
    cmp dword ptr [di + 16], 1                  # ordinary memory, from 1 MB on or before, up to the end of it all or beyond?
    jne 2f
    cmp dword ptr [di + 4], 0
    jne 2f
    mov eax, [di]
    cmp eax, 0x100000
    ja 2f
    cmp dword ptr [di + 12], 0
    jne 4f
    add eax, [di + 8]
    jc 4f
    cmp eax, [memory_end]
    jb 2f
4:  mov byte ptr [has_room], 1
2:  add di, 24
    test ebx, ebx
    jz 3f
    cmp bp, MOST_RANGES
    jb 1b
3:  mov [range_count], bp
    cmp byte ptr [has_room], 0
    jne 5f
    mov si, offset small_text
    jmp refuse
5:  ret

# Brings the piece at [di] to its address, and zeroes what is in memory but not on the disk.
load:
    mov eax, [di]
    mov [lba], eax
    mov eax, [di + 8]
    mov [target], eax
    mov ecx, [di + 4]
    add ecx, 511
    shr ecx, 9
    mov [left], ecx
1:  mov ebp, [left]
    test ebp, ebp
    jz 3f
    cmp ebp, AT_ONCE
    jbe 2f
    mov bp, AT_ONCE
2:  mov word ptr [buffer_segment], BUFFER / 16
    call read
    movzx ebp, bp
    call enter_unreal
    mov esi, BUFFER
    mov edi, [target]
    mov ecx, ebp
    shl ecx, 7
    addr32 rep movsd
    mov [target], edi
    call leave_unreal
    add [lba], ebp
    sub [left], ebp
    jmp 1b
3:  mov bx, di
    call enter_unreal
    mov edi, [bx + 8]
    add edi, [bx + 4]
    mov ecx, [bx + 12]
    sub ecx, [bx + 4]
    xor eax, eax
    addr32 rep stosb
    call leave_unreal
    ret

# Real mode with segments of 4 GB: until the BIOS loads one, which is why each copy begins here. di is kept.
enter_unreal:
    cli
    mov [kept], di
    lgdt [gdt_pointer]
    mov eax, cr0
    or al, 1
    mov cr0, eax
    jmp 1f
1:  mov dx, 16
    mov ds, dx
    mov es, dx
    and al, 0xFE
    mov cr0, eax
    jmp 2f
2:  xor dx, dx
    mov ds, dx
    mov es, dx
    ret

leave_unreal:
    mov di, [kept]
    sti
    ret

# ---- 32 bits: the start info, and the kernel.
.code32
enter_kernel:
    mov ax, 16
    mov ds, ax
    mov es, ax
    mov ss, ax
    mov edi, START_INFO                         # xen/include/public/arch-x86/hvm/start_info.h
    xor eax, eax
    mov ecx, 16
    rep stosd
    mov ebx, START_INFO
    mov dword ptr [ebx], 0x336EC578
    mov dword ptr [ebx + 4], 1
    mov dword ptr [ebx + 24], COMMAND_LINE
    mov dword ptr [ebx + 40], MEMORY_MAP
    movzx eax, word ptr [range_count]
    mov [ebx + 48], eax
    # ACPI 6.5, 5.2.5.1: the root pointer lies in the first kilobyte of the extended BIOS data area, or below 1 MB.
    movzx esi, word ptr [0x40E]
    shl esi, 4
    lea edi, [esi + 1024]
    call find_root
    mov esi, 0xE0000
    mov edi, 0x100000
    call find_root
    jmp dword ptr [entry]

# Looks from esi to edi, on 16-octet boundaries, where the sum of the first 20 octets is zero.
find_root:
    cmp dword ptr [ebx + 32], 0
    jne 4f
1:  cmp esi, edi
    jae 4f
    cmp dword ptr [esi], 0x20445352             # "RSD PTR "
    jne 3f
    cmp dword ptr [esi + 4], 0x20525450
    jne 3f
    xor eax, eax
    mov ecx, 20
2:  add al, [esi + ecx - 1]
    loop 2b
    test al, al
    jnz 3f
    mov [ebx + 32], esi
    ret
3:  add esi, 16
    jmp 1b
4:  ret

small_text:     .asciz "this machine has too little memory for the kernel and the application\r\n"
.balign 8
gdt:            .quad 0, 0x00CF9A000000FFFF, 0x00CF92000000FFFF
gdt_pointer:    .word 23
                .long gdt
target:         .long 0
left:           .long 0
range_count:    .word 0
kept:           .word 0
has_room:       .byte 0
.org LOADER_SECTORS * 512
