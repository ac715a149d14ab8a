#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The verifier's TLS certificate changes while connections are open: an operator's by SIGHUP, the
# verifier's own before it ends. New connections get the new one; those that are there go on, idle
# or in the middle of a request. Whatever else changed with it is in force as well.
#   tls_reload.sh BIN TOP
# shellcheck source-path=SCRIPTDIR disable=SC2034,SC2154
set -euo pipefail
bin=$1 top=$2
# shellcheck source=../lib/stage.sh
. "$top/tests/lib/stage.sh"
command -v python3 >/dev/null || { echo "no python3 here" && exit 77; }

case_of() { echo "- $1"; }
pids() { grep -c event=ready "$work/verifier.log"; }

# own_certificate DAYS: the verifier's own is from its root, and ends in so many days
own_certificate() {
	openssl req -new -key "$work/state/tls/tls.key" -out "$work/tls.csr" -subj /CN=verifier
	openssl x509 -req -in "$work/tls.csr" -CA "$work/state/keys/root.crt" -CAkey "$work/state/keys/root.key" -days "$1" \
		-out "$work/state/tls/tls.crt" -set_serial 99 -extfile <(echo subjectAltName=DNS:localhost,IP:127.0.0.1) 2>/dev/null
}

# hold WORDS COMMAND...: two connections are held over the command
hold() {
	rm -f "$work/held" "$work/changed"
	python3 "$top/tests/attack/held.py" "$port" "$work/anchors.crt" "$work" >"$work/held.out" 2>&1 &
	local holder=$!
	held() { [ -e "$work/held" ] || ! kill -0 "$holder" 2>/dev/null; }
	wait_until 60 held || wrong "nothing is held: $(<"$work/held.out")"
	"${@:2}"
	: >"$work/changed"
	wait "$holder" || wrong "$1: $(tail -1 "$work/held.out")"
}

serial() {
	openssl s_client -connect "127.0.0.1:$port" -servername localhost </dev/null 2>/dev/null | openssl x509 -noout -serial
}
shows() { [ "$(serial)" != "$1" ]; }

boot_device pump
on_inventory pump
start_verifier
policy ek-certificate-and-inventory
cp "$work/state/tls/ca.crt" "$work/anchors.crt"
generations=$(pids)

case_of "a new certificate by SIGHUP: nobody's connection ends, no process either"
operator() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -keyout "$work/op.key" -out "$work/op.crt" \
		-subj /CN=operator -addext subjectAltName=DNS:localhost 2>/dev/null
	cat "$work/op.crt" >>"$work/anchors.crt"
	printf 'tls:\n  certificate: %s\n  key: %s\n' "$work/op.crt" "$work/op.key" >>"$work/verifier.yaml"
	kill -HUP "$verifier_pid"
}
hold "over a reload" operator
[ "$(pids)" = "$generations" ] || wrong "the children began anew: $(pids)"
grep -q 'event=tls certificate=renewed connections=kept' "$work/verifier.log" || wrong "nobody says it"

case_of "the same file replaced, as programs that renew certificates do"
replaced() {
	openssl req -x509 -key "$work/op.key" -days 60 -out "$work/op.new" -subj /CN=operator-2 -addext subjectAltName=DNS:localhost
	cat "$work/op.new" >>"$work/anchors.crt" && mv "$work/op.new" "$work/op.crt"
	kill -HUP "$verifier_pid"
}
hold "over a file replaced" replaced
[ "$(pids)" = "$generations" ] || wrong "the children began anew"

case_of "one that does not fit its key changes nothing"
now=$(serial)
cp "$work/op.key" "$work/op.good" && openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$work/op.key" 2>/dev/null
kill -HUP "$verifier_pid"
refused() { grep -q event=reload-refused "$work/verifier.log"; }
wait_until 60 refused || wrong "a key that does not fit is taken"
[ "$(serial)" = "$now" ] || wrong "another certificate is served"
mv "$work/op.good" "$work/op.key"
padded() { # BYTES: the certificate's file is so long; at most TROTH_TLS_FILE_MAX
	cp "$work/op.crt" "$work/op.kept"
	head -c "$(($1 - $(wc -c <"$work/op.kept")))" /dev/zero | tr '\0' '#' >>"$work/op.crt"
	"$bin/troth-verifier" check-config --config "$work/verifier.yaml" >/dev/null 2>&1 || code=$?
	mv "$work/op.kept" "$work/op.crt"
}
code=0 && padded 65536 && [ "$code" = 0 ] || wrong "64 KB are too many"
padded 65537 && [ "$code" = 2 ] || wrong "more than 64 KB are taken"

case_of "with anything else changed, the children begin anew, and have both"
sed -i 's/^log_level.*//' "$work/verifier.yaml" && echo 'crl_life: 2h' >>"$work/verifier.yaml"
touch "$work/op.crt" && kill -HUP "$verifier_pid"
anew() { [ "$(pids)" -gt "$generations" ] && ctl policy list >/dev/null 2>&1; }
wait_until 60 anew || wrong "the rest is not in force"

case_of "the verifier's own is renewed before it ends, for the same names, and believed by the same anchor"
sed -i '/^tls:/,$d' "$work/verifier.yaml"
own_certificate 10
cp "$work/state/tls/ca.crt" "$work/anchors.crt"
ended=$(openssl x509 -in "$work/state/tls/tls.crt" -noout -serial)
kill -HUP "$verifier_pid" # the settings changed, so it begins anew, and looks
renewed() { [ "$(openssl x509 -in "$work/state/tls/tls.crt" -noout -serial)" != "$ended" ] && [ "$(serial)" != "$ended" ]; }
wait_until 60 renewed || { wrong "not renewed" && tail -5 "$work/verifier.log"; }
openssl x509 -in "$work/state/tls/tls.crt" -noout -checkend $((600 * 86400)) >/dev/null || wrong "renewed for too short"
openssl x509 -in "$work/state/tls/tls.crt" -noout -ext subjectAltName | grep -q 'DNS:localhost, IP Address:127.0.0.1' ||
	wrong "for other names: $(openssl x509 -in "$work/state/tls/tls.crt" -noout -ext subjectAltName)"
openssl verify -x509_strict -purpose sslserver -CAfile "$work/state/tls/ca.crt" -untrusted "$work/state/tls/tls.crt" \
	"$work/state/tls/tls.crt" >/dev/null || wrong "not believed"
curl -sf --cacert "$work/state/tls/ca.crt" "https://localhost:$port/healthz" >/dev/null || wrong "curl does not believe it"

case_of "one that the anchors of devices would not lead to is not made"
ended=$(serial)
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -keyout "$work/x.key" -out "$work/x.crt" -subj /CN=x 2>/dev/null
cp "$work/x.crt" "$work/state/tls/ca.crt"
own_certificate 10
before=$(openssl x509 -in "$work/state/tls/tls.crt" -noout -serial -enddate)
kill -HUP "$verifier_pid"
echo 'crl_life: 3h' >>"$work/verifier.yaml" && kill -HUP "$verifier_pid" # anew: it looks again
said() { grep -q 'certificate=ends-soon .*leads to none of the anchors' "$work/verifier.log"; }
wait_until 60 said || wrong "nobody says why it is not renewed"
[ "$(openssl x509 -in "$work/state/tls/tls.crt" -noout -serial -enddate)" = "$before" ] || wrong "renewed all the same"
finish
