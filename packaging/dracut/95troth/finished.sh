#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# May the boot go on? Once there was an attempt, or when no interface came up in time.
troth_finished() {
	[ ! -e /run/troth-attester/.attempted ] || return 0
	TROTH_TIMEOUT=30
	# shellcheck source=/dev/null
	[ ! -e /etc/troth/boot.conf ] || . /etc/troth/boot.conf
	read -r now _ </proc/uptime
	now=${now%.*}
	mkdir -p /run/troth-attester
	[ -e /run/troth-attester/.since ] || echo "$now" >/run/troth-attester/.since
	read -r since </run/troth-attester/.since
	[ $((now - since)) -ge "$TROTH_TIMEOUT" ]
}
troth_finished
