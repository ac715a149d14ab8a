#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a device runs, by its IMA list: the genuine attester on an emulated TPM whose PCR 10 is
# extended as a kernel does. Good lists pass and renewals cost what is new; what is unknown is
# named; rewound, skipped, changed and hidden entries are each refused by their own finding.
#   ima.sh BIN TOP
# shellcheck source-path=SCRIPTDIR disable=SC2034,SC2154
set -euo pipefail
bin=$1 top=$2
for tool in python3 sqlite3; do
	command -v "$tool" >/dev/null || { echo "no $tool here" && exit 77; }
done
# shellcheck source=../lib/stage.sh
. "$top/tests/lib/stage.sh"

list=$top/tests/fixtures/bootvm/shim-sb-on/ima_binary
good=$(printf good | sha256sum | cut -d' ' -f1)
evil=$(printf evil | sha256sum | cut -d' ' -f1)

# measure PATH DIGEST [SIGNATURE]: the running kernel measures one more
measure() { "$top/swtpm-setup/measure" --bin "$bin" --dir "$work/victim" "$@"; }

# once CODE WORDS [PROGRAM]: one attestation of the victim
once() {
	expect "$1" "$2" -- "${3:-troth-attester}" victim once --ima "$work/victim/ima"
}

reboot() { boot_device victim --ima "$list"; }

# What the last verdict found, and where.
found() {
	ctl verdict show victim --format json | jq -r --arg code "$1" \
		'[.verdict.findings[] | select(.code == $code)][0].detail // "none"'
}
sees() { # CODE PATTERN
	[[ $(found "$1") == *$2* ]] || wrong "wanted $1 with '$2', got '$(found "$1")'"
}

# ---- an allow-list of what the capture ran ----

mkdir "$work/lists"
"$bin/trothctl" ima show --format json "$list" | jq -r \
	'.entries[] | select(.path | startswith("/")) | "\(.digest | ltrimstr("sha256:"))  \(.path)"' >"$work/sums"
echo "$good  /usr/bin/good" >>"$work/sums"
[ "$(wc -l <"$work/sums")" -gt 20 ] || wrong "the capture ran next to nothing"
"$bin/trothctl" reference ima import "$work/sums" --source capture --output "$work/lists/base.digests" >/dev/null

ima_policy() { # LINES of the section
	cat >"$work/policy.yaml" <<END
name: default
segment: line-1
pcrs:
  sha256: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 14]
secure_boot: required
reference: base
enrolment: ek-certificate-and-inventory
approve: automatic
ima:
$1
END
	ctl policy apply "$work/policy.yaml"
}

reboot
on_inventory victim
more_settings=$'ima:\n  lists: '"$work/lists"
start_verifier
ima_policy '  allow: [ { list: base } ]' >/dev/null
once 1 reference-missing
ctl reference learn --device victim --name base >/dev/null

# ---- what is good passes, and a renewal costs what is new ----

record_bytes() { sqlite3 "$work/state/troth.db" "SELECT length(record) FROM evidence WHERE affirming = $1"; }

first=$(record_bytes 0) # before there were reference values
once 0 ''
[ "$first" -gt 8490 ] || wrong "the first record has no list: $first bytes"
[ "$(ctl verdict show victim --format json | jq .verdict.coverage.ima_checked)" = true ] ||
	wrong "coverage does not say that IMA was checked"
measure /usr/bin/good "$good"
once 0 ''
[ $((first - $(record_bytes 1))) -gt 8000 ] || wrong "a renewal sent all of the list again"
echo "first record $first bytes, of a renewal $(record_bytes 1)"

# the stored verdict again, with the allow-lists of the time and without
ctl verdict export victim --output "$work/victim.case" >/dev/null
"$bin/trothctl" replay "$work/victim.case" --ima-lists "$work/lists" >"$work/out" 2>&1 ||
	{ wrong "the verdict is not the stored one" && cat "$work/out"; }
grep -q 'whole' "$work/out" || wrong "the lists were not whole: $(<"$work/out")"
"$bin/trothctl" replay "$work/victim.case" >"$work/out" 2>&1 ||
	{ wrong "the verdict is not the stored one by what the case has of the lists" && cat "$work/out"; }
grep -q 'of the case' "$work/out" || wrong "the lists are not said to be the case's word: $(<"$work/out")"
ctl explain --device victim >"$work/out" 2>&1 || { wrong "explain wants more than a device" && cat "$work/out"; }
# other lists than those of the record: the verifier has nothing to hand over, and says so
cp "$work/lists/base.digests" "$work/base.digests"
echo "$good  /usr/bin/other" >"$work/other"
"$bin/trothctl" reference ima import "$work/other" --output "$work/lists/base.digests" >/dev/null
kill -HUP "$verifier_pid"
others() { ! ctl explain --device victim >"$work/out" 2>&1; }
wait_until 20 others || wrong "explain with other lists"
grep -q -- '--ima-lists' "$work/out" || wrong "nobody asks for the allow-lists: $(<"$work/out")"
mv "$work/base.digests" "$work/lists/base.digests"
kill -HUP "$verifier_pid"
theirs() { ctl explain --device victim >"$work/out" 2>&1; }
wait_until 20 theirs || wrong "explain with the lists of the record"

# ---- row 26: rewound, skipped, and from before a reboot ----

# ima_attack NAME FINDING: authentic and bad, so that it counts; the truth heals it, for nothing
# of it was proven of the boot.
ima_attack() {
	measure /usr/bin/good "$good"
	measure /usr/bin/good "$good"
	TROTH_ATTACK=$1 once 1 "$2" troth-hostile
	sees "$2" ''
	[ "$(field victim .verdict.finding)" = "$2" ] || wrong "$1: got $(field victim .verdict.finding)"
	[ "$(field victim .health)" = untrusted ] || wrong "$1: still $(field victim .health)"
	once 0 ''
	echo "$1: $2"
}
ima_attack rewound-ima ima-rewound
ima_attack openly-skipped-ima ima-skipped
ima_attack skipped-ima ima-replay-mismatch
ima_attack hidden-ima ima-replay-mismatch
ima_attack changed-ima ima-replay-mismatch
ima_attack no-ima ima-log-missing

# a reboot in mid-stream: the offset is of the boot before, and the device sends all of its list
reboot
once 0 ''
reboot
measure /usr/bin/good "$good"
cp "$work/victim/ima" "$work/long"
once 0 ''
reboot
cp "$work/long" "$work/victim/ima" # the list of the boot before, longer than this boot's PCR
once 0 ''                            # its prefix is this boot's; the rest is unproven
cp "$list" "$work/victim/ima"

# ---- what is unknown is named, and stays until the next boot ----

measure /opt/evil "$evil"
once 1 ima-unknown-file
sees ima-unknown-file /opt/evil
measure /usr/bin/good "$good"
once 1 ima-unknown-file
sees ima-unknown-file /opt/evil
reboot
once 0 ''

# a policy that knows it judges the whole list anew
measure /opt/evil "$evil"
once 1 ima-unknown-file
ima_policy $'  allow: [ { list: base } ]\n  ignore: [ /opt/* ]' >/dev/null
once 0 ''

# ---- a file that ima-evm-utils signed, and one that was changed afterwards ----

if command -v evmctl >/dev/null; then
	reboot
	printf evil >"$work/tool"
	openssl genrsa -out "$work/sign.pem" 2048 2>/dev/null
	evmctl ima_sign --hashalgo sha256 --sigfile --key "$work/sign.pem" "$work/tool" >/dev/null 2>&1
	key=$(openssl rsa -in "$work/sign.pem" -pubout 2>/dev/null | sed 's/$/\\n/' | tr -d '\n')
	ima_policy $'  allow: [ { list: base } ]\n  keys: [ "'"$key"'" ]' >/dev/null
	measure /opt/signed "$evil" "$work/tool.sig"
	once 0 ''
	measure /opt/changed "$(printf worse | sha256sum | cut -d' ' -f1)" "$work/tool.sig"
	once 1 ima-signature
	sees ima-signature 'does not verify: /opt/changed'
	reboot
fi
ima_policy $'  allow: [ { list: base } ]\n  ignore: [ /opt/* ]' >/dev/null

# ---- row 24: violations ----

measure /var/log/wtmp violation
TROTH_ATTACK=hidden-violation once 1 ima-replay-mismatch troth-hostile
once 1 ima-violation
sees ima-violation /var/log/wtmp
ima_policy $'  allow: [ { list: base } ]\n  ignore: [ /opt/*, /var/log/* ]' >/dev/null
once 1 ima-violation # its path is the list's word alone
ima_policy $'  allow: [ { list: base } ]\n  ignore: [ /opt/* ]\n  violations: allow' >/dev/null
once 0 ''

# ---- row 25: patterns without an anchor, and nothing measured at all ----

for pattern in '"*.log"' '"**"' '"/**"' '"/var/**/log"' '"/var/../etc/*"'; do
	ima_policy $'  ignore:\n    - '"$pattern" >/dev/null 2>"$work/out" && wrong "a pattern $pattern is taken"
	grep -q 'no anchored pattern' "$work/out" || { wrong "nobody says why" && cat "$work/out"; }
done
boot_log=$top/tests/fixtures/bootvm/direct-tmpfs/binary_bios_measurements
list=$top/tests/fixtures/bootvm/direct-tmpfs/ima_binary
reboot
once 1 'unexpected-event\|missing-component\|secure-boot' # another boot altogether
sees ima-unmeasured 'nothing but boot_aggregate'
[ "$(field victim .verdict.tier)" != affirming ] || wrong "a device that measured nothing is affirmed"

finish
