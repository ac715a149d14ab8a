#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The verifier's CA is replaced, and devices follow: one that was awake, and one that slept
# through it. What is not signed by the update key, or older, moves none.
#   rotation.sh BIN TOP
# shellcheck source-path=SCRIPTDIR disable=SC2034,SC2154
set -euo pipefail
bin=$1 top=$2
# shellcheck source=../lib/stage.sh
. "$top/tests/lib/stage.sh"

case_of() { echo "- $1"; }

# make_ca NAME: an authority and a TLS certificate of it
make_ca() {
	local d=$work/$1
	mkdir "$d"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -keyout "$d/ca.key" \
		-out "$d/ca.crt" -subj "/CN=$1" -addext basicConstraints=critical,CA:TRUE 2>/dev/null
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$d/tls.key" -out "$d/tls.csr" \
		-subj /CN=verifier 2>/dev/null
	openssl x509 -req -in "$d/tls.csr" -CA "$d/ca.crt" -CAkey "$d/ca.key" -days 30 -out "$d/tls.crt" \
		-extfile <(echo subjectAltName=DNS:localhost) 2>/dev/null
}

key() { # NAME
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$work/$1.key" 2>/dev/null
	openssl pkey -in "$work/$1.key" -pubout -out "$work/$1.pub"
}

# serve_with CA UPDATE: the operator's certificate, and an update (or none), from a reload on
serve_with() {
	cat >"$work/more.yaml" <<END
tls:
  certificate: $work/$1/tls.crt
  key: $work/$1/tls.key
${2:+bundle_update: $work/$2}
END
	cat "$work/base.yaml" "$work/more.yaml" >"$work/verifier.yaml"
	kill -HUP "$verifier_pid"
	wait_until 20 shows "$1" || { wrong "not served: $1" && tail -5 "$work/verifier.log"; }
}

shows() {
	curl -s --cacert "$work/$1/ca.crt" "https://localhost:$port/healthz" >/dev/null &&
		ctl policy list >/dev/null 2>&1
}

sequence() { "$bin/trothctl" bundle show --key "$work/update.pub" "$work/$1/state/anchors.jws" 2>/dev/null | jq .sequence; }

attest() { # CODE WORDS DEVICE
	expect "$1" "$2" -- troth-attester "$3" once --config "$work/attester.yaml"
}

make_ca first && make_ca second && make_ca third
key update && key other
domain=attack.example
sign() {
	"$bin/trothctl" bundle sign --key "$work/$1.key" --trust-domain "$domain" --sequence "$2" "${@:4}" >"$work/$3"
}
sign update 1 one.jws "$work/first/ca.crt" "$work/second/ca.crt"
sign update 2 two.jws "$work/second/ca.crt" "$work/third/ca.crt" # the first is gone
domain=other.example sign update 8 foreign.jws "$work/third/ca.crt" "$work/second/ca.crt" # the same key
sign other 9 forged.jws "$work/third/ca.crt" "$work/second/ca.crt"
"$bin/trothctl" bundle show --key "$work/update.pub" "$work/forged.jws" >"$work/out" 2>&1 &&
	wrong "a forged update is shown as good"

boot_device awake
boot_device sleeper
boot_device unpinned
on_inventory awake sleeper unpinned
printf 'update_key: %s\ntrust_domain: %s\n' "$work/update.pub" "$domain" >"$work/attester.yaml"
start_verifier
cp "$work/verifier.yaml" "$work/base.yaml"
cp "$work/first/ca.crt" "$work/anchor.crt"
options_of() { # as in stage.sh, but for the anchor
	options=(--tcti "swtpm:path=$work/$1/sock" --state-dir "$work/$1/state" --run-dir "$work/$1/run"
		--log "$work/$1/eventlog" --verifier "https://localhost:${port:-1}" --ca "$work/anchor.crt")
}
policy ek-certificate-and-inventory

case_of "the operator's own certificate is put in force by a reload"
serve_with first ''
attest 1 reference-missing awake
ctl reference learn --device awake --name base >/dev/null
for name in awake sleeper; do attest 0 '' "$name"; done
expect 0 '' -- troth-attester unpinned once
[ ! -e "$work/awake/state/anchors.jws" ] || wrong "anchors out of nothing"

case_of "an update comes with a result, to those who have not got it"
serve_with first one.jws
attest 0 'event=anchors sequence=1' awake
[ "$(sequence awake)" = 1 ] || wrong "awake has sequence $(sequence awake)"
attest 0 '' awake
! grep -q event=anchors "$work/out" || wrong "sent again to a device that has it"
expect 0 'update=refused status=not-found' -- troth-attester unpinned once
[ ! -e "$work/unpinned/state/anchors.jws" ] || wrong "taken without a pinned key"

case_of "the CA is replaced: who held its anchor goes on"
serve_with second one.jws
attest 0 '' awake

case_of "who slept through it fetches the update, and goes on"
attest 0 'event=anchors sequence=1 before=0' sleeper
expect 2 'not signed by the CA' -- troth-attester unpinned once

case_of "an update that the update key did not sign moves nobody"
serve_with second forged.jws
attest 0 'update=refused status=mismatch' awake
[ "$(sequence awake)" = 1 ] || wrong "forged: sequence $(sequence awake)"

case_of "the third CA, and the one before: an older update is not taken back"
serve_with third two.jws
attest 0 'event=anchors sequence=2 before=1' sleeper
serve_with second one.jws
attest 0 '' sleeper
[ "$(sequence sleeper)" = 2 ] || wrong "rolled back to sequence $(sequence sleeper)"
serve_with first one.jws
attest 2 'not signed by the CA' sleeper

case_of "an update for another trust domain moves nobody, whoever signed it"
cat "$work/base.yaml" - >"$work/verifier.yaml" <<<"bundle_update: $work/foreign.jws"
"$bin/troth-verifier" check-config --config "$work/verifier.yaml" >"$work/out" 2>&1 &&
	wrong "the verifier would pass on an update of another domain"
grep -q 'event=bundle-update .*status=mismatch' "$work/out" || wrong "why not: $(<"$work/out")"
cp "$work/sleeper/state/anchors.jws" "$work/kept.jws"
cp "$work/foreign.jws" "$work/sleeper/state/anchors.jws"
attest 2 'event=anchors .*status=mismatch' sleeper
sed -i "s/^trust_domain:.*/trust_domain: other.example/" "$work/attester.yaml"
cp "$work/kept.jws" "$work/awake/state/anchors.jws"
attest 2 'event=anchors .*status=mismatch' awake
rm "$work/awake/state/anchors.jws" # the first CA's certificate is served, and the ca file names it
attest 2 'another trust domain than trust_domain, which is other.example' awake
grep -v trust_domain "$work/attester.yaml" >"$work/unnamed.yaml"
expect 2 'update_key needs trust_domain' -- troth-attester awake once --config "$work/unnamed.yaml"
sed -i "s/^trust_domain:.*/trust_domain: $domain/" "$work/attester.yaml"

case_of "a kept update that was changed, cut off or cannot be read stops the device: no way back"
serve_with first one.jws
refused() { # STATUS, of what is kept
	attest 2 "event=anchors .*status=$1" sleeper
	grep -q 'anchors.jws in state_dir' "$work/out" || wrong "what to do is not said: $(<"$work/out")"
}
kept=$work/sleeper/state/anchors.jws
cp "$work/kept.jws" "$kept" && sed -i 's/\(.\{20\}\)./\1A/' "$kept" && refused '[a-z]*'
cp "$work/kept.jws" "$kept" && truncate -s -1 "$kept" && refused '[a-z]*'
: >"$kept" && refused '[a-z]*'
head -c 100000 /dev/zero >"$kept" && refused limit
rm "$kept" && mkdir "$kept" && refused '[a-z]*' && rmdir "$kept"
mv "$work/update.pub" "$work/hidden.pub" && cp "$work/kept.jws" "$kept" && refused config
mv "$work/hidden.pub" "$work/update.pub"

case_of "an operator who takes it away begins again"
rm "$kept"
attest 0 'event=anchors sequence=1 before=0' sleeper
finish
