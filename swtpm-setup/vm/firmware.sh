# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # names are shared with bootvm
# The firmware of a machine: OVMF, which enforces secure boot, and a variable store of its own for every
# boot, so that each boot is the first one and measures the same. Sourced by bootvm.

ovmf=/usr/share/OVMF
# Keys that OVMF brings for tests, with a published private half: the machine's owner in `own`, and a
# stranger wherever else something is signed with them.
snakeoil=/usr/share/ovmf/PkKek-1-snakeoil

firmware_code=$ovmf/OVMF_CODE_4M.secboot.fd

# make_store KEYS CHANGE FILE
#   KEYS    microsoft (Debian's shim is signed for it) | own | none
#   CHANGE  off: secure boot is switched off; mok: an owner's key is enrolled; dbx: an image was revoked
make_store() {
	case $1 in
	microsoft) install -m 644 "$ovmf/OVMF_VARS_4M.ms.fd" "$3" ;;
	none) install -m 644 "$ovmf/OVMF_VARS_4M.fd" "$3" ;;
	own) install -m 644 "$ovmf/OVMF_VARS_4M.snakeoil.fd" "$3" ;;
	esac
	case $2 in
	off) "$here/vm/variable" "$3" SecureBootEnable off ;;
	mok) "$here/vm/variable" "$3" MokList certificate "$(own_certificate)" ;;
	dbx) "$here/vm/variable" "$3" dbx sha256 "$(sha256sum <<<"an image that was revoked" | cut -d' ' -f1)" ;;
	esac
}

# The certificate of the own keys, in DER.
own_certificate() {
	[ -s "$cache/own.der" ] || openssl x509 -in "$snakeoil.pem" -outform DER -out "$cache/own.der"
	printf '%s' "$cache/own.der"
}

own_key() {
	if [ ! -s "$cache/own.key" ]; then
		(umask 077 && openssl pkey -in "$snakeoil.key" -passin pass:snakeoil -out "$cache/own.key")
	fi
	printf '%s' "$cache/own.key"
}

# sign_own IN OUT: signs an EFI image with the own keys.
sign_own() {
	sbsign --key "$(own_key)" --cert "$snakeoil.pem" --output "$2" "$1" >/dev/null 2>&1 ||
		fail "sbsign failed on $1" 1
}

# unsigned IN OUT: the image without any signature.
unsigned() {
	install -m 644 "$1" "$2"
	sbattach --remove "$2" >/dev/null 2>&1 || fail "sbattach failed on $1" 1
}
