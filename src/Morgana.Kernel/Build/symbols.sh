#!/usr/bin/env bash
# symbols.sh KERNEL.ELF: the kernel's functions as assembly, for back traces: offsets into the text, ascending, and names behind each other.
echo '.section .symbols,"a",@progbits'
echo '.globl symbol_table, symbol_table_end'
echo '.balign 8'
echo 'symbol_table:'
if [ "$1" != /dev/null ]; then
    base=$(nm "$1" | awk '$3 == "text_start" { print $1 }')
    # What ilc writes before a method's own name says nothing: kernel_Morgana_Kernel_Panic__Fail -> Panic.Fail
    nm -n "$1" | awk '$2 ~ /[tT]/ && $3 !~ /^(text_start|text_end|\.L)/ { print $1, $3 }' |
        sed -E 's/ kernel_Morgana_Kernel_/ /; s/__/./' |
        # Exported methods have two names: the one with the class in it says more.
        awk '{ if ($1 == address) { if ($2 ~ /\./) name = $2 } else { if (name) print address, name; address = $1; name = $2 } } END { print address, name }' |
        awk -v base="$base" '{ printf ".long 0x%s - 0x%s\n.byte 2f - 1f\n1: .ascii \"%s\"\n2:\n", substr($1, 9), substr(base, 9), substr($2, 1, 60) }'
fi
echo 'symbol_table_end:'
