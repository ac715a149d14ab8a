# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # names are shared with bootvm
# Captures for tests that boot nothing. Sourced by bootvm.

# What of a capture is a fixture; beside it lie the endorsement keys and the list of inputs.
captured=(ak.pem ak.pub binary_bios_measurements cmdline efivars.txt ima_binary pcrs.txt
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

# make_fixtures [DIR]: all of them anew.
make_fixtures() {
	local to=${1:-$top/tests/fixtures/bootvm} fixture cases
	mapfile -t cases < <(printf '%s\n' "${fixtures[@]}" | cut -d' ' -f2)
	prepare "${cases[@]}"
	say "booting ${#cases[@]} machines ..."
	boot_all boot "${cases[@]}"
	for fixture in "${fixtures[@]}"; do
		keep_fixture "${fixture% *}" "${fixture#* }" "$to"
	done
}
