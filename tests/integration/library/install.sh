#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# libtroth is installed and used by a program that knows only what was installed, found once through
# CMake and once through pkg-config. Usage: install.sh BUILD_DIR SOURCE_DIR
set -euo pipefail
build=$1 source=$2
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT

DESTDIR= cmake --install "$build" --prefix "$work/prefix" >"$work/install.log"
cmake -G Ninja -S "$source/tests/integration/library" -B "$work/consumer" -DCMAKE_PREFIX_PATH="$work/prefix" \
	"-DCMAKE_C_FLAGS=${TROTH_CONSUMER_FLAGS-}" >"$work/cmake.log"
cmake --build "$work/consumer" >>"$work/cmake.log"

capture=$source/tests/fixtures/bootvm/shim-sb-on
want=$(awk '$1 == "sha256" && $2 == 7 { print tolower($3) }' "$capture/pcrs.txt")
# The capture's signature is plain DER; TPMT_SIGNATURE is ECDSA, SHA-256, r and s with their sizes.
hex=0018000b
for number in $(openssl asn1parse -inform DER -in "$capture/quote.sig" | sed -n 's/.*INTEGER *://p'); do
	hex+=$(printf '%04x' $((${#number} / 2)))$number
done
printf '%b' "$(sed 's/../\\x&/g' <<<"$hex")" >"$work/signature"
got=$("$work/consumer/consumer" "$capture"/{ak.pub,quote.msg} "$work/signature" "$capture/binary_bios_measurements")
echo "$got"
grep -q "genuine=1 " <<<"$got"
grep -q "pcr7=$want " <<<"$got"

# One changed byte, and the same program says no.
cp "$capture/quote.msg" "$work/changed"
printf '\xff' | dd of="$work/changed" bs=1 seek=60 conv=notrunc status=none
if "$work/consumer/consumer" "$capture/ak.pub" "$work/changed" "$work/signature" \
	"$capture/binary_bios_measurements"; then
	echo "a changed quote was taken for genuine" >&2
	exit 1
fi

# pkg-config finds it, too, and the library offers its own symbols only.
export PKG_CONFIG_PATH=$(dirname "$(find "$work/prefix" -name troth.pc)")
# shellcheck disable=SC2046
cc ${TROTH_CONSUMER_FLAGS-} $(pkg-config --cflags troth) -o "$work/second" \
	"$source/tests/integration/library/consumer.c" $(pkg-config --libs troth)
library=$(find "$work/prefix" -name 'libtroth.so.*.*')
LD_LIBRARY_PATH=$(dirname "$library") "$work/second" \
	"$capture"/{ak.pub,quote.msg} "$work/signature" "$capture/binary_bios_measurements"

# Programs in C++ find the same functions.
if command -v c++ >/dev/null; then
	# shellcheck disable=SC2046
	printf '%s\n' '#include <troth/bootlog.h>' '#include <troth/peer.h>' '#include <troth/verify.h>' \
		'int main() { troth_peers_free(nullptr); return *troth_decision_name(TROTH_ADMITTED) != 97; }' |
		c++ ${TROTH_CONSUMER_FLAGS-} -Wall -Wextra -Werror -o "$work/third" $(pkg-config --cflags troth) -x c++ - -x none \
			$(pkg-config --libs troth)
	LD_LIBRARY_PATH=$(dirname "$library") "$work/third"
fi

foreign=$(nm -D --defined-only "$library" | awk '{ print $3 }' | grep -v '^troth_\|^TROTH_' || true)
[ -z "$foreign" ] || { echo "the library also offers: $foreign" >&2; exit 1; }
