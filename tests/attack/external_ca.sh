#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The issuing CA goes under a root of the operator's: request out, chain in, old and new side by
# side, then the new alone. Who holds the root alone believes devices; every chain under which
# somebody would not is refused, and so is every one that nobody asked for.
#   external_ca.sh BIN TOP
# shellcheck source-path=SCRIPTDIR disable=SC2034,SC2154
set -euo pipefail
bin=$1 top=$2
# shellcheck source=../lib/stage.sh
. "$top/tests/lib/stage.sh"

case_of() { echo "- $1"; }
get() { curl -sf --cacert "$work/state/tls/ca.crt" "https://localhost:$port/v1/$1"; }
verifier() { "$bin/troth-verifier" "$@" --config "$work/verifier.yaml"; }
subjects() { get bundle | openssl storeutl -noout -text -certs /dev/stdin 2>/dev/null | sed -n 's/^ *Subject: //p'; }

# reload WORDS: the bundle names them
reload() {
	kill -HUP "$verifier_pid"
	has() { subjects 2>/dev/null | grep -q "$1" && ctl policy list >/dev/null 2>&1; }
	wait_until 20 has "$1" || { wrong "$1 is not in the bundle: $(subjects)" && tail -5 "$work/verifier.log"; }
}

ec() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2>/dev/null; }

# root NAME [DAYS]: an operator's
root() {
	ec "$work/$1.key"
	openssl req -x509 -new -key "$work/$1.key" -days "${2:-3650}" -out "$work/$1.crt" -subj "/O=Works/CN=$1" \
		-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
}

CA_PROFILE='basicConstraints=critical,CA:TRUE,pathlen:0
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid:always'

# certify CSR ISSUER OUT [EXTENSIONS [OPTION...]]: by openssl, as an operator's CA would
certify() {
	openssl x509 -req -in "$1" -CA "$work/$2.crt" -CAkey "$work/$2.key" -out "$work/$3.crt" -set_serial "0x$(openssl rand -hex 8)" \
		-sha256 -extfile <(printf '%s\n' "${4:-$CA_PROFILE}") "${@:5}" 2>/dev/null
}

below() { # NAME ISSUER [EXTENSIONS]: a CA of the operator's between
	ec "$work/$1.key"
	openssl req -new -key "$work/$1.key" -out "$work/$1.csr" -subj "/O=Works/CN=$1"
	certify "$work/$1.csr" "$2" "$1" "${3:-${CA_PROFILE/,pathlen:0/}}" -days 3000
}

refused() { # WORDS FILE...: is the chain of these files
	cat "${@:2}" >"$work/chain"
	cp -r "$work/state/keys" "$work/keys.before"
	verifier ca install "$work/chain" >"$work/out" 2>&1 && wrong "taken: $1"
	grep -q -- "$1" "$work/out" || wrong "not '$1' but $(<"$work/out")"
	diff -r "$work/keys.before" "$work/state/keys" >/dev/null || wrong "a refusal changed the keys: $1"
	rm -r "$work/keys.before"
}

believed() { # CERT ANCHOR: with this root alone
	openssl verify -x509_strict -purpose sslclient -CAfile "$2" -untrusted "$1" "$1" >"$work/out" 2>&1 ||
		wrong "$1 is not believed: $(<"$work/out")"
}

boot_device pump
on_inventory pump
start_verifier
policy ek-certificate-and-inventory
expect 1 reference-missing -- troth-attester pump once
ctl reference learn --device pump --name base >/dev/null
expect 0 '' -- troth-attester pump once
cp "$work/pump/run/cert.pem" "$work/before.pem"
cp "$work/state/keys/root.crt" "$work/own-root.crt"
csr=$work/ca.csr

case_of "a request says what our CAs say of themselves, and is the same when asked again"
verifier ca install "$csr" >"$work/out" 2>&1 && wrong "a chain out of nothing"
root works && below plant works
cat "$work/plant.crt" "$work/works.crt" >"$work/unasked"
refused 'run troth-verifier ca request first' "$work/unasked"
verifier ca request >"$csr"
openssl req -in "$csr" -verify -noout 2>/dev/null || wrong "the request is not signed"
openssl req -in "$csr" -noout -text >"$work/csr.text"
for words in 'O = attack.example, CN = Troth issuing CA' 'CA:TRUE, pathlen:0' 'Certificate Sign, CRL Sign' \
	'URI:spiffe://attack.example' 'prime256v1' 'ecdsa-with-SHA256'; do
	grep -q -- "$words" "$work/csr.text" || wrong "the request does not say $words"
done
[ "$(stat -c %a "$work/state/keys/ca-request.key")" = 600 ] || wrong "the requested key can be read"
verifier ca request | openssl req -noout -pubkey | cmp -s - <(openssl req -in "$csr" -noout -pubkey) ||
	wrong "another key when asked again"

case_of "a chain under which devices would not be believed is refused, with the reason"
ec "$work/stranger.key" && openssl req -new -key "$work/stranger.key" -out "$work/stranger.csr" -subj /CN=stranger
chain_of() { # NAME: of the plant's CA
	echo "$work/$1.crt" "$work/plant.crt" "$work/works.crt"
}
try() { # WORDS EXTENSIONS [OPTION...]
	certify "$csr" plant tried "$2" -days 300 "${@:3}"
	# shellcheck disable=SC2046
	refused "$1" $(chain_of tried)
}
echo "no PEM" >"$work/text" && refused 'no PEM text' "$work/text"
certify "$work/stranger.csr" plant strange '' -days 300
# shellcheck disable=SC2046
refused 'not for the key of the request' $(chain_of strange)
certify "$csr" plant good '' -days 300
refused 'has one certificate' "$work/good.crt"
refused 'not signed by the one after it' "$work/good.crt" "$work/works.crt"
refused 'not for the key of the request' "$work/works.crt" "$work/plant.crt" "$work/good.crt"
refused 'a root, which signs itself' "$work/good.crt" "$work/plant.crt"
# TROTH_AUTHORITY_CHAIN_MAX
refused 'not signed by the one after it' "$work"/{good,plant,plant,plant,works}.crt # five: not too many
refused 'more than five' "$work"/{good,plant,plant,plant,plant,works}.crt
padded() { # BYTES: a file that is so long, with a certificate in it
	cat "$work/good.crt" && head -c "$(($1 - $(wc -c <"$work/good.crt")))" /dev/zero | tr '\0' '#'
}
padded 65536 >"$work/long" && refused 'has one certificate' "$work/long" # TROTH_AUTHORITY_FILE_MAX
padded 65537 >"$work/long" && refused limit "$work/long"
try 'no authority' 'basicConstraints=critical,CA:FALSE'
try 'keyUsage is not keyCertSign and cRLSign' "${CA_PROFILE/,cRLSign/}"
try 'keyUsage is not keyCertSign and cRLSign' "${CA_PROFILE/keyUsage=critical,keyCertSign,cRLSign/}"
try 'keyUsage' "${CA_PROFILE/keyCertSign,/}"
try 'no subjectKeyIdentifier' "${CA_PROFILE/subjectKeyIdentifier=hash/subjectKeyIdentifier=none}"
try 'servers and clients' "$CA_PROFILE"$'\nextendedKeyUsage=codeSigning'
try 'another URI' "$CA_PROFILE"$'\nsubjectAltName=URI:spiffe://other.example'
try 'would not be believed: permitted subtree' "$CA_PROFILE"$'\nnameConstraints=critical,permitted;URI:other.example'
try 'would not be believed: excluded subtree' "$CA_PROFILE"$'\nnameConstraints=critical,excluded;URI:attack.example'
try 'would not be believed: unhandled critical' "$CA_PROFILE"$'\n1.2.3.4=critical,DER:0500'
# What certificates may name beside the URI is tried too: in every piece that constraints cut it into.
allow_names() { # LIST: certificate_names
	{ grep -v '^certificate_names' "$work/verifier.yaml" || true; echo "certificate_names: [$1]"; } >"$work/named.yaml"
	mv "$work/named.yaml" "$work/verifier.yaml"
}
constrained() { # EXTENSION: our CA's
	certify "$csr" plant tried "$CA_PROFILE"$'\nnameConstraints=critical,'"$1" -days 300
}
try_names() { # WORDS NAMES CONSTRAINTS
	allow_names "$2"
	constrained "$3"
	# shellcheck disable=SC2046
	refused "$1" $(chain_of tried)
}
take_names() { # NAMES CONSTRAINTS: judged good, and left alone; another file is there already
	allow_names "$1"
	constrained "$2"
	# shellcheck disable=SC2046
	cat $(chain_of tried) >"$work/chain"
	cp -r "$work/state/keys" "$work/keys.before"
	verifier ca install "$work/chain" >"$work/out" 2>&1 || wrong "$1 under $2 is refused: $(<"$work/out")"
	rm -r "$work/state/keys" && mv "$work/keys.before" "$work/state/keys"
}
try_names 'names example.org, .*permitted subtree violation' example.org 'permitted;DNS:example.com'
try_names 'names example.org, .*permitted subtree violation' example.org 'permitted;DNS:sub.example.org,permitted;DNS:example.com'
try_names 'excluded subtree violation' example.org 'excluded;DNS:secret.example.org'
try_names 'names secret.example.org' example.org 'excluded;DNS:secret.example.org'
try_names 'excluded subtree violation' example.org 'excluded;DNS:org'
try_names 'names example.com' 'example.org, example.com' 'permitted;DNS:example.org'
try_names 'names 192.0.2.0, .*permitted subtree violation' 192.0.2.0/24 'permitted;IP:198.51.100.0/255.255.255.0'
try_names 'names 192.0.2.255, .*permitted subtree violation' 192.0.2.0/24 'permitted;IP:192.0.2.0/255.255.255.128'
try_names 'names 192.0.2.64, .*excluded subtree violation' 192.0.2.0/24 'excluded;IP:192.0.2.64/255.255.255.255'
try_names 'permitted subtree violation' 192.0.2.0/24 'permitted;IP:192.0.2.0/255.255.255.192,permitted;IP:192.0.2.128/255.255.255.128'
try_names 'names 2001:db8::, ' '"2001:db8::/32"' 'permitted;IP:2001:db9::/ffff:ffff::'
try_names 'excluded subtree violation' '"2001:db8::/32"' 'excluded;IP:2001:db8:1::/ffff:ffff:ffff::'
take_names example.org 'permitted;DNS:example.org'
take_names 'a.example.org, b.example.org' 'permitted;DNS:example.org,excluded;DNS:c.example.org'
take_names example.org 'excluded;DNS:example.com,permitted;URI:attack.example'
take_names 192.0.2.0/24 'permitted;IP:192.0.2.0/255.255.255.128,permitted;IP:192.0.2.128/255.255.255.128'
take_names 192.0.2.0/25 'permitted;IP:192.0.2.0/255.255.255.0,excluded;IP:192.0.2.128/255.255.255.128'
take_names '"2001:db8::/32", 192.0.2.0/24' 'permitted;IP:2001:db8::/ffff:fff0::,permitted;IP:192.0.0.0/255.255.0.0'
take_names example.org 'permitted;IP:192.0.2.0/255.255.255.0' # of addresses, and there are none
below fenced works "${CA_PROFILE/,pathlen:0/}"$'\nnameConstraints=critical,permitted;DNS:example.com' # one above ours
allow_names example.org
certify "$csr" fenced tried '' -days 300
refused 'name constraints of /O=Works/CN=fenced' "$work/tried.crt" "$work/fenced.crt" "$work/works.crt"
sed -i '/^certificate_names/d' "$work/verifier.yaml"
certify "$csr" works same "" -days 300 -subj /O=Works/CN=works
refused 'name of one above it' "$work/same.crt" "$work/works.crt"
certify "$csr" plant brief '' -days 3
# shellcheck disable=SC2046
refused 'will in a week' $(chain_of brief)
below narrow works "$CA_PROFILE" # path length 0: nothing may be below ours
certify "$csr" narrow short '' -days 300
refused 'would not be believed: path length' "$work/short.crt" "$work/narrow.crt" "$work/works.crt"
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out "$work/weak.key" 2>/dev/null
openssl req -new -key "$work/weak.key" -out "$work/weak.csr" -subj /CN=weak
certify "$work/weak.csr" works weak "${CA_PROFILE/,pathlen:0/}" -days 300
certify "$csr" weak weakly '' -days 300
refused 'would not be believed: CA certificate key too weak' "$work/weakly.crt" "$work/weak.crt" "$work/works.crt"
root other
sed 's/[A-Za-z0-9]$/x/;q' "$work/good.crt" >"$work/torn" && sed -n '2,$p' "$work/good.crt" | sed '3s/./A/5' >>"$work/torn"
refused '' "$work/torn" "$work/plant.crt" "$work/works.crt"
refused 'a root, which signs itself\|not signed by' "$work/good.crt" "$work/plant.crt" "$work/other.crt"

case_of "installed: old and new are published side by side, and the new signs nothing yet"
cat "$work/good.crt" "$work/plant.crt" "$work/works.crt" >"$work/chain"
verifier ca install "$work/chain" >"$work/out" 2>&1 || wrong "a good chain is refused: $(<"$work/out")"
grep -q prepared "$work/out" && grep -q 'the root is a new one' "$work/out" || wrong "says $(<"$work/out")"
reload 'CN=works'
subjects | grep -q 'Troth root CA' || wrong "the present root is not published any more"
[ "$(get bundle.json | jq '.keys | length')" = 2 ] || wrong "the SPIFFE bundle has not both roots"
verifier ca install "$work/chain" >"$work/out" 2>&1 && wrong "installed twice"
grep -q 'run troth-verifier ca request first' "$work/out" || wrong "says $(<"$work/out")"
verifier ca request >"$work/early.csr"
certify "$work/early.csr" plant early '' -days 300
# shellcheck disable=SC2046
refused 'being rotated already' $(chain_of early)
expect 0 '' -- troth-attester pump once
believed "$work/pump/run/cert.pem" "$work/own-root.crt"
[ "$(grep -c BEGIN "$work/pump/run/bundle.pem")" = 2 ] || wrong "the device has not both roots"

case_of "activated: the chain comes with the certificate, the root alone is enough"
verifier rotate >"$work/out" && grep -q 'nothing is due' "$work/out" || wrong "at once: $(<"$work/out")"
touch -d '26 hours ago' "$work/state/keys/ca-next.crt"
verifier rotate >"$work/out" && grep -q activated "$work/out" || wrong "says $(<"$work/out")"
reload 'CN=plant'
expect 0 '' -- troth-attester pump once
cert=$work/pump/run/cert.pem
[ "$(grep -c BEGIN "$cert")" = 3 ] || wrong "not leaf, issuing CA and plant: $(grep -c BEGIN "$cert")"
believed "$cert" "$work/works.crt"
believed "$work/before.pem" "$work/own-root.crt"
openssl verify -CAfile "$work/own-root.crt" -untrusted "$cert" "$cert" >/dev/null 2>&1 && wrong "the old root is above it"
subjects | grep -q 'Troth root CA' || wrong "the former root is not published any more"

case_of "its CRL is believed too, and of use beside the root's and the plant's"
empty_crl() { # NAME
	: >"$work/index" && echo 01 >"$work/crlnumber"
	openssl ca -gencrl -keyfile "$work/$1.key" -cert "$work/$1.crt" -out "$work/$1.crl" -config <(
		printf '[ca]\ndefault_ca=d\n[d]\ndatabase=%s\ncrlnumber=%s\ndefault_md=sha256\ndefault_crl_days=9\n' \
			"$work/index" "$work/crlnumber"
	) 2>/dev/null
}
empty_crl works && empty_crl plant
get crl | openssl crl -inform DER -out "$work/ours.crl"
openssl crl -in "$work/ours.crl" -CAfile "$work/good.crt" -noout 2>&1 | grep -q 'verify OK' || wrong "its CRL is of somebody else"
all_lists() {
	openssl verify -crl_check_all -CAfile "$work/works.crt" -untrusted "$cert" -CRLfile "$work/works.crl" \
		-CRLfile "$work/plant.crl" -CRLfile "$work/ours.crl" "$cert" >"$work/out" 2>&1
}
all_lists || wrong "with all CRLs: $(<"$work/out")"
ctl device quarantine pump >/dev/null
serial=$(openssl x509 -in "$cert" -noout -serial | cut -d= -f2)
listed() { get crl | openssl crl -inform DER -out "$work/ours.crl" && openssl crl -in "$work/ours.crl" -noout -text | grep -q "$serial"; }
wait_until 20 listed || wrong "not on the CRL: $serial"
all_lists && wrong "believed though revoked"
grep -q 'certificate revoked' "$work/out" || wrong "refused for: $(<"$work/out")"
ctl device release pump >/dev/null

case_of "a device's certificate is a client's to any TLS server with the root alone"
expect 0 '' -- troth-attester pump once
key=$work/leaf.key # the device's is in its TPM; TLS is tried with a leaf of a key in a file
ec "$key" && openssl req -new -key "$key" -out "$work/leaf.csr" -subj /CN=leaf
"$bin/troth-verifier" --version >/dev/null
openssl x509 -req -in "$work/leaf.csr" -CA "$work/state/keys/ca.crt" -CAkey "$work/state/keys/ca.key" -days 1 \
	-out "$work/leaf.crt" -set_serial 77 -extfile <(printf 'keyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth,clientAuth\nsubjectAltName=URI:spiffe://attack.example/line-1/leaf,DNS:localhost\n') 2>/dev/null
sed -n '/BEGIN/,/END/p' "$cert" | awk '/BEGIN/{n++} n>1' >"$work/above.pem"
cat "$work/leaf.crt" "$work/above.pem" >"$work/leaf-chain.pem"
openssl s_server -accept 127.0.0.1:0 -cert "$work/leaf.crt" -cert_chain "$work/above.pem" -key "$key" -www \
	-Verify 4 -verify_return_error -CAfile "$work/works.crt" >"$work/s_server" 2>&1 &
server=$!
tls_port() { tls=$(sed -n 's/^ACCEPT .*:\([0-9]*\)$/\1/p' "$work/s_server") && [ -n "$tls" ]; }
wait_until 20 tls_port || wrong "s_server: $(<"$work/s_server")"
curl -sf --cacert "$work/works.crt" --cert "$work/leaf-chain.pem" --key "$key" "https://localhost:$tls/" >/dev/null ||
	wrong "curl with the root alone: $?"
kill "$server" && wait "$server" 2>/dev/null || true

case_of "retired: the former root is gone; our own root cannot rotate any more"
verifier rotate --now >"$work/out" && grep -q retired "$work/out" || wrong "says $(<"$work/out")"
kill -HUP "$verifier_pid"
gone() { ! subjects 2>/dev/null | grep -q 'Troth root CA' && ctl policy list >/dev/null 2>&1; }
wait_until 20 gone || wrong "still published: $(subjects)"
expect 0 '' -- troth-attester pump once
believed "$cert" "$work/works.crt"
[ -z "$(ls "$work/state/keys" | grep -E 'old|next' || true)" ] || wrong "left: $(ls "$work/state/keys")"
verifier rotate >"$work/out" 2>&1 && wrong "rotated under a root that is not ours"
grep -q 'ca request' "$work/out" || wrong "says $(<"$work/out")"

case_of "the next one under the same root, in a long file: no new anchor for anybody"
long="
nsComment=$(printf '%6500s' '' | tr ' ' x)"
below wordy works "${CA_PROFILE/,pathlen:0/}$long"
certify "$work/early.csr" wordy again "$CA_PROFILE$long" -days 300
cat "$work/again.crt" "$work/wordy.crt" "$work/works.crt" >"$work/chain"
cp "$work/state/keys/ca-request.key" "$work/requested"
verifier ca install "$work/chain" >"$work/out" 2>&1 || wrong "refused: $(<"$work/out")"
grep -q 'new one' "$work/out" && wrong "a new root, it says: $(<"$work/out")"
[ ! -e "$work/state/keys/root-next.crt" ] || wrong "a new root"
[ "$(wc -c <"$work/state/keys/ca-next.crt")" -gt 16384 ] || wrong "the file is not long"
reload "$(openssl x509 -in "$work/again.crt" -noout -subject | sed 's/.*CN = //')"
cp -p "$work/requested" "$work/state/keys/ca-request.key" # as if the install had been killed before its end
verifier ca request | openssl req -noout -pubkey | cmp -s - <(openssl x509 -in "$work/again.crt" -noout -pubkey) &&
	wrong "the key of the CA that was installed is requested again"
rm "$work/state/keys/ca-request.key"
verifier rotate --now >/dev/null
kill -HUP "$verifier_pid"
signs() { expect 0 '' -- troth-attester pump once && [ "$(openssl x509 -in "$cert" -noout -issuer)" = "issuer=$(openssl x509 -in "$work/again.crt" -noout -subject | cut -d= -f2-)" ]; }
wait_until 20 signs || wrong "the third CA does not sign: $(openssl x509 -in "$cert" -noout -issuer)"
believed "$cert" "$work/works.crt"
finish
