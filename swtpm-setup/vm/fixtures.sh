# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # names are shared with bootvm
# Captures for tests that boot nothing. Sourced by bootvm.

# What of a capture is a fixture; beside it lie the endorsement keys and the list of inputs.
captured=(ak.name ak.pem ak.pub binary_bios_measurements cmdline efivars.txt ima_binary pcrs.txt
	quote.msg quote.pcrs quote.sig)

# keep_fixture NAME CASE DIR
keep_fixture() {
	local machine=$work/machines/$2 file
	for file in "${captured[@]}"; do
		[ -e "$machine/capture/$file" ] || fail "$2: no $file in what it handed over" 1
	done
	rm -rf -- "${3:?}/$1"
	mkdir -p -- "$3/$1"
	for file in "${captured[@]}"; do
		install -m 644 "$machine/capture/$file" "$3/$1/$file"
	done
	install -m 644 "$machine/inputs/inputs.tsv" "$machine"/ek/* "$3/$1/"
}

# case_of NAME: the case that a fixture is a capture of.
case_of() {
	local fixture
	for fixture in "${fixtures[@]}"; do
		[ "${fixture% *}" != "$1" ] || { printf '%s\n' "${fixture#* }" && return; }
	done
	fail "no fixture is called '$1'"
}

# make_fixtures [NAME...]: anew; all of them where none is named. What booted in a directory that was kept
# (`--keep DIR matrix`) does not boot again.
make_fixtures() {
	local names=("$@") name case cases=()
	[ $# -gt 0 ] || mapfile -t names < <(printf '%s\n' "${fixtures[@]% *}")
	for name in "${names[@]}"; do
		case=$(case_of "$name")
		[ -s "$work/machines/$case/capture/quote.sig" ] || cases+=("$case")
	done
	say "booting ${#cases[@]} machines ..."
	if [ ${#cases[@]} -gt 0 ]; then
		prepare "${cases[@]}"
		boot_all boot "${cases[@]}"
	fi
	for name in "${names[@]}"; do
		keep_fixture "$name" "$(case_of "$name")" "$top/tests/fixtures/bootvm"
	done
}
