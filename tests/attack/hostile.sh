#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The genuine attester on an emulated TPM, whose bytes are changed on their way out: every attack
# is answered with its own finding, and the store says afterwards what it said before.
#   hostile.sh BIN TOP
# shellcheck source-path=SCRIPTDIR disable=SC2034,SC2154
set -euo pipefail
bin=$1 top=$2
# shellcheck source=../lib/stage.sh
. "$top/tests/lib/stage.sh"

boot_device victim
boot_device mallory
on_inventory victim mallory
victim_id=$(device_id victim)
start_verifier
policy ek-certificate-and-inventory
expect 1 reference-missing -- troth-attester victim once
ctl reference learn --device victim --name base >/dev/null
expect 0 '' -- troth-attester victim once
expect 0 '' -- troth-attester mallory once

# attack NAME ANSWER [DEVICE]: how the verifier answers; nothing is stored, no certificate is given
attack() {
	local name=$1 answer=$2 device=${3:-victim} before cert code=0
	cert=$(sha256sum "$work/$device/run/cert.pem")
	before=$(store)
	TROTH_ATTACK=$name run_program troth-hostile "$device" once || code=$?
	grep -q "attack was answered with $answer\$" "$work/out" ||
		{ wrong "$name: wanted '$answer'" && grep -h 'answered\|event=' "$work/out"; }
	[ "$code" -ne 0 ] || wrong "$name: a credential was written"
	[ "$(store)" = "$before" ] || wrong "$name: the store has changed"
	[ "$(sha256sum "$work/$device/run/cert.pem")" = "$cert" ] || wrong "$name: another certificate"
	echo "$name: $answer"
}

# The attester itself, led through the attacker's hands, is believed.
TROTH_ATTACK=none expect 0 'answered with 200' -- troth-hostile victim once

attack forged-signature '400 refused signature'
attack other-pcr-values '400 refused pcr-digest'
attack swapped-credential-key '400 refused qualifying-data'
attack no-credential-key '400 refused qualifying-data'
attack changed-facts '400 refused qualifying-data'
attack no-facts '400 refused qualifying-data'
attack no-pcrs '400 refused pcr-values'
attack relabelled-bank '400 refused pcr-values'
attack shifted-pcrs '400 refused pcr-values'
attack cut-quote '400 refused attest-malformed'
attack changed-token '400 refused qualifying-data'
attack certification-as-quote '400 refused not-a-quote'
attack quote-as-certification '400 refused key-certification'
attack forged-certification '400 refused key-certification'
TROTH_ATTACK_WITH=$victim_id attack another-devices-challenge '400 refused signature' mallory

# after_one NAME ANSWER: the same, for attacks that let one truthful exchange go first
after_one() {
	local name=$1 answer=$2 before code=0
	before=$(leaves)
	TROTH_ATTACK=$name run_program troth-hostile victim once || code=$?
	grep -q 'first attestation was answered with 200' "$work/out" || wrong "$name: no truth first"
	grep -q "attack was answered with $answer\$" "$work/out" ||
		{ wrong "$name: wanted '$answer'" && grep -h 'answered\|event=' "$work/out"; }
	[ "$code" -ne 0 ] || wrong "$name: a credential was written"
	[ "$(leaves)" = $((before + 1)) ] || wrong "$name: more was stored than the truth"
	[ "$(field victim .verdict.tier)" = affirming ] || wrong "$name: the truth is forgotten"
	echo "$name: $answer"
}
after_one replayed-quote '400 refused qualifying-data'
after_one replayed-message '409 stale-challenge The'

# bad_evidence NAME FINDING: authentic and bad, so that it counts
bad_evidence() {
	local name=$1 finding=$2 before code=0 serial
	expect 0 '' -- troth-attester victim once
	serial=$(openssl x509 -in "$work/victim/run/cert.pem" -noout -serial | cut -d= -f2)
	before=$(leaves)
	TROTH_ATTACK=$name run_program troth-hostile victim once || code=$?
	[ "$code" = 1 ] || wrong "$name: exit $code"
	[ "$(field victim .verdict.finding)" = "$finding" ] ||
		wrong "$name: wanted $finding, got $(field victim .verdict.finding)"
	[ "$(field victim .health)" = untrusted ] || wrong "$name: still $(field victim .health)"
	[ "$(leaves)" = $((before + 1)) ] || wrong "$name: it has no leaf of its own"
	wait_until 5 on_crl "$serial" || wrong "$name: $serial is not on the CRL"
	echo "$name: $finding"
}
on_crl() { # SERIAL
	curl -s --cacert "$work/state/tls/ca.crt" -o "$work/crl.der" "https://localhost:$port/v1/crl" &&
		openssl crl -inform DER -in "$work/crl.der" -noout -text | grep -q "Serial Number: $1"
}
bad_evidence no-log log-missing
bad_evidence truncated-log log-malformed

# attacks.md row 1: what the attacker's attester listens to, the real one does not; and no variable
# makes it trust another CA, or go another way.
TROTH_ATTACK=forged-signature expect 0 '' -- troth-attester victim once
https_proxy=http://127.0.0.1:1 ALL_PROXY=http://127.0.0.1:1 expect 0 '' -- troth-attester victim once
cp "$work/state/tls/ca.crt" "$work/right.crt"
for variable in SSL_CERT_FILE CURL_CA_BUNDLE TROTH_CA; do
	env_code=0
	env "$variable=$work/right.crt" SSL_CERT_DIR="$work" "$bin/troth-attester" once \
		--tcti "swtpm:path=$work/victim/sock" --state-dir "$work/victim/state" \
		--run-dir "$work/victim/run" --log "$work/victim/eventlog" \
		--verifier "https://localhost:$port" --ca "$work/tpm-ca/root.pem" \
		>"$work/out" 2>&1 || env_code=$?
	if [ "$env_code" != 2 ] || ! grep -q 'not signed by the CA' "$work/out"; then
		wrong "$variable makes the attester trust another CA" && cat "$work/out"
	fi
done

# And the truth is still believed.
expect 0 '' -- troth-attester victim once
[ "$(field victim .health)" = healthy ] || wrong "the truth is not believed any more"
finish
