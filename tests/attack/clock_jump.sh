#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The verifier's clock is set while it runs, forward and back: nothing is issued, the health
# endpoint and the log say so, revocation goes on, and an operator's word, or the right time,
# ends it. A restart of the children does not.
#   clock_jump.sh BIN TOP
# shellcheck source-path=SCRIPTDIR disable=SC2034,SC2154
set -euo pipefail
bin=$1 top=$2
[ -e "$bin/settable_clock.so" ] || { echo "no clock to set in this build" && exit 77; }
# shellcheck source=../lib/stage.sh
. "$top/tests/lib/stage.sh"

case_of() { echo "- $1"; }

# ahead SECONDS: verifier and devices, which have the same time, are so far from the right one
ahead() { python3 -c 'import struct, sys; open(sys.argv[1], "r+b").write(struct.pack("<q", int(sys.argv[2])))' "$work/clock" "$1"; }
health() { curl -s --cacert "$work/state/tls/ca.crt" "https://localhost:$port/healthz" | jq -rc '[.status, .by_s // 0]'; }
healthy_is() { [ "$(health)" = "$1" ]; }
said() { grep -c "$1" "$work/verifier.log" || true; }
# crl: its number, freshly made: by quarantine and release of a device
crl() {
	ctl device quarantine bystander >/dev/null && ctl device release bystander >/dev/null
	curl -s --cacert "$work/state/tls/ca.crt" "https://localhost:$port/v1/crl" | openssl crl -inform DER -noout -crlnumber
}

boot_device sensor
boot_device bystander
on_inventory sensor bystander
head -c 8 /dev/zero >"$work/clock"
export LD_PRELOAD=$bin/settable_clock.so SETTABLE_CLOCK=$work/clock
ahead -7500 # its own certificate is to be good when the clock goes back
start_verifier

case_of "a machine that gets the right time after the start wants an operator's word for it"
ahead 0
[ "$(health)" = '["clock-jumped",7500]' ] || wrong "not noticed: $(health)"
kill -USR1 "$verifier_pid"
wait_until 10 healthy_is '["ok",0]' || wrong "not accepted: $(health)"
accepted() { [ "$(said 'event=clock-accepted by_s=7500')" = 1 ]; }
wait_until 10 accepted || wrong "the log does not say what was accepted"
policy ek-certificate-and-inventory
expect 1 reference-missing -- troth-attester sensor once
ctl reference learn --device sensor --name base >/dev/null
expect 0 issued -- troth-attester sensor once
expect 0 issued -- troth-attester bystander once
healthy_is '["ok",0]' || wrong "not healthy: $(health)"

case_of "what a network's time does to a clock is nothing"
ahead 50
healthy_is '["ok",0]' || wrong "50 s: $(health)"
expect 0 issued -- troth-attester sensor once

for jump in 7200 -7200; do
	case_of "the clock is set by $jump s: nothing is issued, and everybody is told"
	ahead "$jump"
	expect 2 'clock (HTTP 503): The verifier.s clock has jumped' -- troth-attester sensor once
	[[ $(health) == '["clock-jumped",'* ]] || wrong "$jump: $(health)"
	before=$(crl)
	[ "$(crl)" != "$before" ] || wrong "$jump: no CRL is made any more"
	case_of "the right time ends it"
	ahead 0
	expect 0 issued -- troth-attester sensor once
	healthy_is '["ok",0]' || wrong "still not healthy: $(health)"
done

case_of "children that are started anew do not make it right"
ahead -7200
kill -HUP "$verifier_pid"
wait_until 30 serving || wrong "it does not serve after a reload"
wait_until 30 healthy_is '["clock-jumped",-7200]' || wrong "forgotten by a reload: $(health)"
expect 2 'clock (HTTP 503)' -- troth-attester sensor once
alarmed() { [ "$(said 'event=clock-jumped by_s=-7200 issuance=stopped')" -ge 1 ]; }
wait_until 10 alarmed || wrong "no alarm on the log"
finish
