#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A network interface is up: attests. What comes of it is in /run/troth-attester, which the booted system
# inherits.
troth_attest() {
	TROTH_TIMEOUT=30
	# shellcheck source=/dev/null
	[ ! -e /etc/troth/boot.conf ] || . /etc/troth/boot.conf
	[ -d /sys/kernel/security/tpm0 ] || mount -t securityfs none /sys/kernel/security 2>/dev/null
	troth-attester once --retry-for "${TROTH_TIMEOUT}s" --state-dir /run/troth-attester
	: >/run/troth-attester/.attempted
}
[ -e /run/troth-attester/cert.pem ] || troth_attest
