#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What systemd measures after the firmware, by its own log: the genuine attester on an emulated TPM
# whose PCRs 11 and 15 are extended as systemd does while a machine comes up. At every phase it is
# healthy; a log that is changed, cut, reordered, of another machine or of no machine is told apart.
#   systemd_log.sh BIN TOP
# shellcheck source-path=SCRIPTDIR disable=SC2034,SC2154
set -euo pipefail
bin=$1 top=$2
for tool in tpm2_pcrextend flock; do
	command -v "$tool" >/dev/null || { echo "no $tool here" && exit 77; }
done
# shellcheck source=../lib/stage.sh
. "$top/tests/lib/stage.sh"

# ---- a machine with systemd ----

# tell FILE PCR TYPE STRING SHA256 SHA384: a record as systemd 257 writes it
tell() {
	printf '\x1e{"pcr":%s,"digests":[{"hashAlg":"sha256","digest":"%s"},{"hashAlg":"sha384","digest":"%s"}],' \
		"$2" "$5" "$6" >>"$1"
	printf '"content_type":"systemd","content":{"string":"%s","bootId":"%s","timestamp":4711,"eventType":"%s"}}\n' \
		"$4" 0c7d52f49b1e4f0e8a6f2d5b7c9e1a34 "$3" >>"$1"
}

# measured DEVICE PCR TYPE STRING [SECRET]: extends and tells; with a secret the digest is keyed
measured() {
	local one two
	one=$(printf %s "$4${5-}" | sha256sum | cut -d' ' -f1)
	two=$(printf %s "$4${5-}" | sha384sum | cut -d' ' -f1)
	tpm2_pcrextend -T "swtpm:path=$work/$1/sock" "$2:sha256=$one,sha384=$two"
	tell "$work/$1/measured" "$2" "$3" "$4" "$one" "$two"
}

# forged FILE PCR TYPE STRING: tells what nobody extended
forged() {
	tell "$1" "$2" "$3" "$4" "$(printf %s "$4" | sha256sum | cut -d' ' -f1)" \
		"$(printf %s "$4" | sha384sum | cut -d' ' -f1)"
}

reboot() { # DEVICE: into its initrd
	boot_device "$1"
	: >"$work/$1/measured"
	measured "$1" 11 phase enter-initrd
}

come_up() { # DEVICE ID
	measured "$1" 15 volume-key "cryptsetup:root:$2" key
	measured "$1" 11 phase leave-initrd
	measured "$1" 15 machine-id "machine-id:$2"
	measured "$1" 15 filesystem 'file-system:/:::::'
	measured "$1" 11 phase sysinit
	measured "$1" 11 phase ready
}

once() { # CODE WORDS DEVICE [LOG]
	expect "$1" "$2" -- troth-attester "$3" once --systemd-log "${4-$work/$3/measured}"
}

systemd_policy() { # LINES more
	cat >"$work/policy.yaml" <<END
name: default
segment: line-1
pcrs:
  sha256: [0, 2, 4, 7, 11, 15]
secure_boot: required
reference: base
enrolment: ek-certificate-and-inventory
approve: automatic
$1
END
	ctl policy apply "$work/policy.yaml" >/dev/null
}

# found CODE: where and what, of the last verdict
found() {
	ctl verdict show victim --format json | jq -r --arg code "$1" \
		'[.verdict.findings[] | select(.code == $code)] | map("\(.pcr) \(.detail)") | join("; ")'
}
sees() { # CODE TEXT
	[[ $(found "$1") == *$2* ]] || wrong "wanted $1 with '$2', got '$(found "$1")'"
}

reboot victim
reboot other
on_inventory victim other
start_verifier
systemd_policy ''
come_up victim aa55
come_up other bb66
log=$work/victim/measured

once 1 reference-missing victim
ctl reference learn --device victim --name base >/dev/null
once 0 '' victim
echo "a machine whose PCRs 11 and 15 systemd extended is healthy"
[ "$(ctl reference show base --format json | jq '[.components[] | select(.optional) | .name] | length')" = 7 ] ||
	wrong "not every measurement of systemd's was learned: $(ctl reference show base)"

# the stored verdict again, with systemd's log in the case
ctl verdict export victim --output "$work/victim.case" >/dev/null
"$bin/trothctl" replay "$work/victim.case" >"$work/out" 2>&1 ||
	{ wrong "the verdict is not the stored one" && cat "$work/out"; }

# ---- while it comes up, and again after a reboot ----

reboot victim
once 0 '' victim
come_up victim aa55
once 0 '' victim
# A record behind what the quote proves is nobody's word: the log may be newer than the quote.
cp "$log" "$work/newer"
forged "$work/newer" 11 phase shutdown
once 0 '' victim "$work/newer"
# The last record may be there in part, where the writer does not keep the lock.
{ cat "$log" && printf '\x1e{"pcr":11,"dig'; } >"$work/part"
once 0 '' victim "$work/part"
# Whoever keeps the lock keeps no device from attesting.
(flock -x 9 && once 0 'locked by another' victim && [ "$failures" -eq 0 ]) 9<"$log" ||
	wrong "a lock that is kept keeps the device from attesting"

# ---- what is told and was not measured ----

# lies CODE FINDING TEXT: of a log in $work/lie; the truth heals it
lies() {
	once 1 "$1" victim "$work/lie"
	sees "$1" "$2"
	once 0 '' victim
	echo "$3: $1 $2"
}

sed 's/enter-initrd/enter-sesame/' "$log" >"$work/lie" # the digest is what was measured: no word is believed
once 0 '' victim "$work/lie"
first=$(printf %s enter-initrd | sha256sum | cut -d' ' -f1)
sed "s/$first/$(printf %s evil | sha256sum | cut -d' ' -f1)/" "$log" >"$work/lie"
lies replay-mismatch '11 ' 'a changed record'
sed 1d "$log" >"$work/lie"
lies replay-mismatch '11 ' 'a record left out'
tac "$log" >"$work/lie"
lies replay-mismatch '11 ' 'another order'
: >"$work/lie"
forged "$work/lie" 11 phase enter-initrd
forged "$work/lie" 11 phase evil
sed 1d "$log" >>"$work/lie"
lies replay-mismatch '11 ' 'a record too many'
{ sed -n 1,2p "$log" && forged "$work/undo" 11 phase '' && cat "$work/undo" && sed 1,2d "$log"; } >"$work/lie"
lies replay-mismatch '11 ' 'a record that would undo'
sed 's/"pcr":15/"pcr":12/' "$log" >"$work/lie"
lies log-pcr-missing '15 ' 'records of another PCR'
cp "$work/other/measured" "$work/lie"
lies replay-mismatch '15 ' "another machine's log"
sed 's/"pcr":11/"pcr":24/' "$log" >"$work/lie"
lies systemd-log-malformed 'at offset 0' 'a PCR that there is not'
{ printf '\x1e' && head -c 4000 /dev/zero | tr '\0' '[' && echo; } >"$work/lie"
lies systemd-log-malformed 'at offset 0' 'deep JSON'
: >"$work/lie"
lies log-pcr-missing 'systemd_log' 'no record at all'
rm "$work/lie"
lies log-pcr-missing 'systemd_log' 'no log'
while [ "$(stat -c %s "$log")" -gt "$(stat -c %s "$work/lie" 2>/dev/null || echo 0)" ] ||
	[ "$(stat -c %s "$work/lie")" -le 131072 ]; do cat "$log" >>"$work/lie"; done
lies log-pcr-missing 'systemd_log' 'a log past its limit'

# ---- what is measured and not expected ----

reboot victim
measured victim 11 phase evil
come_up victim aa55
once 1 unexpected-event victim
sees unexpected-event "11 systemd-phase 'evil'"
ctl explain --device victim >"$work/out" && grep -q "systemd-phase 'evil'" "$work/out" ||
	wrong "explain does not name the phase"
reboot victim
come_up victim aa55
once 0 '' victim

# ---- what is each machine's own ----

once 1 unexpected-event other
systemd_policy $'ignore:\n  - { pcr: 15, event: systemd-machine-id }\n  - { pcr: 15, event: systemd-volume-key }'
once 0 '' other
measured other 15 machine-id evil # called so, and none
once 1 unexpected-event other

finish
