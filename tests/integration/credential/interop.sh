#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A TPM opens the credentials we make, for every EK template, as it opens those of tpm2-tools; and
# opens none that was made for another Name or changed on its way. 77: a tool is missing.
#
#   interop.sh TOOL_MAKECREDENTIAL SWTPM_DEVICE
set -euo pipefail

tool=$(realpath "$1")
device=$(realpath "$2")
for needed in swtpm swtpm_setup tpm2_activatecredential openssl; do
	command -v "$needed" >/dev/null || { echo "$needed is not installed: skipped"; exit 77; }
done

work=$(mktemp -d)
cleanup() {
	"$device" --dir "$work/tpm" stop >/dev/null 2>&1 || true
	rm -rf -- "$work"
}
trap cleanup EXIT
cd "$work"

fail() {
	printf 'interop: %s\n' "$*" >&2
	exit 1
}
# Runs a command of which only a failure is worth reading.
run() {
	"$@" >command.log 2>&1 || { cat command.log >&2; fail "$*"; }
}
# tpm2_policyor and -L want policies as bytes.
bytes() {
	local escaped
	escaped=$(sed 's/../\\x&/g' <<<"$1")
	printf '%b' "$escaped"
}
hex() {
	od -An -v -tx1 "$1" | tr -d ' \n'
}

"$device" --dir "$work/tpm" --no-ek-cert start >device.out
TPM2TOOLS_TCTI=$(sed -n 's/^tcti=//p' device.out)
export TPM2TOOLS_TCTI

# TCG EK Credential Profile 2.5: PolicyA, PolicyC and PolicyB = PolicyOR(A, C), SHA-384.
bytes 8bbf2266537c171cb56e403c4dc1d4b64f432611dc386e6f532050c3278c930e143e8bb1133824ccb431053871c6db53 >a384
bytes d6032ce61f2fb3c240eb3cf6a33237ef2b6a16f4293c22b455e261cffd217ad5b4947c2d73e63005eed2dc2b3593d165 >c384
bytes b26e7d28d11a50bc53d882bcf5fd3a1a074148bb35d3b4e4cb1c0ad9bde419cacb47ba09699646150f9fc000f3f80e12 >b384

clear_tpm() {
	run tpm2_flushcontext -t
	run tpm2_flushcontext -l
}

# activate EK HASH FILE: what was hidden, in hex; fails when the TPM refuses.
activate() {
	local status=0
	clear_tpm
	run tpm2_startauthsession --policy-session -g "$2" -S session
	run tpm2_policysecret -S session -c endorsement
	[ "$2" = sha256 ] || run tpm2_policyor -S session -l "$2:a384,c384"
	tpm2_activatecredential -c ak.ctx -C "$1" -i "$3" -o out -P session:session \
		>command.log 2>&1 || status=1
	clear_tpm
	[ "$status" -eq 0 ] && hex out
}

# An attestation key under the endorsement hierarchy, with its Name in ak.name.
run tpm2_createprimary -C e -G ecc:ecdsa-sha256:null -c ak.ctx \
	-a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|sign|noda'
run tpm2_readpublic -c ak.ctx -n ak.name
clear_tpm

# The EKs: as tpm2-tools make them, as swtpm's maker left one, and one by attributes alone.
run tpm2_createek -G rsa -c rsa2048.ctx -u rsa2048.pub
clear_tpm
run tpm2_createek -G ecc -c p256.ctx -u p256.pub
clear_tpm
run tpm2_readpublic -c 0x81010016 -o p384.pub
run tpm2_createprimary -C e -g sha384 -G rsa3072:null:aes256cfb -L b384 -c rsa3072.ctx \
	-a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|adminwithpolicy|restricted|decrypt'
run tpm2_readpublic -c rsa3072.ctx -o rsa3072.pub
clear_tpm

# check TEMPLATE EK HASH
check() {
	local secret found round
	for round in 1 2 3 4 5; do
		secret=$(openssl rand -hex 32)
		run "$tool" "$1" "$1.pub" ak.name "$secret" ours
		found=$(activate "$2" "$3" ours) || fail "$1: the TPM does not open ours"
		[ "$found" = "$secret" ] || fail "$1: the TPM found $found, not $secret"
	done

	# The peer's, for the same key, is of the same size and is opened by the same command.
	bytes "$secret" >secret
	run tpm2_makecredential -T none -u "$1.pub" -s secret -n "$(hex ak.name)" -o theirs
	found=$(activate "$2" "$3" theirs) || fail "$1: the TPM does not open tpm2-tools' own"
	[ "$found" = "$secret" ] || fail "$1: tpm2-tools' own holds $found"
	[ "$(stat -c %s ours)" = "$(stat -c %s theirs)" ] || fail "$1: sizes differ"

	# Made for a key that is not in this TPM.
	head -c 33 ak.name >other.name
	printf '\377' >>other.name
	run "$tool" "$1" "$1.pub" other.name "$secret" ours
	! activate "$2" "$3" ours >/dev/null || fail "$1: opened for another Name"

	# A changed byte of the integrity value, of the identity, of the seed.
	run "$tool" "$1" "$1.pub" ak.name "$secret" ours
	local size at
	size=$(stat -c %s ours)
	for at in 12 60 $((size - 1)); do
		cp ours changed
		printf '\001' | tr '\001' "\\$(printf %o $((255 - 0x$(od -An -tx1 -j "$at" -N1 ours | tr -d ' '))))" |
			dd of=changed bs=1 seek="$at" conv=notrunc status=none
		! activate "$2" "$3" changed >/dev/null || fail "$1: opened with byte $at changed"
	done
	echo "$1: ours and tpm2-tools' are opened, changed ones are not ($size bytes)"
}

check rsa2048 rsa2048.ctx sha256
check p256 p256.ctx sha256
check p384 0x81010016 sha384
check rsa3072 rsa3072.ctx sha384
