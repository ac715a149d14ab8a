#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The power goes while a device provisions, enrols or renews: attester and TPM end at once, at a random
# moment. The next boot gets a credential without anybody's hands, and the TPM keeps nothing that a
# device left alone would not have.
#   power_cut.sh BIN TOP [ROUNDS]
# shellcheck source-path=SCRIPTDIR disable=SC2034,SC2154
set -euo pipefail
bin=$1 top=$2 rounds=${3:-20}
# shellcheck source=../lib/stage.sh
. "$top/tests/lib/stage.sh"
command -v tpm2_getcap >/dev/null || { echo "no tpm2-tools here" && exit 77; }

works=(provisioning enrolment renewal)
tpm2() { TPM2TOOLS_TCTI=swtpm:path=$work/$1/sock "${@:2}"; }

# All that a TPM holds: objects and sessions loaded, persistent objects, NV indices.
held() { # DEVICE
	local kind
	for kind in transient loaded-session saved-session persistent nv-index; do
		printf '%s: %s\n' "$kind" "$(tpm2 "$1" tpm2_getcap "handles-$kind" | tr -d '\n')"
	done
}

# Brings a device to where the work begins, and names the attester's command for it.
ready() { # WORK
	case $1 in
	provisioning) tpm2 "$1" tpm2_evictcontrol -Q -C o -c 0x81000001 && verb=provision ;;
	# What the TPM keeps lies beside it.
	enrolment) rm -rf -- "$work/$1/state/device.json" "$work/$1/run" && verb=once ;;
	renewal) verb=once ;;
	esac
}

milliseconds() { date +%s%3N; }

# How long the work takes when it is left alone.
measure() { # WORK
	local begun
	ready "$1"
	begun=$(milliseconds)
	run_program troth-attester "$1" "$verb" || wrong "$1: exit $?"
	echo $(($(milliseconds) - begun))
}

# The end of both at once; the attester may have been faster.
cut() { # WORK PID
	kill -KILL "$(<"$work/$1/swtpm.pid")" "$2" 2>/dev/null || true
	wait "$2" 2>/dev/null || true
}

strike_at() { # WORK MILLISECONDS
	local pid
	ready "$1"
	options_of "$1"
	"$bin/troth-attester" "$verb" "${options[@]}" >"$work/out" 2>&1 &
	pid=$!
	sleep "$(printf '%d.%03d' $(($2 / 1000)) $(($2 % 1000)))"
	cut "$1" "$pid"
}

round() { # NUMBER
	local name=${works[$1 % ${#works[@]}]} at
	at=$((RANDOM % (${takes[$name]} + 1)))
	strike_at "$name" "$at"
	boot_device "$name"
	expect 0 'outcome=issued' -- troth-attester "$name" once
	[ "$(held "$name")" = "${whole[$name]}" ] ||
		wrong "after a cut at $at ms of $name the TPM holds"$'\n'"$(held "$name")"
}

for name in "${works[@]}"; do
	boot_device "$name"
	on_inventory "$name"
done
start_verifier
policy ek-certificate-and-inventory
expect 1 reference-missing -- troth-attester renewal once
ctl reference learn --device renewal --name base >/dev/null

declare -A takes whole
for name in "${works[@]}"; do
	expect 0 'outcome=issued' -- troth-attester "$name" once
	takes[$name]=$(measure "$name")
	boot_device "$name"
	whole[$name]=$(held "$name")
done
for ((i = 0; i < rounds; i++)); do
	round "$i"
done
echo "$rounds cuts, at random moments of $(for name in "${works[@]}"; do printf '%s (%s ms) ' "$name" "${takes[$name]}"; done)"
finish
