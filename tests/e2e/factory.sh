#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# examples/factory as its reader runs it: every step as it should be, and nothing left running.
#   factory.sh BIN TOP
set -euo pipefail
bin=$1 top=$2
for tool in swtpm swtpm_setup jq openssl curl python3; do
	command -v "$tool" >/dev/null || { echo "no $tool here" && exit 77; }
done
work=$(mktemp -d /tmp/troth-line.XXXXXX)
trap 'rm -rf -- "$work"' EXIT

"$top/examples/factory/run" --no-install --bin "$bin" --keep "$work/f" --json "$work/steps.json"
jq -e '.ok and (.steps | length) >= 35 and all(.steps[]; .expected == .actual)' "$work/steps.json" >/dev/null ||
	{ echo "the file says otherwise than the exit code" && exit 1; }
for denied in "403 audience" "403 method" "401 proof-used" "403 certificate-key" "403 certificate-revoked"; do
	jq -e --arg d "$denied" 'any(.steps[]; .actual == $d)' "$work/steps.json" >/dev/null ||
		{ echo "nobody met $denied" && exit 1; }
done
for process in /proc/[0-9]*; do
	command=$({ tr "\\0" " " <"$process/cmdline"; } 2>/dev/null) || continue
	[[ $command != *"$work/f"* ]] || { echo "left running: $command" && exit 1; }
done
