#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The root file system is about to be mounted.
troth_require() {
	TROTH_REQUIRED=no
	# shellcheck source=/dev/null
	[ ! -e /etc/troth/boot.conf ] || . /etc/troth/boot.conf
	[ ! -e /run/troth-attester/cert.pem ] || return 0
	if [ "$TROTH_REQUIRED" = yes ]; then
		die "troth: this machine has no credential, and /etc/troth/boot.conf requires one"
	fi
	warn "troth: no credential; the boot goes on"
}
troth_require
