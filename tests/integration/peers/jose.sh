#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A running verifier and a device of it, before `jose` of npm and node's X.509 (jose.cjs); and what jose
# makes, before libtroth (jose_made.cjs).
#   jose.sh BIN TOP
# shellcheck source-path=SCRIPTDIR disable=SC2154,SC2317
set -euo pipefail
bin=$1 top=$2
modules=$("$top/swtpm-setup/install-deps" npm 2>/dev/null | sed -n 's/^modules=//p') ||
	{ echo "skipped: no npm packages (swtpm-setup/install-deps npm)" && exit 77; }
# shellcheck source=../../lib/stage.sh
. "$top/tests/lib/stage.sh"

attester_pid=''
tidy() {
	[ "$BASHPID" = $$ ] || return 0
	[ -z "$attester_pid" ] || kill "$attester_pid" 2>/dev/null || true
	strike
}
trap tidy EXIT

published() { curl -sf --cacert "$work/state/tls/ca.crt" "https://localhost:$port/v1/$1"; }
healthy() { published status >"$work/run-of-it/status" && grep -q 'sensor-1 healthy' "$work/run-of-it/status"; }

boot_device sensor-1
on_inventory sensor-1
start_verifier
policy ek-certificate-and-inventory
expect 1 reference-missing -- troth-attester sensor-1 once
ctl reference learn --device sensor-1 --name base >/dev/null
options_of sensor-1
"$bin/troth-attester" run "${options[@]}" >"$work/sensor-1.log" 2>&1 &
attester_pid=$!
wait_until 60 test -S "$work/sensor-1/run/proof.sock" -a -s "$work/sensor-1/run/ear.jwt" ||
	{ wrong "no credentials" && cat "$work/sensor-1.log" && finish; }

d=$work/run-of-it
mkdir "$d"
cp "$work/sensor-1/run/"{ear.jwt,cert.pem} "$d"
published keys.json >"$d/keys.json"
published bundle.json >"$d/bundle.json"
wait_until 20 healthy || wrong "the feed does not say that the device is healthy"
url=https://historian.example.org/v1/points
for proof in proof proof-again; do
	"$bin/troth-attester" proof GET "$url" --nonce for-you-alone --format json "${options[@]}" >"$d/$proof.json"
done
NODE_PATH=$modules node "$(dirname -- "$0")/jose.cjs" "$d" attack.example line-1/sensor-1 "$url" for-you-alone ||
	wrong "jose does not agree"
published bundle >"$d/bundle.pem"
published crl >"$d/crl.der"
NODE_PATH=$modules node "$(dirname -- "$0")/jose_made.cjs" "$d" "$bin/call_check" attack.example line-1/sensor-1 "$url" ||
	wrong "what jose makes is judged otherwise"
finish
