#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# examples/refresh/troth-refresh against a real verifier: several at once, killed at the worst moment,
# and with a gateway that cannot be reloaded. usage: refresh.sh TROTH-VERIFIER TROTH-REFRESH
set -euo pipefail

verifier=$1 refresh=$2
for tool in curl openssl flock; do
	command -v "$tool" >/dev/null || { echo "no $tool here" && exit 77; }
done
dir=$(mktemp -d)
server='' failures=0
finish() {
	[ "$BASHPID" = $$ ] || return 0
	[ -z "$server" ] || kill "$server" 2>/dev/null || true
	rm -rf -- "$dir"
}
trap finish EXIT

fail() {
	failures=$((failures + 1))
	echo "FAILED: $1" >&2
	ls -lA "$dir/out" >&2
}

cat >"$dir/verifier.yaml" <<END
trust_domain: example.org
listen: 127.0.0.1:0
port_file: $dir/port
state_dir: $dir/state
admin_socket: $dir/admin.sock
END
"$verifier" init --config "$dir/verifier.yaml" >"$dir/log" 2>&1 || { cat "$dir/log" && exit 1; }
"$verifier" serve --config "$dir/verifier.yaml" >>"$dir/log" 2>&1 &
server=$!
for ((tries = 0; tries < 150; tries++)); do
	[ ! -s "$dir/port" ] || break
	sleep 0.2
done
[ -s "$dir/port" ] || { cat "$dir/log" && exit 1; }
url=https://localhost:$(<"$dir/port")

# run CODE [COMMAND...]
run() {
	local want=$1 code=0
	shift
	{ "$refresh" "$url" "$dir/state/tls/ca.crt" "$dir/out" "$@" 2>&3 || code=$?; } 3>"$dir/said" 2>/dev/null # the shell tells of kills
	[ "$code" = "$want" ] || { fail "exit $code, not $want: $(<"$dir/said")"; }
}
# tidy WHAT: what there is, and nothing else.
tidy() {
	local names
	names=$(cd "$dir/out" && find . -mindepth 1 -maxdepth 1 ! -name '.hashed.*' -printf '%P ' | xargs -n 1 | sort | xargs)
	[ "$names" = ".lock anchors.pem crl.pem hashed" ] || fail "$1: there is $names"
	[ "$(find "$dir/out" -mindepth 1 -maxdepth 1 -name '.hashed.*' | wc -l)" = 1 ] || fail "$1: not one .hashed"
	local linked=("$dir"/out/hashed/????????.0 "$dir"/out/hashed/????????.r0) # a root, a CRL
	if [ ! -s "${linked[0]}" ] || [ ! -s "${linked[1]}" ]; then fail "$1: hashed is not whole"; fi
}
times() { [ "$(wc -l <"$dir/commands")" = "$1" ] || fail "$2: COMMAND ran $(wc -l <"$dir/commands") times, not $1"; }
noted=(sh -c "echo ran >>'$dir/commands'")

mkdir "$dir/out"
: >"$dir/commands"
run 0 "${noted[@]}"
tidy "first"
times 1 "first"
run 0 "${noted[@]}"
times 1 "nothing new"

# ---- several at once: each finds what the one before has made ----

rm "$dir/out/crl.pem"
pids=()
for _ in 1 2 3 4; do
	"$refresh" "$url" "$dir/state/tls/ca.crt" "$dir/out" "${noted[@]}" 2>>"$dir/together" &
	pids+=($!)
done
for pid in "${pids[@]}"; do
	wait "$pid" || fail "one of four at once: $(<"$dir/together")"
done
tidy "four at once"
times 2 "four at once"

# ---- killed ----

rm "$dir/out/crl.pem"
# shellcheck disable=SC2016
run 137 sh -c 'kill -9 $PPID'
mkdir "$dir/out/.hashed.older"
run 0 "${noted[@]}"
tidy "after kill -9"
times 3 "what a killed one owes the gateway"
rm "$dir/out/crl.pem"
# shellcheck disable=SC2016
run 1 sh -c 'kill -TERM $PPID'
[ -z "$(find "$dir/out" -name '.new.*')" ] || fail "SIGTERM leaves files"
run 0 "${noted[@]}"
tidy "after SIGTERM"

# ---- a gateway that cannot be reloaded is told again ----

rm "$dir/out/crl.pem"
run 3 sh -c 'exit 3'
run 0 "${noted[@]}"
tidy "after a failed COMMAND"
times 5 "after a failed COMMAND"

# ---- what COMMAND leaves running does not hold the lock ----

rm "$dir/out/crl.pem"
run 0 sh -c "sleep 300 >/dev/null 2>&1 & echo \$! >'$dir/left'"
flock --nonblock "$dir/out/.lock" true || fail "the lock is held by what COMMAND has started"
kill "$(<"$dir/left")"

# ---- nowhere ----

rm -rf "$dir/out"
run 1
grep -q "no directory" "$dir/said" || fail "a missing directory: $(<"$dir/said")"

[ "$failures" -eq 0 ] || exit 1
echo "all passed"
