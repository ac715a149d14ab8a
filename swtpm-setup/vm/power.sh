# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # names are shared with bootvm
# Power cuts: machine and TPM end at once, at a random moment of what the attester does at boot; the next
# boot must end with a credential, without anybody's hands, and the TPM hold what it held before.
# Sourced by bootvm.

power_works=(provisioning enrolment renewal)
# What the attester does at boot takes so long at most, under emulation.
power_window_ms=2500

# with_tpm DIR COMMAND...: on the TPM of a machine that is off.
with_tpm() {
	local dir=$1 code=0
	shift
	"$here/device" --dir "$dir" --ca-dir "$work/tpm-ca" start >/dev/null
	TPM2TOOLS_TCTI=swtpm:path=$dir/sock "$@" || code=$?
	"$here/device" --dir "$dir" stop
	return "$code"
}

# All that outlives a power cut in a TPM.
list_handles() {
	tpm2_getcap handles-persistent | tr -d '\n'
	tpm2_getcap handles-nv-index | tr -d '\n'
}

# What the machine is made to do by the time of the cut; enrolment is what a first boot does.
set_out() { # DIR WORK
	case $2 in
	provisioning)
		with_tpm "$1" tpm2_evictcontrol -Q -C o -c 0x81000001
		hand+='; attester=provision'
		;;
	renewal) hand+='; troth-attester once' ;;
	esac
}

# cut_power DIR: nothing is told beforehand.
cut_power() {
	kill -KILL "$(<"$1/qemu.pid")" "$(<"$1/swtpm.pid")" 2>/dev/null || true
	machine_off "$1"
}

# power_round CASE: CASE is power-WORK-NUMBER.
power_round() {
	local machine=$work/machines/$1 what=${1#power-} before at
	describe "$1"
	make_inputs "$machine/inputs"
	make_disk "$machine/inputs" "$machine/disk.img"
	before=$(with_tpm "$machine" list_handles)
	set_out "$machine" "${what%-*}"
	at=$((RANDOM * power_window_ms / 32768))
	machine_on "$machine/inputs" "$machine"
	watch_machine "$machine" 'troth-machine: attests' || say "$1: the attester was never reached"
	sleep "$((at / 1000)).$(printf %03d $((at % 1000)))"
	cut_power "$machine"
	mv -- "$machine/console" "$machine/console.cut"
	boot "$1"
	{
		printf '%s\t%s\t' "$1" "$at"
		if [ "$before" = "$(with_tpm "$machine" list_handles)" ]; then echo clean; else echo stray; fi
	} >"$machine/power"
}

# power [ROUNDS]
power() {
	local rounds=${1:-6} cases=() i rows
	for ((i = 0; i < rounds; i++)); do
		cases+=("power-${power_works[i % 3]}-$((i + 1))")
	done
	prepare first-machine "${cases[@]}"
	boot_all boot first-machine
	learn first-machine
	say "cutting the power $rounds times ..."
	boot_all power_round "${cases[@]}"
	rows=$(for case in "${cases[@]}"; do
		jq -c --arg line "$(<"$work/machines/$case/power")" '($line / "\t") as $cut |
			. + {cut_ms: $cut[1] | tonumber, tpm: $cut[2], ok: (.ok and $cut[2] == "clean")}' <<<"$(judge "$case")"
	done)
	{
		printf 'CASE\tCUT AT\tNEXT BOOT\tTPM\n'
		jq -r '[.name, "\(.cut_ms) ms", .actual, .tpm] | @tsv' <<<"$rows"
	} | column -t -s "$(printf '\t')"
	conclude "$rows" "$SECONDS"
}
