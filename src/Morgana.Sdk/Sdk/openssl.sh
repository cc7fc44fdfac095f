#!/bin/sh
# Makes .NET's layer over OpenSSL out of the sources that the ahead-of-time compiler's package brings, against this machine's OpenSSL, once for
# each version of both, in the user's cache. Prints the folder of libMorganaOpenSsl.a.
#   openssl.sh PACKAGE-OF-THE-COMPILER COMPILER-DRIVER
set -e
package=${1%/} compiler=$2
here=$(cd "$(dirname "$0")" && pwd -P)
sources=$package/native/src/libs/System.Security.Cryptography.Native

fail() { echo "error : $1" >&2; exit 1; }
missing=
command -v cmake > /dev/null || missing="$missing cmake"
command -v make > /dev/null || missing="$missing make"
archive=$("$compiler" -print-file-name=libcrypto.a)
[ -f "$archive" ] && [ -f /usr/include/openssl/ssl.h ] || missing="$missing libssl-dev"
[ -z "$missing" ] || fail "this program calls .NET's cryptography or TLS, for which OpenSSL is linked into it: sudo apt-get install$missing"
[ -d "$sources" ] || fail "the ahead-of-time compiler's package has no $sources"

cache=${XDG_CACHE_HOME:-$HOME/.cache}/morgana/openssl
key=$({ basename "$package"; cat "$here/OpenSslFiles.c" "$here/OpenSslFiles.h" "$0" "$archive"; "$compiler" --version; } | sha256sum | cut -c 1-24)
if [ ! -f "$cache/$key/libMorganaOpenSsl.a" ]; then
    mkdir -p "$cache"
    work=$(mktemp -d "$cache/work.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    # Whatever is compiled names no folder of this machine, so that two of them make the same.
    CC=$compiler CFLAGS="-ffunction-sections -fdata-sections -ffile-prefix-map=$package=/dotnet -ffile-prefix-map=$work=/build -include $here/OpenSslFiles.h" \
        cmake -S "$sources" -B "$work/build" -DLOCAL_BUILD:STRING=1 -DCLR_CMAKE_TARGET_UNIX:STRING=1 -DCMAKE_BUILD_TYPE=Release > "$work/log" 2>&1 ||
        { tail -n 5 "$work/log" >&2; fail "cmake could not set up .NET's layer over OpenSSL"; }
    make -C "$work/build" -j "$(nproc)" System.Security.Cryptography.Native.OpenSsl-Static >> "$work/log" 2>&1 ||
        { grep -i 'error' "$work/log" | head -n 5 >&2; fail "compiling .NET's layer over OpenSSL failed"; }
    mkdir "$work/made"
    "$compiler" -O2 -ffunction-sections -Wall -Wextra -Werror "-ffile-prefix-map=$here=/morgana" -c "$here/OpenSslFiles.c" -o "$work/OpenSslFiles.o"
    cp "$work/build/libSystem.Security.Cryptography.Native.OpenSsl.a" "$work/made/libMorganaOpenSsl.a"
    ar rD "$work/made/libMorganaOpenSsl.a" "$work/OpenSslFiles.o" 2> /dev/null
    # Whoever was first has made the same.
    mv -T "$work/made" "$cache/$key" 2> /dev/null || [ -f "$cache/$key/libMorganaOpenSsl.a" ]
fi
echo "$cache/$key"
