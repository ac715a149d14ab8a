#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A machine that has run 100,000 programs before it attests for the first time: its IMA list of 14 MB
# goes in parts, all of it is judged, and its renewals cost what is new.
#   ima_long.sh BIN TOP
# shellcheck source-path=SCRIPTDIR disable=SC2034,SC2154
set -euo pipefail
bin=$1 top=$2 entries=${3:-100000}
for tool in python3 sqlite3; do
	command -v "$tool" >/dev/null || { echo "no $tool here" && exit 77; }
done
# shellcheck source=../lib/stage.sh
. "$top/tests/lib/stage.sh"

capture=$top/tests/fixtures/bootvm/shim-sb-on/ima_binary
once() { # CODE WORDS
	expect "$1" "$2" -- troth-attester victim once --ima "$work/victim/ima"
}

mkdir "$work/lists"
cp "$capture" "$work/list"
"$bin/trothctl" ima show --format json "$capture" | jq -r \
	'.entries[] | select(.path | startswith("/")) | "\(.digest | ltrimstr("sha256:"))  \(.path)"' >"$work/sums"
"$top/swtpm-setup/ima_many.py" 0 "$entries" "$work/list" "$work/sums"
"$bin/trothctl" reference ima import "$work/sums" --source capture --output "$work/lists/base.digests" >/dev/null
[ "$(stat -c %s "$work/list")" -gt $((entries * 140)) ] || wrong "the list is short"

boot_device victim --ima "$work/list"
on_inventory victim
more_settings=$'ima:\n  lists: '"$work/lists"
start_verifier
cat >"$work/policy.yaml" <<'END'
name: default
segment: line-1
pcrs:
  sha256: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 14]
  sha384: [10]
secure_boot: required
reference: base
enrolment: ek-certificate-and-inventory
approve: automatic
ima:
  allow: [ { list: base } ]
END
ctl policy apply "$work/policy.yaml" >/dev/null

# All of it is proven and judged with the first attestation, in both banks: nothing in it is amiss.
once 1 reference-missing
verdict=$(ctl verdict show victim --format json)
[ "$(jq .verdict.coverage.ima_checked <<<"$verdict")" = true ] || wrong "coverage does not say that IMA was checked"
[ "$(jq '[.verdict.findings[] | select(.code | startswith("ima-"))] | length' <<<"$verdict")" = 0 ] ||
	wrong "the list has findings: $verdict"
ctl reference learn --device victim --name base >/dev/null
record_bytes() { sqlite3 "$work/state/troth.db" "SELECT max(length(record)) FROM evidence WHERE affirming = $1"; }

# What is kept is the last part and what was known before it: that is enough for the same verdict.
[ "$(record_bytes 0)" -lt 1200000 ] || wrong "the record has $(record_bytes 0) bytes"
ctl verdict export victim --output "$work/victim.case" >/dev/null
"$bin/trothctl" replay "$work/victim.case" --ima-lists "$work/lists" >"$work/out" 2>&1 ||
	{ wrong "the verdict is not the stored one" && cat "$work/out"; }
"$bin/trothctl" replay "$work/victim.case" >"$work/out" 2>&1 ||
	{ wrong "the verdict is not the stored one by what the case has of the lists" && cat "$work/out"; }
echo "the case has $(stat -c %s "$work/victim.case") bytes, the lists $(du -sb "$work/lists" | cut -f 1)"

once 0 ''
[ "$(record_bytes 1)" -lt 10000 ] || wrong "a renewal sent $(record_bytes 1) bytes"
echo "$entries entries, first record $(record_bytes 0) bytes, of a renewal $(record_bytes 1)"

# Another policy judges all of it anew; what it does not allow is in the first part.
sed -i 's,{ list: base },{ list: base\, under: [ /usr/lib/x86_64-linux-gnu ] },' "$work/policy.yaml"
ctl policy apply "$work/policy.yaml" >/dev/null
once 1 ima-unknown-file
event=$(ctl verdict show victim --format json | jq '[.verdict.findings[] | select(.code == "ima-unknown-file")][0].event')
[ "$event" -lt 100 ] || wrong "the first finding is of entry $event"

finish
