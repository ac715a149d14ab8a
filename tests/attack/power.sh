#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What may happen to a TPM between two quotes: reboot, TPM2_Clear, hibernation; and whose TPM
# answers, under which of its endorsement keys.
#   power.sh BIN TOP
# shellcheck source-path=SCRIPTDIR disable=SC2034,SC2154
set -euo pipefail
bin=$1 top=$2
# shellcheck source=../lib/stage.sh
. "$top/tests/lib/stage.sh"
command -v tpm2_clear >/dev/null || { echo "no tpm2-tools here" && exit 77; }

boot_device victim
boot_device mallory
on_inventory victim mallory
start_verifier
policy ek-certificate-and-inventory
expect 1 reference-missing -- troth-attester victim once
ctl reference learn --device victim --name base >/dev/null
expect 0 '' -- troth-attester victim once
expect 0 '' -- troth-attester mallory once

case_of() { echo "- $1"; }
tpm2() { TPM2TOOLS_TCTI=swtpm:path=$work/$1/sock "${@:2}"; }

case_of "a quote from before a reboot, sent after it"
TROTH_ATTACK=held-back TROTH_ATTACK_WITH=$work/held \
	run_program troth-hostile victim once && wrong "held back, and yet a credential"
boot_device victim
expect 0 '' -- troth-attester victim once
before=$(store)
TROTH_ATTACK=held-and-sent TROTH_ATTACK_WITH=$work/held \
	run_program troth-hostile victim once && wrong "a quote from before the reboot was believed"
grep -q 'answered with 409 stale-challenge' "$work/out" || { wrong "the old quote" && cat "$work/out"; }
[ "$(store)" = "$before" ] || wrong "the old quote was stored"

case_of "a TPM reset without a reboot: the log no longer explains its PCRs"
reset_count() { tpm2 victim tpm2_readclock | sed -n 's/^ *reset_count: //p'; }
resets=$(reset_count)
tpm2 victim tpm2_shutdown # TPM2_SU_STATE, as for hibernation
kill "$(<"$work/victim/swtpm.pid")" && wait_until 5 gone "$work/victim/swtpm.pid" swtpm
"$top/swtpm-setup/device" --dir "$work/victim" --ca-dir "$work/tpm-ca" start >/dev/null # TPM2_SU_CLEAR
[ "$(reset_count)" = "$resets" ] || wrong "this was a reset that counts"
expect 1 code=replay-mismatch -- troth-attester victim once
[ "$(field victim .health)" = untrusted ] || wrong "hibernated: $(field victim .health)"
boot_device victim
expect 0 '' -- troth-attester victim once

case_of "TPM2_Clear: the device activates again by itself, and that is audited"
before=$(leaves)
tpm2 victim tpm2_clear
expect 0 'event=enrolled' -- troth-attester victim once
[ "$(leaves_from "$before" | head -1)" = "enrol victim active" ] ||
	wrong "no enrolment in the audit log: $(leaves_from "$before")"
[ "$(leaves_from "$before" | tail -1)" = "verdict victim affirming" ] || wrong "no verdict after it"
! leaves_from "$before" | grep -q contraindicated || wrong "a cleared TPM was held against it"

case_of "another machine's TPM answers for the victim"
before=$(field victim .version)
cp -r "$work/victim/state" "$work/mallory/stolen"
code=0
"$bin/troth-attester" once --tcti "swtpm:path=$work/mallory/sock" --state-dir "$work/mallory/stolen" \
	--run-dir "$work/mallory/run2" --log "$work/mallory/eventlog" \
	--verifier "https://localhost:$port" --ca "$work/state/tls/ca.crt" >"$work/out" 2>&1 || code=$?
[ "$(field victim .version)" = "$before" ] || wrong "the victim's row has changed"
if [ "$code" -eq 0 ]; then
	openssl x509 -in "$work/mallory/run2/cert.pem" -noout -subject | grep -q 'CN *= *mallory' ||
		wrong "a certificate in the victim's name"
fi

case_of "a device in quarantine comes back under its other endorsement key"
ctl device quarantine victim >/dev/null
expect 1 quarantined -- troth-attester victim once
rm -r "$work/victim/state"
# Its AK is the same whichever EK it names, and belongs to the device it was.
expect 1 ak-taken -- troth-attester victim once --ek p384
# With another AK it is a stranger, who waits.
expect 3 ek-not-in-inventory -- troth-attester victim once --ek p384 --ak rsa
expect 3 '' -- troth-attester victim once --ek p384 --ak rsa
other=$(device_id victim --ek p384)
[ "$(field "$other" .state)" = pending ] || wrong "its other self is $(field "$other" .state)"
[ "$(field victim .state)" = quarantined ] || wrong "it is $(field victim .state)"

case_of "the same where a certificate alone lets in"
boot_device twin
policy ek-certificate
expect 0 '' -- troth-attester twin once
ctl device quarantine "$(device_id twin)" >/dev/null
rm -r "$work/twin/state"
before=$(store)
expect 1 ek-template -- troth-attester twin once --ek p384 --ak rsa
[ "$(store)" = "$before" ] || wrong "its other self was stored"
finish
