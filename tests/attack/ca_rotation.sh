#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Issuing CA and result key are replaced while devices and relying parties go on: what was signed
# before is believed as long as it lives, revoked if it has to be, and what is signed after is
# believed at once.
#   ca_rotation.sh BIN TOP
# shellcheck source-path=SCRIPTDIR disable=SC2034,SC2154
set -euo pipefail
bin=$1 top=$2
# shellcheck source=../lib/stage.sh
. "$top/tests/lib/stage.sh"

case_of() { echo "- $1"; }
get() { curl -sf --cacert "$work/state/tls/ca.crt" "https://localhost:$port/v1/$1"; }
keys() { get keys.json | jq -r '.keys[].kid'; }
n_keys() { keys | wc -l; }
kid_of() { cut -d. -f1 "$work/$1/run/ear.jwt" | tr _- /+ | { base64 -d 2>/dev/null || true; } | jq -r .kid; }

# rotate WORDS [--now]
rotate() {
	"$bin/troth-verifier" rotate --config "$work/verifier.yaml" "${@:2}" >"$work/rotate" 2>&1 ||
		wrong "rotate: $(<"$work/rotate")"
	grep -q "$1" "$work/rotate" || wrong "rotate says $(<"$work/rotate"), not $1"
}

# reload N: the service serves again, with N result keys
# authorize CERT [CALL]: what a gateway is told of a device that has shown this one
authorize() {
	local der
	der=$(openssl x509 -in "$1" -outform DER | base64 -w0)
	curl -s -o /dev/null -D "$work/decision" --cacert "$work/state/tls/ca.crt" -H 'Troth-Caller: gateway' \
		-H 'X-Original-Method: GET' -H 'X-Original-URL: https://plc.example/x' -H "Client-Cert: :$der:" \
		"https://localhost:$port/v1/authorize"
	sed -n 's/^troth-decision: *\([a-z-]*\).*/\1/ip; s/^HTTP[^ ]* \([0-9]*\).*/\1/p' "$work/decision" | xargs
}
let_in() { # CERT
	case $(authorize "$1") in 200*) ;; *) return 1 ;; esac
}
kept_out() { # CERT DECISION
	[ "$(authorize "$1")" = "403 $2" ]
}

reload() {
	kill -HUP "$verifier_pid"
	has() { [ "$(n_keys 2>/dev/null)" = "$1" ] && ctl policy list >/dev/null 2>&1; }
	wait_until 20 has "$1" || wrong "not $1 keys after a reload but $(n_keys)"
}

aged() { touch -d '26 hours ago' "$work/state/keys/$1"; } # FILE

believed() { # CERT, as a relying party with the root alone does
	openssl verify -x509_strict -CAfile "$work/state/tls/ca.crt" -untrusted "$1" "$1" >/dev/null 2>&1 ||
		wrong "$1 is not believed"
}

serial() { openssl x509 -in "$1" -noout -serial | cut -d= -f2; }

on_crl() { # PATH CA SERIAL
	get "$1" >"$work/crl.der" && openssl crl -inform DER -in "$work/crl.der" -CAfile "$2" -noout 2>&1 |
		grep -q 'verify OK' && openssl crl -inform DER -in "$work/crl.der" -noout -text | grep -q "$3"
}

more_settings="callers:
  - name: gateway
    audience: plc
    token_sha256: $(printf gateway | sha256sum | cut -d' ' -f1)"
boot_device pump
on_inventory pump
start_verifier
policy ek-certificate-and-inventory
cat >>"$work/policy.yaml" <<'END'
certificate_lifetime: 1h
allow:
  - audience: plc
    methods: [GET]
END
ctl policy apply "$work/policy.yaml" >/dev/null
expect 1 reference-missing -- troth-attester pump once
ctl reference learn --device pump --name base >/dev/null
sleep 1.1 # a certificate of the second in which the device failed is none of health
expect 0 '' -- troth-attester pump once
cp "$work/pump/run/cert.pem" "$work/before.pem" && before_kid=$(kid_of pump)
wait_until 20 let_in "$work/before.pem" || wrong "before any of it not let in: $(authorize "$work/before.pem")"
[ "$(keys)" = "$before_kid" ] || wrong "the result is not signed by the published key"

case_of "prepared: the next key is published, and signs nothing"
rotate prepared
reload 2
expect 0 '' -- troth-attester pump once
[ "$(kid_of pump)" = "$before_kid" ] || wrong "signed by a key that is not in force"
wait_until 20 let_in "$work/pump/run/cert.pem" || wrong "not let in while the next CA is published: $(authorize "$work/pump/run/cert.pem")"
# By the next CA's key, which is there and signs nothing yet: whoever got at it early is not believed for it.
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/early.key" -out "$work/early.csr" -subj /OU=line-1/CN=pump 2>/dev/null
openssl x509 -req -in "$work/early.csr" -CA "$work/state/keys/ca-next.crt" -CAkey "$work/state/keys/ca-next.key" -out "$work/early.pem" \
	-days 1 -set_serial 0x7f -extfile <(printf '%s\n' basicConstraints=critical,CA:FALSE keyUsage=critical,digitalSignature extendedKeyUsage=serverAuth,clientAuth \
		subjectAltName=critical,URI:spiffe://attack.example/line-1/pump authorityKeyIdentifier=keyid:always) 2>/dev/null
let_in "$work/early.pem" && wrong "a certificate of the CA that is not in force yet is let in"
rotate 'nothing is due'
[ "$(curl -s -o /dev/null -w '%{http_code}' --cacert "$work/state/tls/ca.crt" "https://localhost:$port/v1/crl/former")" = 404 ] ||
	wrong "a CRL of no CA"

case_of "activated: the next key signs, and what the former signed is believed still"
aged ca-next.crt
cp "$work/state/keys/ca.crt" "$work/former-ca.crt"
rotate activated
reload 2
expect 0 '' -- troth-attester pump once
[ "$(kid_of pump)" != "$before_kid" ] || wrong "still signed by the former key"
keys | grep -qx -- "$(kid_of pump)" || wrong "signed by a key that is not published"
keys | grep -qx -- "$before_kid" || wrong "the former key is not published any more"
cmp -s "$work/state/keys/ca.crt" "$work/former-ca.crt" && wrong "the CA has not changed"
believed "$work/before.pem"
believed "$work/pump/run/cert.pem"
wait_until 20 let_in "$work/pump/run/cert.pem" || wrong "what the new CA signed is not let in: $(authorize "$work/pump/run/cert.pem")"
wait_until 20 let_in "$work/before.pem" || wrong "what the former CA signed is not let in: $(authorize "$work/before.pem")"

case_of "a certificate of the former CA is revoked on the former's CRL"
ctl device quarantine pump >/dev/null
wait_until 20 on_crl crl/former "$work/former-ca.crt" "$(serial "$work/before.pem")" ||
	wrong "not on the former CRL: $(serial "$work/before.pem")"
cat "$work/state/keys/ca.crt" >"$work/ca.crt"
wait_until 20 on_crl crl "$work/ca.crt" "$(serial "$work/pump/run/cert.pem")" ||
	wrong "not on the CRL: $(serial "$work/pump/run/cert.pem")"
for cert in "$work/before.pem" "$work/pump/run/cert.pem"; do
	wait_until 20 kept_out "$cert" certificate-revoked || wrong "$cert: $(authorize "$cert")"
done
ctl device release pump >/dev/null
wait_until 20 kept_out "$work/before.pem" certificate-revoked || wrong "released, the former's is good again: $(authorize "$work/before.pem")"

case_of "an activation that was interrupted is finished at the next start"
rotate 'nothing is due'
rotate retired --now
rotate prepared
cp "$work/state/keys/ca.crt" "$work/state/keys/ca-old.crt" # as if it had ended before the renames
cp "$work/state/keys/ca.key" "$work/state/keys/ca-old.key"
openssl pkey -in "$work/state/keys/ear.key" -pubout -out "$work/state/keys/ear-old.pub"
mv "$work/state/keys/ca-next.key" "$work/state/keys/ca.key"
kill "$verifier_pid" && wait "$verifier_pid" || true
rm -f "$work/port"
"$bin/troth-verifier" serve --config "$work/verifier.yaml" >>"$work/verifier.log" 2>&1 &
verifier_pid=$!
wait_until 20 serving || { wrong "does not serve after an interrupted rotation" && tail "$work/verifier.log"; }
port=$(<"$work/port")
expect 0 '' -- troth-attester pump once
believed "$work/pump/run/cert.pem"

case_of "who comes while another is at the keys waits"
flock "$work/state/keys" timeout 2 "$bin/troth-verifier" rotate --config "$work/verifier.yaml" >"$work/rotate" 2>&1 &&
	wrong "two at once: $(<"$work/rotate")"
[ ! -s "$work/rotate" ] || wrong "not waiting but $(<"$work/rotate")"

case_of "retired: the former keys are gone"
cp "$work/pump/run/cert.pem" "$work/last.pem"
aged ca-old.crt
rotate retired
reload 1
wait_until 20 let_in "$work/last.pem" || wrong "what the CA in force signed is not let in: $(authorize "$work/last.pem")"
let_in "$work/before.pem" && wrong "what a CA signed that is gone is let in"
[ -z "$(ls "$work/state/keys" | grep -E 'old|next' || true)" ] || wrong "left: $(ls "$work/state/keys")"

case_of "a retirement that was interrupted is finished at the next start"
rotate prepared
rotate activated --now
rm "$work/state/keys/ca-old.key" # the first that goes
kill "$verifier_pid" && wait "$verifier_pid" || true
rm -f "$work/port"
"$bin/troth-verifier" serve --config "$work/verifier.yaml" >>"$work/verifier.log" 2>&1 &
verifier_pid=$!
wait_until 20 serving || { wrong "does not serve after an interrupted retirement" && tail "$work/verifier.log"; }
port=$(<"$work/port")
expect 0 '' -- troth-attester pump once
[ -z "$(ls "$work/state/keys" | grep -E 'old|next' || true)" ] || wrong "left: $(ls "$work/state/keys")"

case_of "what root makes for a service of another user is that user's"
if [ "$(id -u)" = 0 ]; then
	outsider=$work/outsider.key && : >"$outsider"
	chown -R 65534:65534 "$work/state"
	ln "$outsider" "$work/state/keys/link.key"
	rotate prepared
	"$bin/troth-verifier" ca request --config "$work/verifier.yaml" >/dev/null
	left=$(find "$work/state/keys" ! -user 65534 ! -name link.key)
	[ -z "$left" ] || wrong "not the service's: $left"
	[ -f "$work/state/keys/ca-request.key" ] || wrong "no key was requested"
	[ "$(stat -c %u "$outsider")" = 0 ] || wrong "a file elsewhere was given away by its link"
else
	echo "  skipped: only root can"
fi
finish
