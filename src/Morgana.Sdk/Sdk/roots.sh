#!/bin/sh
# Takes the certificates out of their text (PEM), one after the other as they are signed (DER): a quarter less of the image. TrustedRoots makes
# the text again. A bundle that has anything else in it is copied as it is.
#   roots.sh BUNDLE OUTPUT
set -e
text='^(-----(BEGIN|END) CERTIFICATE-----|[A-Za-z0-9+/]+=?=?)$'
if ! grep -Evq "$text" "$1"; then
    # Not every base64 goes on behind the end of a certificate.
    expected=$(grep -v '^-' "$1" | awk '{ n += length($0); p += gsub("=", "") } END { print n / 4 * 3 - p }')
    grep -v '^-' "$1" | base64 -d > "$2" 2> /dev/null || true
    if [ "$(wc -c < "$2")" = "$expected" ]; then exit; fi
fi
cat "$1" > "$2"
