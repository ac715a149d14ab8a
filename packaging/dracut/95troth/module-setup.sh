#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The attester in an initramfs of dracut's: program, libraries, configuration and CA; attestation before
# the root file system is mounted. On a machine whose attester is configured.
# shellcheck disable=SC2154 # initdir and moddir are dracut's

attester=/usr/bin/troth-attester

check() {
	require_binaries "$attester" || return 1
	[[ -e ${dracutsysrootdir-}/etc/troth/attester.yaml ]]
}

depends() {
	echo base network
}

installkernel() {
	instmods tpm_tis tpm_crb tpm_tis_spi tpm_tis_i2c tpm_ibmvtpm tpm_ftpm_tee
}

install() {
	local root=${dracutsysrootdir-} config=/etc/troth/attester.yaml settings tcti ca
	settings=$("$root$attester" check-config --config "$root$config") || {
		dfatal "troth: $config is not usable"
		return 1
	}
	tcti=$(sed -n 's/^tcti=//p' <<<"$settings")
	ca=$(sed -n 's/^ca=//p' <<<"$settings")

	inst "$attester" /usr/bin/troth-attester
	# Opened by name when the TPM is: no tool sees it among the libraries.
	inst_libdir_file "libtss2-tcti-${tcti%%:*}.so.0*" ||
		dfatal "troth: no library for the tcti '$tcti'"
	inst_libdir_file "libgcc_s.so.1"
	[[ -r $root$ca ]] || dfatal "troth: the setting 'ca' of $config names no file"
	inst_simple "$ca"
	# Authorisations stay on the root file system: this image lies beside it for everybody to read.
	mkdir -p "$initdir/etc/troth"
	sed '/^\(owner\|endorsement\)_auth_file:/d' "$root$config" >"$initdir$config"
	inst_simple /etc/troth/boot.conf
	inst_simple /etc/hosts
	inst_multiple mount mkdir

	inst_hook cmdline 90 "$moddir/neednet.sh"
	inst_hook initqueue/online 50 "$moddir/attest.sh"
	inst_hook initqueue/finished 50 "$moddir/finished.sh"
	inst_hook pre-mount 01 "$moddir/require.sh"
}
