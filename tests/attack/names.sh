#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# DNS names and addresses in devices' certificates: by policy and registry, within what the
# configuration allows, and never by the device's word. OpenSSL connects to a device by its name.
#   names.sh BIN TOP
# shellcheck source-path=SCRIPTDIR disable=SC2034,SC2154
set -euo pipefail
bin=$1 top=$2
# shellcheck source=../lib/stage.sh
. "$top/tests/lib/stage.sh"

case_of() { echo "- $1"; }
cert=$work/press-4/run/cert.pem
san() { openssl x509 -in "$cert" -noout -ext subjectAltName | sed -n '2s/^ *//p'; }
says() { [ "$(san)" = "$1" ] || wrong "names are '$(san)', not '$1'"; }
more_settings="certificate_names: [example.org, 192.0.2.0/24]
callers:
  - name: gateway
    audience: plc
    token_sha256: $(printf gateway | sha256sum | cut -d' ' -f1)"

names() { # YAML, after the policy's other keys
	{ cat "$work/plain.yaml" && cat; } >"$work/policy.yaml"
	ctl policy apply "$work/policy.yaml" >"$work/out" 2>&1
}

# served [s_client option...]: whether OpenSSL believes the server, whose key is the device's
served() {
	openssl s_client -connect "127.0.0.1:$tls" -CAfile "$work/state/tls/ca.crt" -verify_return_error -verify 4 "$@" \
		</dev/null >"$work/s_client" 2>&1
}

boot_device press-4
boot_device press_5
on_inventory press-4 press_5
start_verifier
policy ek-certificate-and-inventory
cat >>"$work/policy.yaml" <<'END'
allow:
  - audience: plc
    methods: [GET]
END
ctl policy apply "$work/policy.yaml" >/dev/null
cp "$work/policy.yaml" "$work/plain.yaml"
expect 1 reference-missing -- troth-attester press-4 once
ctl reference learn --device press-4 --name base >/dev/null

case_of "without a policy for it there are none"
expect 0 '' -- troth-attester press-4 once
says 'URI:spiffe://attack.example/line-1/press-4'

case_of "names by policy and registry"
cat >"$work/names.yaml" <<'END'
names:
  dns: ["{name}.{segment}.example.org", "*.{name}.apps.example.org"]
  shared: [gateway.example.org]
  ip:
    - { device: press-4, address: 192.0.2.4 }
    - { device: press_5, address: 192.0.2.5 }
END
names <"$work/names.yaml" || wrong "refused: $(<"$work/out")"
expect 0 '' -- troth-attester press-4 once
says 'URI:spiffe://attack.example/line-1/press-4, DNS:press-4.line-1.example.org, DNS:*.press-4.apps.example.org, DNS:gateway.example.org, IP Address:192.0.2.4'
openssl verify -x509_strict -purpose sslserver -CAfile "$work/state/tls/ca.crt" -untrusted "$cert" "$cert" >/dev/null ||
	wrong "not believed"

case_of "a device whose name is no label has the names that can be, and its certificate"
run_program troth-attester press_5 once || wrong "press_5: $(<"$work/out")"
cert=$work/press_5/run/cert.pem says 'URI:spiffe://attack.example/line-1/press_5, DNS:gateway.example.org, IP Address:192.0.2.5'
grep -q 'event=names device=press_5 .*gives no DNS name' "$work/verifier.log" || wrong "nobody says what press_5 lacks"

case_of "what the configuration does not allow is left out, whatever a policy says"
names <<'END' || wrong "refused: $(<"$work/out")"
names:
  dns: ["{name}.example.org", "{name}.badexample.org"]
  shared: [bank.example.com]
  ip: [{ device: press-4, address: 198.51.100.1 }, { device: press-4, address: "2001:db8::4" }]
END
expect 0 '' -- troth-attester press-4 once
says 'URI:spiffe://attack.example/line-1/press-4, DNS:press-4.example.org'
grep -q 'left-out=bank.example.com; not in certificate_names' "$work/verifier.log" || wrong "nobody says so"

case_of "policies and configurations that make no sense are refused"
unnamed() { # WORDS YAML
	names <<<"$2" && wrong "taken: $2"
	grep -q -- "$1" "$work/out" || wrong "$2: $(<"$work/out")"
}
unnamed 'no DNS name' 'names: { dns: ["{name}_x.example.org"] }'
unnamed 'neither dns' 'names: { dns: [] }'

case_of "no name is two devices', by one policy or by two"
unnamed 'two placeholders' 'names: { dns: ["{name}-{segment}.example.org"] }'
unnamed 'without {name}' 'names: { dns: [gateway.example.org] }'
unnamed 'has no {name}' 'names: { shared: ["{name}.example.org"] }'
unnamed 'one name' 'names: { dns: ["{name}.example.org", "{name}-mgmt.example.org"] }'
unnamed 'one name' 'names: { dns: ["{name}.{segment}.example.org", "*.{name}.example.org"] }'
unnamed 'one name' 'names: { dns: ["{name}.example.org"], shared: [gateway.example.org] }'
unnamed 'the same address twice' 'names: { ip: [{ device: press-4, address: 192.0.2.4 }, { device: press-5, address: 192.0.2.4 }] }'
names <<'END' || wrong "refused: $(<"$work/out")"
names:
  dns: ["{name}.{segment}.example.org"]
  shared: [gateway.example.org]
  ip: [{ device: press-4, address: 192.0.2.4 }]
END
other() { # WORDS YAML: another policy with these names; no WORDS: it is taken
	{ sed 's/^name: .*/name: other/' "$work/plain.yaml" && printf '%s\n' "$2"; } >"$work/other.yaml"
	if ctl policy apply "$work/other.yaml" >"$work/out" 2>&1; then
		[ -z "$1" ] || wrong "taken beside the first: $2"
	else
		[ -n "$1" ] && grep -q -- "with policy default: .*$1" "$work/out" || wrong "$2: $(<"$work/out")"
	fi
}
other 'one name' 'names: { dns: ["{segment}.{name}.example.org"] }'
other 'one name' 'names: { dns: ["*.{name}.example.org"] }'
other 'one name' 'names: { shared: [press-4.line-1.example.org] }'
other 'press-9 and press-4 would have one address' 'names: { ip: [{ device: press-9, address: 192.0.2.4 }] }'
other '' 'names: { dns: ["{name}.{segment}.example.org"], shared: [gateway.example.org], ip: [{ device: press-4, address: 192.0.2.4 }] }'
other '' ''
names <<<'names: { dns: ["{name}.example.org"] }' || wrong "refused: $(<"$work/out")"
for item in 'Example.org' '*.example.org' '192.0.2.1/24' '192.0.2.0/33' '192.0.2.0/' '::/129' 'a/b' '192.0.2.0'; do
	sed "s|^certificate_names:.*|certificate_names: [\"$item\"]|" "$work/verifier.yaml" >"$work/bad.yaml"
	"$bin/troth-verifier" check-config --config "$work/bad.yaml" >"$work/out" 2>&1 && wrong "taken: $item"
	grep -q 'wanted a domain' "$work/out" || wrong "$item: $(<"$work/out")"
done
# TROTH_NAME_RULES_MAX
seventeen=$(printf 'x%d.org, ' {1..17})
sed "s|^certificate_names:.*|certificate_names: [${seventeen%, }]|" "$work/verifier.yaml" >"$work/bad.yaml"
"$bin/troth-verifier" check-config --config "$work/bad.yaml" >"$work/out" 2>&1 && wrong "taken: seventeen"
grep -q 'more than 16 names' "$work/out" || wrong "seventeen: $(<"$work/out")"
sed "s|^certificate_names:.*|certificate_names: [${seventeen%, x17.org, }]|" "$work/verifier.yaml" >"$work/good.yaml"
"$bin/troth-verifier" check-config --config "$work/good.yaml" >"$work/out" 2>&1 || wrong "sixteen: $(<"$work/out")"
case_of "who had a name before is not taken for who has it now"
names <"$work/names.yaml" || wrong "refused: $(<"$work/out")"
more_names() { # DEVICE JSON
	curl -s -o "$work/out" -w '%{http_code}' --unix-socket "$work/admin.sock" -H 'Content-Type: application/json' -d "$2" \
		"http://localhost/v1/admin/devices/$1"
}
authorize() { # CERT
	curl -s -o /dev/null -w '%{http_code}' --cacert "$work/state/tls/ca.crt" -H 'Troth-Caller: gateway' \
		-H 'X-Original-Method: GET' -H 'X-Original-URL: https://plc.example/x' \
		-H "Client-Cert: :$(openssl x509 -in "$1" -outform DER | base64 -w0):" "https://localhost:$port/v1/authorize"
}
let_in() { [ "$(authorize "$1")" = 200 ]; }
expect 0 '' -- troth-attester press-4 once
expect 0 '' -- troth-attester press_5 once
cp "$work/press-4/run/cert.pem" "$work/was-press-4.pem"
wait_until 20 let_in "$work/was-press-4.pem" || wrong "press-4 is not let in: $(authorize "$work/was-press-4.pem")"
[ "$(more_names press_5 '{"name":"press-4"}')" = 409 ] || wrong "two devices have one name: $(<"$work/out")"
[ "$(more_names press-4 '{"name":"press-9"}')" = 200 ] || wrong "press-4 is not renamed: $(<"$work/out")"
[ "$(more_names press_5 '{"name":"press-4"}')" = 200 ] || wrong "a name that is free is not given: $(<"$work/out")"
on_crl() { curl -s --cacert "$work/state/tls/ca.crt" "https://localhost:$port/v1/crl" | openssl crl -inform DER -noout -text |
	grep -q "$(openssl x509 -in "$work/was-press-4.pem" -noout -serial | cut -d= -f2)"; }
wait_until 20 on_crl || wrong "the certificate under the former name is not revoked"
shut_out() { [ "$(authorize "$work/was-press-4.pem")" = 403 ]; }
wait_until 20 shut_out || wrong "whose name it was is taken for whose it is"
expect 0 '' -- troth-attester press_5 once
cert=$work/press_5/run/cert.pem says 'URI:spiffe://attack.example/line-1/press-4, DNS:press-4.line-1.example.org, DNS:*.press-4.apps.example.org, DNS:gateway.example.org, IP Address:192.0.2.4'
wait_until 20 let_in "$work/press_5/run/cert.pem" || wrong "who has the name now is not let in"
shut_out || wrong "whose name it was is let in beside whose it is"
expect 0 '' -- troth-attester press-4 once
says 'URI:spiffe://attack.example/line-1/press-9, DNS:press-9.line-1.example.org, DNS:*.press-9.apps.example.org, DNS:gateway.example.org'
[ "$(more_names press-4 '{"name":"press_5"}')" = 200 ] && [ "$(more_names press-9 '{"name":"press-4"}')" = 200 ] || wrong "not as before: $(<"$work/out")"

case_of "OpenSSL connects by name and by address, to the key in the TPM"
names <"$work/names.yaml" || wrong "refused: $(<"$work/out")"
expect 0 '' -- troth-attester press-4 once
TPM2OPENSSL_TCTI="swtpm:path=$work/press-4/sock" openssl s_server -accept 127.0.0.1:0 -provider default -provider tpm2 \
	-propquery '?tpm2.signature=yes' -cert "$cert" -cert_chain "$cert" -key "$work/press-4/run/key.pem" -www >"$work/s_server" 2>&1 &
server=$!
tls_port() { tls=$(sed -n 's/^ACCEPT .*:\([0-9]*\)$/\1/p' "$work/s_server") && [ -n "$tls" ]; }
wait_until 60 tls_port || wrong "s_server: $(<"$work/s_server")"
served -verify_hostname press-4.line-1.example.org || wrong "not by its name: $(tail -5 "$work/s_client")"
served -verify_hostname x.press-4.apps.example.org || wrong "not by the wildcard that is written"
served -verify_ip 192.0.2.4 || wrong "not by its address"
served -verify_hostname press-5.line-1.example.org && wrong "by the name of another"
grep -q 'hostname mismatch' "$work/s_client" || wrong "refused for $(tail -3 "$work/s_client")"
served -verify_ip 192.0.2.5 && wrong "by the address of another"
kill "$server" && wait "$server" 2>/dev/null || true

finish
