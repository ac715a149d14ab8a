#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What systemd's own tools say of the installed units: that they are sound, and how little of the
# machine each leaves to its program. usage: checked.sh BUILD SOURCE
set -euo pipefail

build=$1 source=$2
command -v systemd-analyze >/dev/null || { echo "no systemd-analyze here" && exit 77; }
dir=$(mktemp -d)
trap 'rm -rf -- "$dir"' EXIT
failures=0

fail() {
	printf 'FAILED: %s\n' "$1" >&2
	failures=$((failures + 1))
}

DESTDIR='' cmake --install "$build" --prefix "$dir" >"$dir/log" || { cat "$dir/log"; exit 1; }
units=$dir/lib/systemd/system
for unit in "$source"/packaging/systemd/*; do
	[ -s "$units/${unit##*/}" ] || fail "${unit##*/} is not installed"
done

said=$(systemd-analyze verify --man=no --recursive-errors=no "$units"/troth-* 2>&1) || fail "verify"
# Units of the machine the test runs on are not ours to judge.
said=$(grep -F "$units" <<<"$said" || true)
[ -z "$said" ] || fail "verify says: $said"

# exposed MOST UNIT: "exposure", 0.0 to 10.0, must not be above MOST.
exposed() {
	systemd-analyze security --no-pager --offline=yes --threshold="$(printf %.0f "$1e1")" \
		"$units/$2" >"$dir/out" 2>&1 || { tail -n 3 "$dir/out" && fail "$2 is exposed to more than $1"; }
	echo "$2: $(sed -n 's/^→ Overall exposure level.*: //p' "$dir/out")"
}
exposed 2.0 troth-attester.service
exposed 1.5 troth-attester-wait.service
exposed 2.5 troth-verifier.service

[ "$failures" -eq 0 ] || exit 1
echo "all passed"
