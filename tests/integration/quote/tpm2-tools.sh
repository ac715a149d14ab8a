#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Quotes that tpm2-tools takes of an emulated TPM, with every kind of key and scheme, are genuine to
# trothctl as they are to tpm2_checkquote; with one thing changed they are neither.
# Usage: tpm2-tools.sh TROTHCTL. Exit code 77: swtpm or tpm2-tools is not there.
set -eu

trothctl=$1
for tool in swtpm tpm2_quote tpm2_checkquote; do
	command -v "$tool" >/dev/null || { echo "skipped: no $tool"; exit 77; }
done
dir=$(mktemp -d)
swtpm_pid=
trap 'kill "$swtpm_pid" 2>/dev/null; rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
cd "$dir"

swtpm socket --tpm2 --tpmstate dir="$dir" --server type=unixio,path="$dir/tpm" \
	--ctrl type=unixio,path="$dir/tpm.ctrl" --flags not-need-init,startup-clear \
	>swtpm.log 2>&1 &
swtpm_pid=$!
tries=0
until [ -S tpm ]; do
	tries=$((tries + 1))
	[ "$tries" -lt 100 ] || { cat swtpm.log; exit 1; }
	sleep 0.05
done
export TPM2TOOLS_TCTI="swtpm:path=$dir/tpm"

fail() {
	echo "FAILED: $*" >&2
	exit 1
}

# verify EXPECTED-EXIT-CODE WHAT ARGUMENTS...
verify() {
	want=$1
	what=$2
	shift 2
	got=0
	"$trothctl" quote verify --format json "$@" >out.json 2>err.txt || got=$?
	[ "$got" -eq "$want" ] || { cat out.json err.txt >&2; fail "$what: exit code $got, not $want"; }
}

# tpm2_checkquote 5.4 takes every RSA signature for RSASSA: OpenSSL judges the others.
peer_agrees() {
	if [ "$1" = rsapss ]; then
		tail -c +7 quote.sig >quote.raw # TPMT_SIGNATURE: scheme, hash, size
		openssl dgst "-$2" -verify ak.pem -sigopt rsa_padding_mode:pss -signature quote.raw \
			quote.msg >/dev/null
		return
	fi
	tpm2_checkquote -Q -u ak.pem -m quote.msg -s quote.sig -f quote.pcrs -g "$2" -q "$nonce"
}

nonce=00112233445566778899aabbccddeeff
other=00112233445566778899aabbccddeefe
attributes='fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|sign'

# key algorithm, scheme, hash, selection
while read -r kind scheme hash selection; do
	name="$kind $scheme $hash $selection"
	# Without a resource manager what a tool loads stays loaded.
	tpm2_createprimary -Q -C e -G "$kind:$scheme-$hash:null" -g sha256 -a "$attributes" -c ak.ctx
	tpm2_flushcontext -t
	tpm2_readpublic -Q -c ak.ctx -f pem -o ak.pem
	tpm2_flushcontext -t
	tpm2_readpublic -Q -c ak.ctx -f tss -o ak.pub
	tpm2_flushcontext -t
	tpm2_quote -Q -c ak.ctx -l "$selection" -q "$nonce" -g "$hash" --scheme "$scheme" \
		-m quote.msg -s quote.sig -o quote.pcrs
	tpm2_flushcontext -t

	set -- --attest quote.msg --signature quote.sig --pcrs quote.pcrs
	verify 0 "$name" --ak ak.pub --nonce "$nonce" "$@"
	verify 0 "$name, PEM" --ak ak.pem --nonce "$nonce" "$@"
	peer_agrees "$scheme" "$hash" || fail "$name: the peer does not agree"
	verify 1 "$name, another nonce" --ak ak.pub --nonce "$other" "$@"

	tpm2_pcrextend "16:sha256=$(printf %064d 1)"
	tpm2_pcrread -Q -F serialized "$selection" -o later.pcrs
	verify 1 "$name, later values" --ak ak.pub --nonce "$nonce" --attest quote.msg \
		--signature quote.sig --pcrs later.pcrs
	echo "$name: ok"
done <<TABLE
ecc256 ecdsa sha256 sha256:0,1,2,3,16
ecc256 ecdsa sha512 sha256:16
ecc384 ecdsa sha384 sha1:0,23+sha256:0,16+sha384:7
rsa2048 rsassa sha256 sha256:0,1,2,3,4,5,6,7,8,9,16
rsa2048 rsapss sha256 sha384:7+sha256:16
rsa2048 rsapss sha384 sha256:16
rsa3072 rsapss sha256 sha256:16,17
TABLE
