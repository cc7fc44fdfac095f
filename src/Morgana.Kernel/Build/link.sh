#!/usr/bin/env bash
# link.sh ILC KERNEL.DLL WORK-FOLDER KERNEL.ELF: C# and assembly become the kernel. docs/kernel.md, "How it is built".
set -eu
ilc=$1 assembly=$2 work=$3 kernel=$4
here=$(dirname "${BASH_SOURCE[0]}")
mkdir -p "$work" "$(dirname "$kernel")"
for tool in gcc ld nm objdump; do
    command -v $tool > /dev/null || { echo "error : the kernel needs $tool: apt-get install gcc binutils"; exit 1; }
done

[ -x "$ilc" ] || chmod +x "$ilc"        # NuGet keeps no modes.
"$ilc" "$assembly" -o:"$work/kernel.o" --systemmodule:kernel --targetos:linux --targetarch:x64 -O --nativelib '--directpinvoke:*' --reflectiondata:none

# A kernel that touches no vector register need not save the application's on every entry: hold the compiler to it.
if objdump -d --no-show-raw-insn "$work/kernel.o" | awk '/^[0-9a-f]+ <.*>:$/ { name = $2 } /%[xyz]mm[0-9]/ { print "error : vector register in " name " " $0; found = 1 } END { exit !found }' >&2; then
    exit 1
fi

# What the C library calls without entering the kernel: a small shared object of its own, mapped into the application.
gcc -c -x assembler -o "$work/vdso.o" "$here/../Assembly/Vdso.S"
ld -shared -nostdlib -Bsymbolic --hash-style=both --build-id=none -z max-page-size=4096 -z noseparate-code -soname linux-vdso.so.1 \
    -T "$here/vdso.ld" -o "$work/vdso.so" "$work/vdso.o"

objects=()
for source in "$here"/../Assembly/*.S; do
    name=$(basename "$source" .S)
    [ "$name" != Vdso ] || continue
    gcc -c -x assembler -Wa,-I"$work" -Wa,-I"$here/../Assembly" -o "$work/$name.o" "$source"
    objects+=("$work/$name.o")
done

# Which system calls are served, for `morgana inspect`: a note of numbers and names, from where they are registered.
sed -nE 's/.*Serve\(([0-9]+),.*&[A-Za-z]+\.([A-Za-z0-9]+)\);( *\/\/ ([a-z_0-9]+))?.*/\1 \4 \2/p' "$here/../SystemCalls/ServedCalls.cs" | sort -n |
    awk '$3 != "NotThere" { name = NF > 2 ? $2 : $2; gsub(/[A-Z]/, "_&", name); sub(/^_/, "", name); print $1, tolower(name) }' > "$work/calls.txt"
printf '.section .note.Morgana,"a",@note\n.balign 4\n.long 8, 2f - 1f, 2\n.asciz "Morgana"\n1: .incbin "%s"\n2: .balign 4\n' "$work/calls.txt" > "$work/calls.s"
gcc -c -o "$work/calls.o" "$work/calls.s"
objects+=("$work/calls.o")

link() { ld -static -nostdlib -z max-page-size=4096 -z noexecstack --gc-sections --build-id=none --no-warn-rwx-segments -T "$here/kernel.ld" -o "$1" "$work/kernel.o" "${objects[@]}" "$2"; }

# Names for back traces. Their table lies behind everything that has an address in it, so that it moves nothing.
symbols() { bash "$here/symbols.sh" "$1" > "$work/symbols.s" && gcc -c -o "$work/symbols.o" "$work/symbols.s"; }
symbols /dev/null
link "$work/first.elf" "$work/symbols.o"
symbols "$work/first.elf"
link "$work/second.elf" "$work/symbols.o"
cmp -s <(nm -n "$work/first.elf" | grep -i ' t ') <(nm -n "$work/second.elf" | grep -i ' t ') || { echo "error : the table of names has moved the code that it names"; exit 1; }

# The beginning of a disk: flat, at the address where a BIOS brings its first sector.
gcc -c -x assembler -o "$work/loader.o" "$here/../Loader/Loader.S"
ld -m elf_x86_64 -Ttext=0x7C00 --oformat binary -o "$(dirname "$kernel")/loader.bin" "$work/loader.o"
mv "$work/second.elf" "$kernel"
