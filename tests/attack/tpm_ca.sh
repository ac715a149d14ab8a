#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The issuing CA's key is in a TPM, reached through OpenSSL's tpm2 provider: certificates and CRL
# are signed there, by an issuer that is locked in as ever; the CA rotates to another key there,
# and to one in a file. What cannot be used is refused, with the reason.
#   tpm_ca.sh BIN TOP
# shellcheck source-path=SCRIPTDIR disable=SC2034,SC2154
set -euo pipefail
bin=$1 top=$2
# shellcheck source=../lib/stage.sh
. "$top/tests/lib/stage.sh"
for tool in socat tpm2_createprimary; do
	command -v "$tool" >/dev/null || { echo "no $tool here" && exit 77; }
done
[ -e "$(openssl version -m | cut -d'"' -f2)/tpm2.so" ] || { echo "no tpm2 provider here" && exit 77; }

case_of() { echo "- $1"; }
verifier() { "$bin/troth-verifier" "$@" --config "$work/verifier.yaml"; }
cert=$work/pump/run/cert.pem

# The verifier's TPM: swtpm takes one connection at a time, and the issuer may open none once it
# is locked in, so a program of the TCTI's holds it, as a descriptor holds a device.
tpm=$work/ca-tpm
mkdir "$tpm"
swtpm socket --tpm2 --tpmstate "dir=$tpm" --server "type=unixio,path=$tpm/sock" --ctrl "type=unixio,path=$tpm/sock.ctrl" \
	--flags not-need-init,startup-clear --daemon --pid "file=$tpm/pid"
stop_tpm() { kill "$(<"$tpm/pid")" 2>/dev/null || true; }
trap 'stop_tpm; strike' EXIT
tcti=swtpm:path=$tpm/sock
export TPM2OPENSSL_TCTI="cmd:socat - UNIX-CONNECT:$tpm/sock"

key() { # HANDLE ALGORITHM
	tpm2_create -T "$tcti" -Q -C "$tpm/parent" -G "$2" -a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|sign' \
		-u "$tpm/pub" -r "$tpm/priv"
	tpm2_flushcontext -T "$tcti" -t
	tpm2_load -T "$tcti" -Q -C "$tpm/parent" -u "$tpm/pub" -r "$tpm/priv" -c "$tpm/loaded"
	tpm2_evictcontrol -T "$tcti" -Q -C o -c "$tpm/loaded" "$1"
	tpm2_flushcontext -T "$tcti" -t
}

serve() {
	rm -f "$work/port"
	"$bin/troth-verifier" serve --config "$work/verifier.yaml" >>"$work/verifier.log" 2>&1 &
	verifier_pid=$!
	wait_until 60 serving || { wrong "the verifier does not serve" && tail -5 "$work/verifier.log" && exit 1; }
	port=$(<"$work/port")
}
stop() { kill "$verifier_pid" && wait "$verifier_pid" || true; verifier_pid=; }

issued_by() { # HANDLE: the device's certificate is signed by this key
	expect 0 '' -- troth-attester pump once
	sed -n '/BEGIN/,/END/p' "$cert" | awk '/BEGIN/{n++} n==2' >"$work/ca.crt"
	openssl x509 -in "$work/ca.crt" -noout -pubkey | cmp -s - "$tpm/$1.pem" || wrong "the CA's key is not $1"
	openssl verify -x509_strict -CAfile "$work/state/tls/ca.crt" -untrusted "$cert" "$cert" >/dev/null || wrong "not believed"
}

tpm2_createprimary -T "$tcti" -Q -C o -g sha256 -G ecc256 -c "$tpm/parent" \
	-a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt'
tpm2_flushcontext -T "$tcti" -t
key 0x81000010 ecc256:ecdsa-sha256:null
key 0x81000011 ecc256:ecdsa-sha256:null
key 0x81000012 rsa2048:rsassa-sha256:null
for handle in 0x81000010 0x81000011; do
	tpm2_readpublic -T "$tcti" -Q -c "$handle" -f pem -o "$tpm/$handle.pem"
done

boot_device pump
on_inventory pump
more_settings='ca: { key: "handle:0x81000010", providers: [tpm2] }'
start_verifier

case_of "certificates and CRL are signed by the key in the TPM, from within the sandbox"
policy ek-certificate-and-inventory
expect 1 reference-missing -- troth-attester pump once
ctl reference learn --device pump --name base >/dev/null
issued_by 0x81000010
grep -q PRIVATE "$work/state/keys/ca.key" && wrong "there is a key in ca.key"
[ "$(stat -c %a "$work/state/keys/ca.key")" = 600 ] || wrong "ca.key is not 0600"
issuer=$(sed -n 's/.*event=ready.* issuer=\([0-9]*\).*/\1/p' "$work/verifier.log" | tail -1)
[ ! -r "/proc/$issuer/status" ] || grep -q '^Seccomp:[[:space:]]*2' "/proc/$issuer/status" || wrong "the issuer is not locked in"
ctl device quarantine pump >/dev/null
serial=$(openssl x509 -in "$cert" -noout -serial | cut -d= -f2)
listed() {
	curl -sf --cacert "$work/state/tls/ca.crt" "https://localhost:$port/v1/crl" -o "$work/crl" &&
		openssl crl -inform DER -in "$work/crl" -noout -text | grep -q "$serial"
}
wait_until 60 listed || wrong "not on the CRL"
openssl crl -inform DER -in "$work/crl" -CAfile "$work/ca.crt" -noout 2>&1 | grep -q 'verify OK' || wrong "the CRL's signature"
ctl device release pump >/dev/null
grep -q 'child-ended' "$work/verifier.log" && wrong "a child has ended"
stop

case_of "it requests a certificate for a key there, and rotates to one"
sed -i 's/0x81000010/0x81000011/' "$work/verifier.yaml"
verifier ca request >"$work/csr" 2>"$work/out" || wrong "no request: $(<"$work/out")"
openssl req -in "$work/csr" -verify -noout 2>/dev/null || wrong "the request is not signed"
openssl req -in "$work/csr" -noout -pubkey | cmp -s - "$tpm/0x81000011.pem" || wrong "requested for another key"
rm "$work/state/keys/ca-request.key"
verifier rotate >"$work/out" 2>&1 && grep -q prepared "$work/out" || wrong "says $(<"$work/out")"
verifier rotate --now >"$work/out" 2>&1 && grep -q activated "$work/out" || wrong "says $(<"$work/out")"
serve
issued_by 0x81000011
stop
verifier rotate --now >/dev/null 2>&1

case_of "what cannot be used is refused, with the reason"
refused() { # WORDS KEY PROVIDERS
	sed "s|^ca:.*|ca: { key: \"$2\", providers: [$3] }|" "$work/verifier.yaml" >"$work/bad.yaml"
	"$bin/troth-verifier" rotate --config "$work/bad.yaml" >"$work/out" 2>&1 && wrong "taken: $2 of $3"
	grep -q -- "$1" "$work/out" || wrong "$2 of $3: not '$1' but $(<"$work/out")"
	[ ! -e "$work/state/keys/ca-next.crt" ] || wrong "prepared all the same: $2"
}
refused "cannot load the provider 'nowhere'" handle:0x81000010 nowhere
refused "'handle:0x81000019'" handle:0x81000019 tpm2
refused 'no P-256 key' handle:0x81000012 tpm2
refused "'nonsense:1'" nonsense:1 tpm2
refused 'the key in force' handle:0x81000011 tpm2
refused 'key and providers go together' handle:0x81000010 ''
refused 'no URI of a key' 'handle: 1' tpm2
refused 'no name of a provider' handle:0x81000010 '"../x"'
# TROTH_KEY_PROVIDERS_MAX, TROTH_KEY_URI_MAX
refused 'more than 4 providers' handle:0x81000010 'a, b, c, d, e'
refused 'cannot load' handle:0x81000010 'a, b, c, d'
refused 'no URI of a key' "$(printf 'x%.0s' {1..1024})" tpm2
refused 'cannot be opened\|nothing can be opened' "$(printf 'x%.0s' {1..1023})" tpm2
cp "$work/state/keys/ca.key" "$work/good.key"
does_not_serve() { # WORDS: with this ca.key
	"$bin/troth-verifier" serve --config "$work/verifier.yaml" >"$work/out" 2>&1 && wrong "serves: $1"
	grep -q -- "$1" "$work/out" || wrong "not '$1' but $(<"$work/out")"
}
sed -i 's/0x81000011/0x81000010/' "$work/state/keys/ca.key" && does_not_serve 'not the key of ca.crt'
sed -i 's/^uri .*/uri handle:0x81000012/' "$work/state/keys/ca.key" && does_not_serve 'no P-256 key'
printf 'troth-key-1\nprovider tpm2\n' >"$work/state/keys/ca.key" && does_not_serve 'does not say where the key is'
chmod 644 "$work/state/keys/ca.key" && does_not_serve key-exposed && chmod 600 "$work/state/keys/ca.key"
cp "$work/good.key" "$work/state/keys/ca.key"

case_of "and back to a key in a file"
sed -i '/^ca:/d' "$work/verifier.yaml"
verifier rotate >/dev/null 2>&1 && verifier rotate --now >"$work/out" 2>&1 && grep -q activated "$work/out" || wrong "says $(<"$work/out")"
grep -q 'PRIVATE KEY' "$work/state/keys/ca.key" || wrong "no key in ca.key"
serve
expect 0 '' -- troth-attester pump once
openssl verify -x509_strict -CAfile "$work/state/tls/ca.crt" -untrusted "$cert" "$cert" >/dev/null || wrong "not believed"
finish
