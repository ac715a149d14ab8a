#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Is an IMA list explained by PCR 10? Asked of trothctl and of evmctl (ima-evm-utils), for lists of
# real boots, whole, grown and changed: the two must agree.   evmctl.sh TROTHCTL FIXTURES
set -euo pipefail
trothctl=$1 fixtures=$2
command -v evmctl >/dev/null || { echo "no evmctl here" && exit 77; }
dir=$(mktemp -d)
trap 'rm -rf -- "$dir"' EXIT
failures=0

# The values a bank had, as evmctl reads them.
pcr_file() { # CAPTURE BANK
	awk -v bank="$2" '$1 == bank { printf "PCR-%02d: %s\n", $2, tolower($3) }' "$fixtures/$1/pcrs.txt" >"$dir/pcrs"
}

compare() { # WHAT LIST BANK
	local what=$1 list=$2 bank=$3 theirs=yes ours=yes value
	value=$(sed -n 's/^PCR-10: //p' "$dir/pcrs")
	evmctl ima_measurement --ignore-violations --pcrs "$bank,$dir/pcrs" "$list" >/dev/null 2>&1 || theirs=no
	"$trothctl" ima replay --bank "$bank" --pcr10 "$value" --format json "$list" >"$dir/out" 2>/dev/null || ours=no
	printf '%-40s %-7s evmctl %-4s trothctl %s\n' "$what" "$bank" "$theirs" "$ours"
	[ "$theirs" = "$ours" ] || failures=$((failures + 1))
}

for capture in direct direct-sha256only shim-sb-on uki-sb-on-snakeoil; do
	list=$fixtures/$capture/ima_binary
	for bank in sha1 sha256; do
		pcr_file "$capture" "$bank"
		[ -s "$dir/pcrs" ] || continue
		compare "$capture" "$list" "$bank"
		sed -i 's/^PCR-10: ../PCR-10: 00/' "$dir/pcrs"
		compare "$capture, another value" "$list" "$bank"
	done
done

# One byte of the last path is another: another digest, which none of the two believes.
pcr_file direct sha256
size=$(stat -c %s "$fixtures/direct/ima_binary")
head -c $((size - 3)) "$fixtures/direct/ima_binary" >"$dir/changed"
printf 'XX\0' >>"$dir/changed"
compare "direct, changed" "$dir/changed" sha256
[ "$failures" -eq 0 ] || { echo "$failures differ" && exit 1; }
