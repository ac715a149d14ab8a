#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The fixtures of real boots beside captures of the same ways of booting that were made elsewhere: the same
# events in the same order, and equal PCRs wherever both were made of the same. docs/bootvm.md says why the
# others are not.
#   reproduced.sh TROTHCTL FIXTURES
set -euo pipefail
trothctl=$1 fixtures=$2 others=${TROTH_TEST_DATA-}/bootvm
[ -n "${TROTH_TEST_DATA-}" ] && [ -d "$others" ] || { echo "skipped: TROTH_TEST_DATA names no captures" && exit 77; }
failures=0 compared=0
wrong() {
	failures=$((failures + 1))
	echo "WRONG: $1"
}

value() { # DIR PCR: SHA-256, as the machine read it
	awk -v pcr="$2" '$1 == "sha256" && $2 == pcr { print tolower($3) }' "$1/pcrs.txt"
}

events() { # DIR IGNORED: PCR and type of each
	[ -s "$1/binary_bios_measurements" ] || return 0
	"$trothctl" eventlog show --format json --bank sha256 "$1/binary_bios_measurements" |
		jq -r '.events[] | "\(.pcr) \(.type)"' | { grep -Ev "$2" || true; }
}

# reproduced VARIANT PCRS [IGNORED]: PCRs must be equal; events whose line matches are not compared.
reproduced() {
	local pcr mine theirs
	for pcr in $2; do
		mine=$(value "$fixtures/$1" "$pcr") theirs=$(value "$others/$1" "$pcr")
		[ -n "$mine" ] && [ "$mine" = "$theirs" ] || wrong "$1: PCR $pcr is '$mine', was '$theirs'"
		compared=$((compared + 1))
	done
	diff <(events "$others/$1" "${3:-^$}") <(events "$fixtures/$1" "${3:-^$}") || wrong "$1: other events"
}

for variant in direct direct-cmdline direct-initrd-tampered direct-sha256only direct-tmpfs; do
	reproduced "$variant" '1 2 3 5 6 7 14'
done
reproduced direct-sb-on-legacy-bypass '0 1 2 3 4 5 6 7 14'
for variant in shim-sb-on shim-sb-on-cmdline shim-sb-on-initrd-tampered; do
	reproduced "$variant" '0 2 3 6 7 14'
done
reproduced shim-sb-off '2 3 4 6 14'
# What they told GRUB there had other lines.
reproduced shim-sb-off-chainload '2 3 6 14' '^[89] '
reproduced uki-sb-on-snakeoil '0 2 3 6 7'
reproduced uki-sb-on-cmdline '0 2 3 6 7'
reproduced uki-sb-off '2 3 6'
[ "$failures" = 0 ] && echo "$compared PCRs of 14 captures are equal"
