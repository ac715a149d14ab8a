#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# An update from its announcement to its end, on emulated TPMs: what it will measure is built from its
# files and put in force; devices update when they like, and nobody is refused for it; then only the new
# is accepted. The logs of the boots are made by other means (tests/lib/remake_log).
#   update.sh BIN TOP
# shellcheck source-path=SCRIPTDIR disable=SC2034,SC2154
set -euo pipefail
bin=$1 top=$2
# shellcheck source=../../lib/stage.sh
. "$top/tests/lib/stage.sh"
command -v python3 >/dev/null || { echo "no python3 here" && exit 77; }

files=$work/files
mkdir -p "$files"
"$bin/boot_files" "$files"
cd "$files"
printf 'initial RAM disk' >initrd
printf 'set timeout=0\nlinux /vmlinuz root=/dev/sda1 ro\ninitrd /initrd\nboot\n' >old.cfg
printf 'set timeout=0\nlinux /vmlinuz root=/dev/sda1 ro quiet\ninitrd /initrd\nboot\n' >new.cfg
printf 'set timeout=0\nlinux /vmlinuz root=/dev/sda1 ro init=/bin/sh\ninitrd /initrd\nboot\n' >shell.cfg

# boot_of CONFIG KERNEL WORDS: what such a machine measures, written down by hand.
boot_of() {
	cat <<-END | "$top/tests/lib/remake_log" "$boot_log" "$1.log"
		image shim.efi
		image grub.efi
		command [ -z (hd0,gpt1)/EFI/debian -o ! -e (hd0,gpt1)/EFI/debian ]
		command [ -e (hd0,gpt1)/EFI/debian/x86_64-efi/grub.cfg ]
		command [ -e (hd0,gpt1)/EFI/debian/grub.cfg ]
		command source (hd0,gpt1)/EFI/debian/grub.cfg
		file $1
		command set timeout=0
		command linux /vmlinuz root=/dev/sda1 ro$3
		file $2
		image $2
		image $2
		cmdline /vmlinuz root=/dev/sda1 ro$3
		command initrd /initrd
		file initrd
		command boot
	END
}
boot_of old.cfg vmlinuz ""
boot_of new.cfg vmlinuz-new " quiet"
boot_of shell.cfg vmlinuz-new " init=/bin/sh"

# build OUT ALTERNATIVE CONFIG KERNEL [OPTIONS...]
build() {
	"$bin/trothctl" reference build --name base --alternative "$2" --out "$1" --shim shim.efi \
		--boot-loader grub.efi --grub-config "$3" --kernel "$4" --initrd initrd "${@:5}"
}
boots() { # DEVICE LOG
	boot_log=$files/$2 boot_device "$1"
}
case_of() { echo "- $1"; }

boots one old.cfg.log
boots two old.cfg.log
boots three new.cfg.log
on_inventory one two three
start_verifier
policy ek-certificate-and-inventory
expect 1 reference-missing -- troth-attester one once
ctl reference learn --device one --name base --alternative factory >/dev/null
expect 0 '' -- troth-attester one once
expect 0 '' -- troth-attester two once

case_of "what runs already is foretold as it was learned"
build same.json again old.cfg vmlinuz
before=$(ctl reference show base --format json | jq -cS '.components')
ctl reference put --merge same.json >/dev/null
[ "$(ctl reference show base --format json | jq -cS '.components')" = "$before" ] ||
	wrong "the same measurements were added once more"

case_of "an update that nobody announced is refused"
boots two new.cfg.log
expect 1 code=unexpected-event -- troth-attester two once

expect 1 code=unexpected-event -- troth-attester three once
ctl explain --device three --format json >three.json
[ "$(jq -c '[.cause.name, .deviations[0].elsewhere.text, (.deviations | map(.before) | unique)]' three.json)" = \
	'["update","old.cfg",[null]]' ] || wrong "a device that never passed: $(jq -c '.cause, .deviations[0]' three.json)"

case_of "announced, it is told apart from what is known, and put beside it"
build update.json v2 new.cfg vmlinuz-new
code=0
ctl reference diff base update.json --format json >diff.json || code=$?
[ "$code" = 1 ] || wrong "diff: exit $code"
[ "$(jq -c '[.changes[] | select(.change == "+") | .component] | sort' diff.json)" = \
	'["grub-commands","grub-files","image-1","image-2","image-3","image-4"]' ] || wrong "diff: $(<diff.json)"
ctl reference put --merge update.json >/dev/null
[ "$(ctl reference show base --format json | jq -c '[.components[] | select(.alternatives | length > 1) | .name] | sort')" = \
	'["grub-commands","grub-files","image-3","image-4"]' ] || wrong "shim and boot loader have not changed"

case_of "the device that updated is affirmed, and so is the one that did not"
expect 0 '' -- troth-attester two once
expect 0 '' -- troth-attester one once
[ "$(field two .health)" = healthy ] || wrong "two is $(field two .health)"

case_of "nothing else came in with it"
boots two shell.cfg.log
expect 1 code=unexpected-event -- troth-attester two once
boots two new.cfg.log
expect 0 '' -- troth-attester two once

case_of "when the roll-out is over only the new is accepted"
ctl reference promote base v2 >/dev/null
expect 0 '' -- troth-attester two once
expect 1 code=unexpected-event -- troth-attester one once
boots one new.cfg.log
expect 0 '' -- troth-attester one once

case_of "an alternative that lacks a bank, or that nobody has, is refused"
# refused WORDS COMMAND...: exit code 1, and why
refused() {
	local code=0
	ctl reference "${@:2}" >"$work/out" 2>&1 || code=$?
	[ "$code" = 1 ] || wrong "$*: exit $code"
	grep -q -- "$1" "$work/out" || wrong "nobody says '$1': $(<"$work/out")"
}
build sha1.json v3 old.cfg vmlinuz --bank sha1
refused 'has digests of sha256' put --merge sha1.json
refused 'no component has an alternative v9' promote base v9

case_of "of operators who change a set at once nobody's change is lost"
id=$(ctl reference list --format json | jq -r '.references[] | select(.name == "base").id')
# over ID: a set of that name, put over this one only; prints the status.
over() {
	jq '.components[0].alternatives[0].name = "elsewhere"' update.json | curl -s -o "$work/out" -w '%{http_code}' \
		--unix-socket "$work/admin.sock" -H 'Content-Type: application/json' --data-binary @- \
		"http://localhost/v1/admin/references?over=$1"
}
[ "$(over "${id//[0-9]/f}")" = 409 ] || wrong "put over a set that is not in force: $(<"$work/out")"
[ "$(over xyz)" = 400 ] || wrong "an id that is none"
cmp -s <(ctl reference list --format json | jq -r '.references[] | select(.name == "base").id') - <<<"$id" ||
	wrong "something was put"
together=()
: >taken
for i in 1 2 3 4 5 6; do
	printf 'linux /vmlinuz root=/dev/sda%s ro\ninitrd /initrd\nboot\n' "$i" >"by-$i.cfg"
	build "by-$i.json" "by-$i" "by-$i.cfg" vmlinuz-new
done
for i in 1 2 3 4 5 6; do
	ctl reference put --merge "by-$i.json" >"by-$i.out" 2>&1 &
	together+=($!)
done
taken=0
for i in 1 2 3 4 5 6; do
	code=0
	wait "${together[i - 1]}" || code=$?
	[ "$code" != 0 ] || { taken=$((taken + 1)) && echo "by-$i"; } >>taken
	[ "$code" = 0 ] || grep -q 'changed in the meantime' "by-$i.out" || wrong "exit $code: $(<"by-$i.out")"
done
[ "$taken" -ge 1 ] || wrong "nobody's change was taken"
cmp -s <(sort taken) <(ctl reference show base --format json |
	jq -r '.components[] | select(.name == "grub-files").alternatives[].name | select(startswith("by-"))' | sort) ||
	wrong "taken: $(tr '\n' ' ' <taken), in force: $(ctl reference show base)"

case_of "what is written as .pcrlock is what is read back"
ctl reference export base --format pcrlock --out "$work/lock"
"$bin/trothctl" reference import --format pcrlock --name base --out back.json "$work/lock"
ctl reference diff base back.json >"$work/out" 2>&1 || wrong "written as .pcrlock and read back: $(<"$work/out")"
finish
