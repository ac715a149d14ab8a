# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the guides of gateways have in common: a verifier, the healthy device sensor-1, whose attester
# runs, and their programs and addresses. Sourced after `bin` and `top` are set.
# shellcheck disable=SC2154
# shellcheck source=../lib/stage.sh
. "$top/tests/lib/stage.sh"
# shellcheck source=guide.sh
. "$top/tests/guides/guide.sh"

attester_pid='' server_pids=()

# Also what a guide has started.
end_all() {
	[ "$BASHPID" = $$ ] || return 0
	local pid
	for pid in "${server_pids[@]}" $attester_pid $(cat "$work"/pids/* 2>/dev/null || true); do
		kill "$pid" 2>/dev/null || true
	done
	"$top/swtpm-setup/resource-manager" --dir "$work/sensor-1" stop >/dev/null 2>&1 || true
	strike
}
trap end_all EXIT

# needs PROGRAM: 77 when it is not there.
needs() {
	local code=0
	"$top/swtpm-setup/peer" "$1" -v >/dev/null 2>"$work/peer" || code=$?
	[ "$code" != 77 ] || { cat "$work/peer" && exit 77; }
	needs_tpm2_provider
}

# Loading it takes a TPM; whether it is there does not.
needs_tpm2_provider() {
	[ -e "$(openssl version -m | cut -d '"' -f 2)/tpm2.so" ] || { echo "no tpm2-openssl here" && exit 77; }
}

# free_port NAME: sets the variable to a port that nobody listens on. Tests that run at once try other
# ones; below what the kernel gives to clients.
next_port=$((20000 + $$ % 1000 * 12))
free_port() {
	local candidate tries
	for ((tries = 0; tries < 12; tries++)); do
		candidate=$((next_port++))
		! listens "$candidate" || continue
		printf -v "$1" '%s' "$candidate"
		return 0
	done
	wrong "no free port" && exit 1
}

listens() { (exec 9<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; } # PORT

# ---- verifier and device ----

stage_gateway() { # policy settings on standard input
	boot_device sensor-1
	on_inventory sensor-1
	more_settings=${more_settings-} start_verifier
	policy ek-certificate-and-inventory
	expect 1 reference-missing -- troth-attester sensor-1 once
	ctl reference learn --device sensor-1 --name base >/dev/null
	sleep 1 # credentials know whole seconds: one of the second of a failure counts as older
	run_attester sensor-1
	manage_tpm sensor-1
}

run_attester() { # DEVICE
	options_of "$1"
	"$bin/troth-attester" run "${options[@]}" >"$work/$1.log" 2>&1 &
	attester_pid=$!
	wait_until 60 test -S "$work/$1/run/proof.sock" -a -s "$work/$1/run/ear.jwt" ||
		{ wrong "the attester has no credentials" && cat "$work/$1.log" && exit 1; }
}

# The TPM for other programs, once the attester has let go of it.
manage_tpm() { # DEVICE
	local line
	"$top/swtpm-setup/resource-manager" --dir "$work/$1" start >"$work/manager"
	while IFS= read -r line; do
		case $line in
		tcti=*) tpm_environment=("TPM2OPENSSL_TCTI=${line#*=}") ;;
		bus=*) tpm_environment+=("DBUS_SESSION_BUS_ADDRESS=${line#*=}") ;;
		libraries=*) tpm_environment+=("LD_LIBRARY_PATH=${line#*=}") ;;
		esac
	done <"$work/manager"
}

# The service behind the gateway, at $service.
start_service() {
	/usr/bin/python3 "$top/tests/guides/service.py" "$service" 2>"$work/service.log" &
	server_pids+=($!)
	wait_until 20 listens "$service" || wrong "the service does not start"
}

# ---- the guide's programs and addresses ----

# A reader's `systemctl VERB UNIT`, with what this test runs in the unit's place: server_VERB, and
# HUP for the verifier.
write_systemctl() {
	cat >"$work/systemctl" <<END
#!/bin/bash
set -euo pipefail
unit=\${*: -1}
[ "\$unit" != troth-verifier ] || exec kill -HUP $verifier_pid
exec "$work/server" "\$1"
END
	chmod +x "$work/systemctl"
}

tell_guide() {
	write_systemctl
	program systemctl "$work/systemctl"
	program trothctl "$bin/trothctl" --socket "$work/admin.sock"
	options_of sensor-1
	printf '%s\n' '#!/bin/bash' "exec $(printf '%q ' "$bin/troth-attester") \"\$@\" $(printf '%q ' "${options[@]}")" \
		>"$work/attester" && chmod +x "$work/attester"
	program troth-attester "$work/attester"
	program curl env "${tpm_environment[@]}" "$(command -v curl)"
	program openssl env "${tpm_environment[@]}" "$(command -v openssl)"
	program troth-refresh "$top/examples/refresh/troth-refresh"
	stands_for verifier.example.org:8443 "localhost:$port"
	stands_for verifier.example.org localhost
	stands_for /etc/troth/verifier.yaml "$work/verifier.yaml"
	stands_for /etc/troth/verifier-ca.crt "$work/state/tls/ca.crt"
	stands_for /etc/troth "$work/etc/troth"
	stands_for /run/troth-attester "$work/sensor-1/run"
	stands_for example.org attack.example
	mkdir -p "$work/etc/troth" "$work/pids"
	cp "$top/examples/device/tpm2-openssl.cnf" "$work/etc/troth/"
}

case_of() { echo "- $1"; }

serial_of() { openssl x509 -in "$work/$1/run/cert.pem" -noout -serial | cut -d= -f2; } # DEVICE

on_crl() { # DEVICE
	curl -s --cacert "$work/state/tls/ca.crt" "https://localhost:$port/v1/crl" |
		openssl crl -inform DER -noout -text | grep -q "$(serial_of "$1")"
}

# Released from quarantine, sensor-1 attests anew.
renew() {
	ctl device release sensor-1 >/dev/null
	attest_again
}

attest_again() {
	kill "$attester_pid" && wait "$attester_pid" || true
	"$top/swtpm-setup/resource-manager" --dir "$work/sensor-1" stop >/dev/null
	rm -f "$work/sensor-1/run/ear.jwt"
	run_attester sensor-1
	manage_tpm sensor-1
}

# ---- calls to https://localhost:$web, whose certificate is $web_ca ----

# call PATH [options]: prints the status
call() {
	curl -s --max-time 20 --cacert "$web_ca" -w '%{http_code}' "https://localhost:$web$1" "${@:2}"
}

as_device() { # PATH [options]
	env "${tpm_environment[@]}" OPENSSL_CONF="$work/etc/troth/tpm2-openssl.cnf" curl -s --max-time 20 \
		--cacert "$web_ca" --cert "$work/sensor-1/run/cert.pem" --key "$work/sensor-1/run/key.pem" \
		-w '%{http_code}' "https://localhost:$web$1" "${@:2}"
}

proof() { # METHOD URL [options]: headers into $work/headers
	"$work/attester" proof "$@" >"$work/headers"
}

fresh_nonce() { call / -o /dev/null -D - | sed -n 's/^DPoP-Nonce: \([^\r]*\)\r*$/\1/Ip'; }

is() { # WANTED WHAT CALL...
	local got
	got=$("${@:3}" -o "$work/body") || true
	[ "$got" = "$1" ] || { wrong "$2: $got, wanted $1" && cat "$work/body"; }
}

told_service() { # WHAT
	[ "$(<"$work/body")" = "points for sensor-1 of line-1" ] || wrong "$1: the service was told $(<"$work/body")"
}

# What clients may try with any gateway that asks as nginx does.
try_headers() {
	local certificate
	certificate=$(openssl x509 -in "$work/sensor-1/run/cert.pem" -outform DER | base64 -w 0)
	case_of "nobody is let in for headers of his own making"
	is 401 "somebody else's certificate as Client-Cert" call / -H "Client-Cert: :$certificate:"
	is 401 "the same as Envoy has it" call / -H "X-Forwarded-Client-Cert: Cert=\"$certificate\""
	is 401 "a caller's token" call / -H "Troth-Caller: $1" -H "Client-Cert: :$certificate:"
	is 200 "names of the client's choice" as_device / -H 'Troth-Device: pump' -H 'Troth-Segment: safe'
	told_service "names of the client's choice"
}

try_calls() { # STATUS of a call to another host
	local here=https://localhost:$web
	case_of "method and address are the gateway's word"
	is 403 "a method that the policy does not allow" as_device / -X DELETE
	is 403 "the same, called otherwise" as_device / -X DELETE -H 'X-Original-Method: GET'
	proof GET "$here/v1/points" --nonce "$(fresh_nonce)"
	is 401 "a proof for another address" call /v1/other -H "@$work/headers"
	is 401 "the same, called otherwise" call /v1/other -H "@$work/headers" -H "X-Original-URL: $here/v1/points"
	is 401 "a proof for another method" call /v1/points -H "@$work/headers" -d points
	is 401 "a proof beside another" call /v1/points -H "@$work/headers" -H 'DPoP: x'
	is 200 "a proof for this call" call /v1/points -H "@$work/headers"
	told_service "a proof for this call"
	proof GET https://elsewhere.example/v1/points --nonce "$(fresh_nonce)"
	is "$1" "a proof for another host, by its name" call /v1/points -H "@$work/headers" -H 'Host: elsewhere.example'
}

try_races() {
	local i racers=()
	case_of "a proof sent four times at once counts once"
	proof GET "https://localhost:$web/race" --nonce "$(fresh_nonce)"
	for i in 1 2 3 4; do
		call /race -H "@$work/headers" -o /dev/null >"$work/race.$i" &
		racers+=($!)
	done
	wait "${racers[@]}"
	[ "$(cat "$work"/race.? | fold -w 3 | sort | uniq -c | tr -s ' \n' ' ')" = ' 1 200 3 401 ' ] ||
		wrong "four at once: $(cat "$work"/race.?)"
}

try_without_verifier() { # STATUS
	case_of "no verifier, no answer"
	kill "$verifier_pid" && wait "$verifier_pid" || true
	verifier_pid=''
	is "$1" "without a verifier" as_device /
}

# shows GUIDE INFO FILE: the block of the guide is the file, but for its first line.
shows() {
	awk -v info="\`\`\`$2" '$0 == info { on = 1; next } /^```/ { on = 0 } on' "$1" >"$work/shown"
	tail -n +2 "$3" | diff - "$work/shown" >"$work/differs" ||
		{ wrong "$1 does not show $3 as it is" && cat "$work/differs"; }
}

# A server's certificate for localhost and names, of an authority of its own: DIR/NAME.crt, .key, ca.crt.
make_server_certificate() { # DIR NAME
	mkdir -p "$1"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$2" \
		-addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' -addext 'basicConstraints=critical,CA:FALSE' \
		-keyout "$1/$2.key" -out "$1/$2.crt" 2>/dev/null
}

# The verifier knows the caller by now (a stranger gets 403, who asks nothing 401).
caller_known() { # TOKEN_FILE
	[ "$(curl -s -o /dev/null -w '%{http_code}' --cacert "$work/state/tls/ca.crt" \
		-H "Troth-Caller: $(<"$1")" "https://localhost:$port/v1/authorize")" = 401 ]
}
