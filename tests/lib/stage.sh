# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A real verifier and emulated devices, for scripts that attack, update or measure them. Sourced by
# bash with `set -euo pipefail`, after `bin` and `top` are set: where programs and source tree are.
# shellcheck source=../../swtpm-setup/lib.sh
. "$top/swtpm-setup/lib.sh"

for tool in swtpm swtpm_setup jq openssl curl; do
	command -v "$tool" >/dev/null || { echo "no $tool here" && exit 77; }
done

work=$(mktemp -d /tmp/troth-attack.XXXXXX)
boot_log=$top/tests/fixtures/bootvm/shim-sb-on/binary_bios_measurements
devices=() verifier_pid='' failures=0

strike() {
	local device
	[ "$BASHPID" = $$ ] || return 0
	[ -z "$verifier_pid" ] || kill "$verifier_pid" 2>/dev/null || true
	for device in "${devices[@]}"; do
		"$top/swtpm-setup/device" --dir "$work/$device" stop >/dev/null 2>&1 || true
	done
	wait 2>/dev/null || true
	[ "$failures" -ne 0 ] || rm -rf -- "$work"
}
trap strike EXIT

wrong() {
	failures=$((failures + 1))
	echo "WRONG: $*"
}

# ---- devices ----

boot_device() { # NAME [boot options]
	local name=$1
	shift
	devices+=("$name")
	"$top/swtpm-setup/boot" --bin "$bin" --dir "$work/$name" --ca-dir "$work/tpm-ca" \
		--banks sha256,sha384 --log "$boot_log" "$@" >"$work/$name.boot"
}

# run_program PROGRAM DEVICE COMMAND [options]: output in $work/out; its exit code.
run_program() {
	local program=$1 name=$2
	shift 2
	options_of "$name"
	"$bin/$program" "$@" "${options[@]}" >"$work/out" 2>&1
}

options_of() { # DEVICE: sets `options`
	options=(--tcti "swtpm:path=$work/$1/sock" --state-dir "$work/$1/state" --run-dir "$work/$1/run"
		--log "$work/$1/eventlog" --verifier "https://localhost:${port:-1}"
		--ca "$work/state/tls/ca.crt")
}

device_id() { # NAME [options]
	run_program troth-attester "$1" provision "${@:2}"
	sed -n 's/^device: *//p' "$work/out"
}

on_inventory() { # NAME...
	local name
	for name in "$@"; do
		printf '%s %s\n' "$(device_id "$name")" "$name" >>"$work/inventory"
	done
}

ctl() { "$bin/trothctl" "$@" --socket "$work/admin.sock"; }

# ---- what is stored ----

leaves() { ctl audit list --format json | jq '.leaves | length'; }

# One text: devices with their versions and states, and the number of leaves.
store() { ctl device list --format json | jq -cS .; leaves; }

field() { ctl device show "$1" --format json | jq -r "$2"; } # DEVICE FILTER

# Kinds and names of the leaves from index on, one a line.
leaves_from() {
	ctl audit list --format json |
		jq -r --argjson from "$1" '.leaves[] | select(.index >= $from) | .leaf' |
		awk '/^kind /{k=$2} /^name /{n=$2} /^detail /{print k, n, $2}'
}

# ---- the verifier ----

serving() { [ -s "$work/port" ] && ctl policy list >/dev/null 2>&1; }

# start_verifier POLICY: policy text on standard input
start_verifier() {
	mkdir -p "$work/roots" "$work/intermediates"
	cp "$work/tpm-ca/root.pem" "$work/roots/"
	cp "$work/tpm-ca/issuer.pem" "$work/intermediates/"
	cat >"$work/verifier.yaml" <<END
trust_domain: attack.example
listen: 127.0.0.1:0
port_file: $work/port
state_dir: $work/state
admin_socket: $work/admin.sock
ek:
  roots: $work/roots
  intermediates: $work/intermediates
  inventory: $work/inventory
${more_settings-}
END
	"$bin/troth-verifier" init --config "$work/verifier.yaml" >"$work/verifier.log" 2>&1
	"$bin/troth-verifier" serve --config "$work/verifier.yaml" >>"$work/verifier.log" 2>&1 &
	verifier_pid=$!
	wait_until 20 serving || { wrong "the verifier does not serve" && exit 1; }
	port=$(<"$work/port")
}

policy() { # ENROLMENT
	cat >"$work/policy.yaml" <<END
name: default
segment: line-1
pcrs:
  sha256: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 14]
secure_boot: required
reference: base
enrolment: $1
approve: automatic
END
	ctl policy apply "$work/policy.yaml" >/dev/null
}

# expect CODE WORDS -- PROGRAM DEVICE COMMAND...: exit code and what is said
expect() {
	local want=$1 words=$2 code=0
	shift 3
	run_program "$@" || code=$?
	[ "$code" = "$want" ] || { wrong "$*: exit $code, wanted $want" && cat "$work/out"; }
	grep -q -- "$words" "$work/out" || { wrong "$*: nobody says '$words'" && cat "$work/out"; }
}

finish() {
	[ "$failures" -eq 0 ] || { echo "$failures wrong; see $work" && exit 1; }
	exit 0
}
