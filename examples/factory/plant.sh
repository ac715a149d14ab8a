# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# The plant that `run` tells a story of: its verifier, devices, services and gateway. Sourced by
# bash with `set -euo pipefail`, after `bin`, `top` and `work` are set. Everything is on loopback
# and below $work, and ends by its process id.
here=$top/examples/factory
setup=$top/swtpm-setup
domain=factory.example

boot_log=$top/tests/fixtures/bootvm/shim-sb-on/binary_bios_measurements
boot_ima=$top/tests/fixtures/bootvm/shim-sb-on/ima_binary

devices=() pids=()
declare -A attester_pid=()

switch_off() { # NAME
	"$setup/resource-manager" --dir "$work/$1" stop
	"$setup/device" --dir "$work/$1" stop
}

close_down() {
	local device
	[ ${#pids[@]} -eq 0 ] && [ ${#attester_pid[@]} -eq 0 ] ||
		kill "${pids[@]}" "${attester_pid[@]}" 2>/dev/null || true
	for device in "${devices[@]}"; do switch_off "$device" >/dev/null 2>&1 & done
	wait 2>/dev/null || true
}

# ---- devices ----

# boots NAME: a TPM in the state of a machine that has really booted, its logs beside it, and what
# a kernel has for many programs to share it
boots() {
	"$setup/boot" --bin "$bin" --dir "$work/$1" --ca-dir "$work/tpm-ca" --banks sha256,sha384 \
		--log "$boot_log" --ima "$boot_ima" >"$work/$1.boot"
	"$setup/resource-manager" --dir "$work/$1" start >"$work/$1/tpm"
}

power_on() { # NAME...: all at once
	local name booting=()
	for name in "$@"; do
		(boots "$name") &
		booting+=($!)
	done
	for name in "${booting[@]}"; do
		wait "$name" || fail "a device does not boot; see above" 1
	done
}

tpm() { sed -n "s/^$2=//p" "$work/$1/tpm"; } # NAME tcti|bus|libraries

# become NAME COMMAND...: runs it where that device's TPM is found, in place of this (sub)shell
become() {
	local name=$1 libraries
	shift
	libraries=$(tpm "$name" libraries)
	DBUS_SESSION_BUS_ADDRESS=$(tpm "$name" bus)
	LD_LIBRARY_PATH=${libraries:+$libraries:}${LD_LIBRARY_PATH-}
	export DBUS_SESSION_BUS_ADDRESS LD_LIBRARY_PATH
	exec "$@"
}
on() { (become "$@"); } # NAME COMMAND...

configure_device() { # NAME
	cat >"$work/$1/attester.yaml" <<END
tcti: "$(tpm "$1" tcti)"
state_dir: $work/$1/state
run_dir: $work/$1/run
log: $work/$1/eventlog
ima: $work/$1/ima
verifier: https://localhost:${port:-1}
ca: $work/state/tls/ca.crt
END
}

device_id() { # NAME
	on "$1" "$bin/troth-attester" provision --format json --config "$work/$1/attester.yaml" | jq -r .device_id
}

last_attempt() { stat -c %i.%y "$work/$1/run/status.json" 2>/dev/null || echo none; }
has_attempted() { [ "$(last_attempt "$1")" != "$2" ]; } # NAME BEFORE

# attest NAME: has its attester attest now (it would by itself, after two thirds of a certificate's
# life), and says how that ended: "issued", or "refused" and the first finding
attest() {
	local before
	before=$(last_attempt "$1")
	if [ -n "${attester_pid[$1]-}" ]; then
		kill -HUP "${attester_pid[$1]}"
	else
		become "$1" "$bin/troth-attester" run --config "$work/$1/attester.yaml" >>"$work/$1.attester.log" 2>&1 &
		attester_pid[$1]=$!
	fi
	wait_until 60 has_attempted "$1" "$before" || fail "$1 does not attest; see $work/$1.attester.log" 1
	outcome=$(jq -r '[.outcome, .reason // empty] | join(" ")' "$work/$1/run/status.json")
}

power_off() { # NAME: what was in memory is gone
	kill "${attester_pid[$1]}" && wait "${attester_pid[$1]}" 2>/dev/null || true
	unset "attester_pid[$1]"
	switch_off "$1" >/dev/null
	rm -rf -- "$work/$1/run"
}

# measure NAME PATH CONTENT: a program runs there that the image does not have
measure() {
	on "$1" "$setup/measure" --bin "$bin" --dir "$work/$1" --tcti "$(tpm "$1" tcti)" "$2" \
		"$(printf %s "$3" | sha256sum | cut -d' ' -f1)"
}

# use NAME [option...] METHOD URL [DOCUMENT]: what a program on that device does
use() {
	local name=$1
	shift
	TROTH_ATTESTER=$bin/troth-attester on "$name" "$here/call" --config "$work/$name/attester.yaml" \
		--ca "$work/gateway/ca.crt" --gateway "127.0.0.1:$gateway_port" "$@" >"$work/answer"
	outcome=$(head -n 1 "$work/answer")
}

# ---- the verifier ----

ctl() { "$bin/trothctl" "$@" --socket "$work/admin.sock"; }
fetch() { curl --silent --fail --cacert "$work/state/tls/ca.crt" "https://localhost:$port$1"; }
serving() { [ -s "$work/port" ] && ctl policy list >/dev/null 2>&1; }

# Allow-list of every program in the image: here of what the capture ran, in life of a directory
# (trothctl reference ima build /srv/images/line).
make_allow_list() {
	mkdir -p "$work/lists"
	"$bin/trothctl" ima show --format json "$boot_ima" |
		jq -r '.entries[] | select(.path | startswith("/")) | "\(.digest | ltrimstr("sha256:"))  \(.path)"' >"$work/sums"
	"$bin/trothctl" reference ima import "$work/sums" --source line-image \
		--output "$work/lists/line-image.digests" >/dev/null
}

# A gateway is known by the digest of its token.
make_callers() {
	local audience
	mkdir -p "$work/gateway"
	echo "callers:"
	for audience in historian drive; do
		openssl rand -hex 32 | tr -d '\n' >"$work/gateway/$audience.token"
		printf '  - name: line-%s\n    audience: %s\n    token_sha256: %s\n' "$audience" "$audience" \
			"$(sha256sum <"$work/gateway/$audience.token" | cut -d' ' -f1)"
	done
}

start_verifier() {
	make_allow_list
	mkdir -p "$work/roots" "$work/intermediates"
	cp "$work/tpm-ca/root.pem" "$work/roots/"
	cp "$work/tpm-ca/issuer.pem" "$work/intermediates/"
	cat >"$work/verifier.yaml" <<END
trust_domain: $domain
listen: 127.0.0.1:0
port_file: $work/port
state_dir: $work/state
admin_socket: $work/admin.sock
ek:
  roots: $work/roots
  intermediates: $work/intermediates
  inventory: $work/inventory
ima:
  lists: $work/lists
$(make_callers)
END
	rm -f "$work/port"
	"$bin/troth-verifier" init --config "$work/verifier.yaml" >"$work/verifier.log"
	"$bin/troth-verifier" serve --config "$work/verifier.yaml" >>"$work/verifier.log" 2>&1 &
	pids+=($!)
	wait_until 30 serving || fail "the verifier does not serve; see $work/verifier.log" 1
	port=$(<"$work/port")
}

# ---- the collector's services, and the gateway before them ----

make_gateway_certificate() {
	local d=$work/gateway
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -keyout "$d/ca.key" \
		-out "$d/ca.crt" -subj "/CN=plant servers" -addext basicConstraints=critical,CA:TRUE 2>/dev/null
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$d/tls.key" \
		-out "$d/tls.csr" -subj /CN=gateway 2>/dev/null
	openssl x509 -req -in "$d/tls.csr" -CA "$d/ca.crt" -CAkey "$d/ca.key" -days 30 -out "$d/tls.crt" \
		-extfile <(echo "subjectAltName=DNS:historian.$domain,DNS:drive.$domain") 2>/dev/null
}

configure_gateway() { # PORT
	local file
	for file in nginx authorize admit; do
		sed -e "s,@DIR@,$work/gateway,g" -e "s/@PORT@/$1/" -e "s/@VERIFIER_PORT@/$port/" \
			-e "s/@HISTORIAN_TOKEN@/$(<"$work/gateway/historian.token")/" \
			-e "s/@DRIVE_TOKEN@/$(<"$work/gateway/drive.token")/" \
			"$here/$file.conf" >"$work/gateway/$file.conf"
	done
}

accepts() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
accepts_or_ended() { accepts "$1" || ! kill -0 "$2" 2>/dev/null; }

# nginx chooses no port by itself: one is tried after the other.
start_gateway() {
	local try nginx as_root=()
	[ "$(id -u)" -ne 0 ] || as_root=(-g "user root;") # its directory is ours alone
	cp "$work/state/tls/ca.crt" "$work/gateway/verifier-ca.crt"
	fetch /v1/bundle >"$work/gateway/bundle.pem"
	make_gateway_certificate
	for try in 1 2 3 4 5 6 7 8; do
		gateway_port=$((20000 + (RANDOM + try) % 12000))
		! accepts "$gateway_port" || continue
		configure_gateway "$gateway_port"
		"$setup/peer" nginx -p "$work/gateway" -c "$work/gateway/nginx.conf" \
			-e "$work/gateway/error.log" "${as_root[@]}" 2>"$work/gateway/nginx.out" &
		nginx=$!
		wait_until 10 accepts_or_ended "$gateway_port" "$nginx" || true
		if kill -0 "$nginx" 2>/dev/null; then
			pids+=("$nginx")
			return 0
		fi
	done
	fail "nginx does not start; see $work/gateway/error.log and nginx.out" 1
}

start_services() {
	local service
	for service in historian drive; do
		python3 "$here/service.py" "$work/gateway/$service.sock" >"$work/$service.log" 2>&1 &
		pids+=($!)
	done
	wait_until 20 test -S "$work/gateway/historian.sock" -a -S "$work/gateway/drive.sock" ||
		fail "the services do not start; see $work/historian.log" 1
}
