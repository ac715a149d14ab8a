#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Beside each capture of a boot its inputs are named: every file that was measured, with its digest and
# where it came from, and the command line is the one that the kernel was given.
#   fixture_inputs.sh FIXTURES
set -euo pipefail
failures=0
fail() {
	echo "${capture##*/}: $1"
	failures=$((failures + 1))
}

# digest_of NAME: as inputs.tsv has it
digest_of() {
	awk -F '\t' -v name="$1" '$1 == name { print $2 }' "$capture/inputs.tsv"
}

# Whatever comes from a package is named with its version.
check_lines() {
	local name digest origin
	while IFS=$'\t' read -r name digest origin; do
		[[ $digest =~ ^[0-9a-f]{64}$ ]] || fail "$name: no SHA-256"
		case $name in
		*cmdline | *.cfg | uki/osrel | uki/uname) [ "$origin" = text ] || fail "$name: from '$origin'" ;;
		*) [[ $origin =~ ' '[0-9][0-9]*[:.+][0-9] ]] || fail "$name: no version in '$origin'" ;;
		esac
	done <"$capture/inputs.tsv"
}

needed() {
	printf '%s\n' firmware
	case ${capture##*/} in
	uki-*) printf '%s\n' uki.efi uki/cmdline uki/initrd uki/linux uki/osrel uki/uname ;;
	shim-*) printf '%s\n' cmdline grub.cfg grub.efi initrd shim.efi vmlinuz ;;
	*) printf '%s\n' cmdline initrd vmlinuz ;;
	esac
}

# GRUB and the EFI loader put words of their own around it.
given() {
	sed -e 's/^BOOT_IMAGE=[^ ]* //' -e 's/ initrd=initrd$//' "$capture/cmdline" | tr -d '\n'
}

for capture in "$1"/*; do
	[ -s "$capture/inputs.tsv" ] || { fail "no inputs.tsv" && continue; }
	cmp -s <(needed | sort) <(cut -f1 "$capture/inputs.tsv" | sort) ||
		fail "named are $(cut -f1 "$capture/inputs.tsv" | tr '\n' ' ')"
	check_lines
	[[ " $(digest_of cmdline) $(digest_of uki/cmdline) " == *" $(given | sha256sum | cut -d' ' -f1) "* ]] ||
		fail "the kernel was given another command line: $(given)"
done
[ -n "${capture:-}" ] && [ "$failures" = 0 ]
