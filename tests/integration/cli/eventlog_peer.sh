#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# eventlog show beside tpm2_eventlog of tpm2-tools: the same events in the same registers with the
# same digests, the same variables, and the same PCR values replayed. Where that tool is known to
# be wrong (StartupLocality, padding, missing digests) its word is left out.
# usage: eventlog_peer.sh TROTHCTL FIXTURES
set -eu

trothctl=$1
fixtures=$2
for tool in tpm2_eventlog jq; do
    command -v "$tool" >/dev/null || { echo "$tool is not installed"; exit 77; }
done
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failures=0 compared=0

differ()
{
    echo "FAILED: $1: $2" >&2
    diff "$dir/ours" "$dir/theirs" | head -5 >&2
    failures=$((failures + 1))
}

# Theirs, as lines: PCR, type; the first record's digest is in no list.
events() { awk '/^- EventNum:/ { n++ } /^  PCRIndex:/ { pcr = $2 } /^  EventType:/ { print pcr, $2 }' "$dir/yaml"; }
digests() { awk '$1 == "-" && $2 == "AlgorithmId:" { alg = $3 } $1 == "Digest:" && alg == "'"$1"'" { gsub(/"/, "", $2); print $2 }' "$dir/yaml"; }
variables() { awk '$1 == "UnicodeName:" { print $2 }' "$dir/yaml"; }
values() { awk '/^pcrs:/ { on = 1 } on && /^  [a-z0-9]+:/ { bank = substr($1, 1, length($1) - 1) } on && bank == "'"$1"'" && /^    [0-9]+ *:/ { gsub(/0x/, "", $3); print $1, tolower($3) }' "$dir/yaml"; }

# Ours, everything in one go: a letter, then the line.
ours='"B \(.log.bank)", "F \(.log.format)", (.events[] |
    "E \(.pcr) \(.type | if startswith("EV_0x") then "EV_UNKNOWN" else . end)",
    (select(.index > 0 and .type != "EV_NO_ACTION" and .digest != null) | "D \(.digest)"),
    (.fields.variable | select(. != null) | "V \(.)"),
    (.fields.startup_locality | select(. != null and . != 0) | "L \(.)"))'
pick() { sed -n "s/^$1 //p" "$dir/lines"; }

# same WHAT: after theirs and ours were written.
same() { cmp -s "$dir/ours" "$dir/theirs" || differ "$log" "$1"; }

compare()
{
    log=$1
    tpm2_eventlog "$log" >"$dir/yaml" 2>"$dir/warnings" || return 0
    "$trothctl" eventlog show --format json "$log" 2>/dev/null | jq -r "$ours" >"$dir/lines" || return 0
    [ "$(pick F)" = crypto-agile ] || return 0
    bank=$(pick B)
    compared=$((compared + 1))
    pick E >"$dir/ours"
    events | sed 's/ Unknown$/ EV_UNKNOWN/' >"$dir/theirs"
    same "events"
    pick D >"$dir/ours"
    digests "$bank" | grep -v '^0*$' >"$dir/theirs" || true
    same "digests"
    pick V >"$dir/ours"
    variables >"$dir/theirs"
    same "variables"
    "$trothctl" eventlog replay "$log" | awk -F'\t' -v b="$bank" '$1 == b { print $2, $3 }' >"$dir/ours"
    values "$bank" | sort -n >"$dir/theirs"
    # tpm2_eventlog starts PCR 0 at zero whatever StartupLocality says.
    [ -z "$(pick L)" ] || sed -i '/^0 /d' "$dir/ours" "$dir/theirs"
    same "PCR values"
}

for log in "$fixtures"/*/binary_bios_measurements; do compare "$log"; done
if [ -n "${TROTH_TEST_DATA:-}" ]; then
    for log in "$TROTH_TEST_DATA"/eventlogs/*.bin; do compare "$log"; done
fi
[ "$compared" -ge 10 ] || { echo "only $compared logs were compared" >&2; exit 1; }
[ "$failures" = 0 ] || { echo "$failures differ"; exit 1; }
echo "$compared logs read alike"
