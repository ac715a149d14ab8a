#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A refused device is explained, and a verdict replayed, byte for byte, from what the real verifier
# stored; what was changed since is noticed.
#   explained.sh BIN TOP
# shellcheck source-path=SCRIPTDIR disable=SC2034,SC2154
set -euo pipefail
bin=$1 top=$2
# shellcheck source=../lib/stage.sh
. "$top/tests/lib/stage.sh"

boot_device good
boot_device bad --tamper boot-loader
on_inventory good bad
start_verifier
policy ek-certificate-and-inventory
expect 1 reference-missing -- troth-attester good once
ctl reference learn --device good --name base >/dev/null
expect 0 '' -- troth-attester good once
expect 1 unexpected-event -- troth-attester bad once

# is FILTER WHAT: of the JSON in $work/json
is() { jq -e "$1" "$work/json" >/dev/null || wrong "$2: not so: $1"; }
# says CODE TEXT COMMAND...: exit code, and a line on standard error
says() {
	local want=$1 text=$2 code=0
	shift 2
	"$@" >"$work/json" 2>"$work/err" || code=$?
	[ "$code" = "$want" ] || wrong "$*: exit code $code, not $want: $(cat "$work/err")"
	grep -q -- "$text" "$work/err" "$work/json" || wrong "$*: does not say '$text'"
}

# ---- explain ----

ctl explain --device bad --format json >"$work/json" || wrong "explain --device bad"
is '.verdict.tier == "contraindicated" and .as_stored' bad
is '.device.name == "bad" and .policy.name == "default" and .reference.name == "base"' bad
is '.deviations[0] | .edit == "changed" and .event.pcr == 4 and (.expected.digests.sha256 | length == 64)' bad
is '[.log[] | select(.deviates)] | length >= 1' bad
is '.deviations[0].event.index == ([.log[] | select(.deviates)][0].index)' bad
is '.proposals.accept.tier == "affirming"' bad
is '.verdict.trust["instance-identity"] == 2 and .verdict.trust.executables == 96' bad
is '.verdict.coverage.not_checked | length > 0' bad
says 0 'Refused: event [0-9]* of PCR 4' ctl explain --device bad
says 0 'class="bad"' ctl explain --device bad --format html
ctl explain --device good --format json >"$work/json" || wrong "explain --device good"
is '.verdict.tier == "affirming" and .cause == null and .deviations == [] and .as_stored' good
is '.verdict.trust == {"instance-identity":2,"configuration":2,"executables":3,"file-system":0,"hardware":2,"runtime-opaque":0,"storage-opaque":0,"sourced-data":0}' good
says 1 'No device' ctl explain --device nobody

# ---- replay ----

for name in good bad; do
	says 0 as-stored ctl replay --device "$name" --format json
	ctl verdict export "$name" --output "$work/$name.case"
	[ "$(stat -c %a "$work/$name.case")" = 600 ] || wrong "everybody may read $name.case"
	says 0 as-stored "$bin/trothctl" replay "$work/$name.case" --format json
	is ".binding_checked and .device == \"$name\" and .digest == .stored_digest" "$name"
done
"$bin/trothctl" explain "$work/bad.case" --format json >"$work/json"
is '.as_stored and .verdict.tier == "contraindicated"' 'from a file'

# What the proposal accepts, the verifier accepts.
"$bin/trothctl" explain "$work/bad.case" --write-reference "$work/both.json" >/dev/null
ctl reference put "$work/both.json" >/dev/null
expect 0 '' -- troth-attester bad once

# Policy and reference set of the time, not of today.
says 0 as-stored "$bin/trothctl" replay "$work/bad.case" --format json
is '.tier == "contraindicated"' 'the old case'
says 0 as-stored ctl replay --device bad --format json
is '.tier == "affirming"' 'the new one'

# ---- what was changed is noticed ----

# One byte changed, all over the case: noticed wherever something hangs on it.
size=$(stat -c %s "$work/bad.case")
unnoticed=0
for i in $(seq 1 60); do
	at=$((size * i / 61)) code=0
	byte=$(od -An -tu1 -j "$at" -N 1 "$work/bad.case")
	cp "$work/bad.case" "$work/damaged"
	# shellcheck disable=SC2059
	printf "\\x$(printf %02x $((byte ^ 1)))" | dd of="$work/damaged" bs=1 seek="$at" conv=notrunc status=none
	"$bin/trothctl" replay "$work/damaged" >"$work/json" 2>"$work/err" || code=$?
	case $code in
	0) unnoticed=$((unnoticed + 1)) ;; # a device's name, the time it came in
	1 | 2) ;;
	*) wrong "byte $at: exit code $code" ;;
	esac
done
[ "$unnoticed" -lt 10 ] || wrong "$unnoticed of 60 damaged cases were taken for sound"
head -c $((size - 1)) "$work/bad.case" >"$work/damaged"
says 1 'no exported appraisal' "$bin/trothctl" replay "$work/damaged"
: >"$work/damaged"
says 1 'no exported appraisal' "$bin/trothctl" replay "$work/damaged"

finish
