# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # names are shared with bootvm
# Many boots, their verdicts beside those expected. Sourced by bootvm.

# make_machines CASE...: a TPM and an inventory line for each. One after the other: they share the
# authority of their endorsement certificates.
make_machines() {
	local case machine
	: >"$work/inventory"
	for case in "$@"; do
		describe "$case"
		machine=$(absolute "$work/machines/$case")
		make_tpm "$machine" "$banks"
		printf '%s %s %s\n' "$(<"$machine/id")" "$case" "$group" >>"$work/inventory"
	done
}

# boot CASE: one boot to its end, and what came of it in its directory. A boot that hands nothing over
# where a kernel should run is tried once more: on a busy host an emulated machine may stumble.
boot() {
	local machine=$work/machines/$1 begun=$SECONDS
	describe "$1"
	[ -d "$machine/inputs" ] || make_inputs "$machine/inputs"
	[ -e "$machine/disk.img" ] || make_disk "$machine/inputs" "$machine/disk.img"
	boot_once "$1" "$machine"
	if [ -z "$stops_at" ] && [ ! -s "$machine/out.tar" ]; then
		say "$1: handed nothing over; once more ..."
		mv -- "$machine/console" "$machine/console.first"
		boot_once "$1" "$machine"
	fi
	echo $((SECONDS - begun)) >"$machine/seconds"
	unpack_capture "$machine"
}

boot_once() { # CASE DIR
	machine_on "$2/inputs" "$2"
	watch_machine "$2" "$stops_at" || say "$1: given up after $boot_seconds s of silence"
	machine_off "$2"
}

# boot_all HOW CASE...: `HOW CASE` for each, as many at once as were asked for.
boot_all() {
	local how=$1 case running=0 booting=()
	for case in "${@:2}"; do
		if [ "$running" -ge "$at_once" ]; then
			wait -n || true
			running=$((running - 1))
		fi
		(trap - EXIT && "$how" "$case") &
		running=$((running + 1))
		booting+=($!)
	done
	wait "${booting[@]}" || true
}

# teachers CASE...: the groups' healthy cases that the cases need, each as a machine of its own.
teachers() {
	local case
	for case in "$@"; do
		describe "$case"
		printf 'first-%s\n' "$group"
	done | sort -u
}

# learn TEACHER...: what they measured is from now on what is expected.
learn() {
	local teacher
	for teacher in "$@"; do
		ctl reference learn --device "$teacher" --name "${teacher#first-}" >/dev/null ||
			fail "nothing can be learned from $teacher: $(tail -1 "$work/machines/$teacher/console")" 1
	done
}

# Before anything boots: what cannot be had is known at once.
fetch_kernels() { # CASE...
	local case
	kernel_version main >/dev/null # the others are chosen beside it
	for case in "$@"; do
		describe "$case"
		kernel_version "$kernel" >/dev/null
	done
}

# ---- the table ----

# judge CASE: one object for the table.
judge() {
	local machine=$work/machines/$1 actual found predicted why=''
	describe "$1"
	predicted=$(foretold "$1")
	actual=$(outcome_of "$machine")
	found=$(findings_of "$machine")
	[ "$actual" != refused ] || why=$(cause_of "$1")
	[ "$actual" != stopped ] || ! said "$machine" "$stops_at" || found=$stops_at
	jq -cn --arg name "$1" --arg expected "$expect" --arg actual "$actual" --arg wanted "$findings" \
		--arg found "$found" --arg cause "$why" --arg probable "$cause" --arg shows "$shows" --arg detail "$(details_of "$machine")" \
		--arg foretold "$predicted" --argjson seconds "$(<"$machine/seconds")" '{name: $name, expected: $expected, actual: $actual,
		wanted: $wanted, findings: $found, cause: $cause, foretold: $foretold, detail: $detail, seconds: $seconds,
		ok: ([$expected, $wanted, $probable] == [$actual, $found, $cause] and ($detail | contains($shows)) and $foretold != "no")}'
}

judge_all() { # CASE...
	local case
	for case in "$@"; do
		judge "$case"
	done
}

show_table() { # from rows on standard input
	{
		printf 'CASE\tEXPECTED\tACTUAL\tFINDINGS\tPROBABLE CAUSE\tFORETOLD\tSECONDS\tDETAIL\n'
		jq -r '[.name, .expected, .actual, .findings, .cause, .foretold, .seconds, .detail[:70]] |
			map(if . == "" then "-" else . end) | @tsv'
	} | column -t -s "$(printf '\t')"
	}

# Where the time of the first healthy boot went; the processor is emulated, and five to twenty times slower.
show_times() { # CASE...
	local case
	for case in "$@"; do
		describe "$case"
		if [ "$expect" = credential ] && [ -z "$image" ] && [ "$(outcome_of "$work/machines/$case")" = credential ]; then
			printf '\nFROM KERNEL START TO CREDENTIAL (%s)\tMS\n' "$case"
			times_of "$work/machines/$case"
			return
		fi
	done | column -t -s "$(printf '\t')"
}

show_surprises() { # from rows on standard input
	jq -r 'select(.ok | not) | "NOT AS EXPECTED: \(.name): wanted \(.expected) \(.wanted), got \(.actual) \(.findings) \(.cause), foretold: \(.foretold): \(.detail)"' >&2
}

images_of() { # CASE...
	local case
	for case in "$@"; do
		describe "$case"
		[ -z "$image" ] || printf '%s\n' "$image"
	done | sort -u
}

# prepare CASE...: machines, and a verifier that knows them.
prepare() {
	local images
	make_authority
	fetch_kernels "$@"
	say "making $# machines ..."
	make_machines "$@"
	mapfile -t images < <(images_of "$@")
	start_verifier "${images[@]}"
}

# split_cases CASE...: into `known`, and `updates`, which change what is known.
split_cases() {
	local case
	known=() updates=()
	for case in "$@"; do
		describe "$case"
		if [ -n "$announced" ]; then updates+=("$case"); else known+=("$case"); fi
	done
}

# add_witnesses: to `cases`, the machines that pass and that others are explained by.
add_witnesses() {
	local case
	for case in "${cases[@]}"; do
		describe "$case"
		[ -z "$beside" ] || [[ " ${cases[*]} " == *" $beside "* ]] || cases=("$beside" "${cases[@]}")
	done
}

# matrix [CASE...]
matrix() {
	local cases=("$@") first rows known updates begun=$SECONDS
	[ $# -gt 0 ] || cases=("${all_cases[@]}")
	add_witnesses
	mapfile -t first < <(teachers "${cases[@]}")
	prepare "${first[@]}" "${cases[@]}"
	say "booting one of each kind, to learn from ..."
	boot_all boot "${first[@]}"
	learn "${first[@]}"
	say "booting ..."
	split_cases "${cases[@]}"
	[ ${#known[@]} -eq 0 ] || boot_all boot "${known[@]}"
	# Before the updates: what they change is not what these were judged by.
	rows=$(judge_all "${first[@]}" "${known[@]}")
	if [ ${#updates[@]} -gt 0 ]; then
		announce_all "${updates[@]}"
		boot_all boot "${updates[@]}"
		rows+=$'\n'$(judge_all "${updates[@]}")
	fi
	show_table <<<"$rows"
	show_times "${cases[@]}"
	show_surprises <<<"$rows"
	conclude "$rows" $((SECONDS - begun))
}

conclude() { # ROWS SECONDS
	local ok
	ok=$(jq -s 'all(.ok)' <<<"$1")
	[ -z "$json" ] || jq -s --argjson ok "$ok" --argjson seconds "$2" \
		'{cases: ., seconds: $seconds, ok: $ok}' <<<"$1" >"$json"
	[ -z "$keep" ] || say "everything is left in $work"
	if [ "$ok" != true ]; then
		say "not all as expected, after $2 s"
		return 1
	fi
	say "all $(jq -s length <<<"$1") as expected, in $2 s"
}

# inputs CASE DIR
inputs() {
	[ $# -eq 2 ] || fail "inputs: name a case and a directory"
	describe "$1"
	make_authority
	make_inputs "$(absolute "$2")"
}
