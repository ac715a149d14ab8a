# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # names are shared with bootvm
# What the inputs of a boot say that it will measure, beside what it did measure; and an update that is
# made known before the machine that has it boots. Sourced by bootvm.

# predictable INPUTS: whether this boot is one that `trothctl reference build` follows: shim, GRUB's
# ordinary edition and its linux command, or a unified kernel, with secure boot on.
predictable() {
	[ -z "$store" ] && [ -z "$loader" ] && case $way in linux | uki) true ;; *) false ;; esac
}

# build_set INPUTS NAME ALTERNATIVE FILE. The kernel goes by its path: GRUB's configuration searches for it.
build_set() {
	local from=(--shim "$1/shim.efi" --boot-loader "$1/grub.efi" --grub-config "$1/grub.cfg"
		--grub-file "/vmlinuz=$1/vmlinuz" --initrd "$1/initrd")
	[ ! -e "$1/uki.efi" ] || from=(--uki "$1/uki.efi")
	"$bin/trothctl" reference build --name "$2" --alternative "$3" "${from[@]}" --out "$4"
}

# PCR and digest of each event, in order, PCR by PCR: of a set, and of a log as far as the set speaks of
# it. Of PCR 4 only images: the rest is the firmware's.
events_of_set() { # FILE
	jq -r '.components[].alternatives[].records[] | "\(.pcr) \(.digests[0].digest)"' "$1" | sort -s -n -k1,1
}

events_of_log() { # LOG PCRS: as a list of JSON
	"$bin/trothctl" eventlog show --format json --bank sha256 "$1" | jq -r --argjson pcrs "$2" \
		'.events[] | select(.pcr as $p | $pcrs | index($p)) |
		select(.pcr != 4 or .type == "EV_EFI_BOOT_SERVICES_APPLICATION") | "\(.pcr) \(.digest)"' | sort -s -n -k1,1
}

# foretold CASE: "yes N" when a boot measured exactly the N events its inputs lead to, "no" with what
# differs left beside them, "-" where nothing is foretold.
foretold() {
	local machine=$work/machines/$1 log=$work/machines/$1/capture/binary_bios_measurements
	if ! predictable || [ ! -s "$log" ]; then
		echo -
		return
	fi
	build_set "$machine/inputs" foretold inputs "$machine/foretold.json" 2>"$machine/foretold.log" || {
		echo no
		return
	}
	events_of_set "$machine/foretold.json" >"$machine/foretold"
	events_of_log "$log" "$(jq -c '[.components[].alternatives[].records[].pcr] | unique' "$machine/foretold.json")" \
		>"$machine/measured"
	if cmp -s "$machine/foretold" "$machine/measured"; then
		echo "yes, $(wc -l <"$machine/foretold") events"
	else
		echo no
	fi
}

# announce CASE: the update is put beside what was learned, from its files alone.
announce() {
	local machine=$work/machines/$1
	describe "$1"
	make_inputs "$machine/inputs"
	build_set "$machine/inputs" "$group" "$1" "$machine/update.json" ||
		fail "nothing can be built from the inputs of $1" 1
	ctl reference put --merge "$machine/update.json" >/dev/null ||
		fail "what was built from the inputs of $1 is not taken" 1
	allow_initrd "$kernel" "$change"
}

announce_all() { # CASE...
	local case
	for case in "$@"; do
		announce "$case"
	done
	reload_verifier
}
