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
	# Loading it takes a TPM; whether it is there does not.
	[ -e "$(openssl version -m | cut -d '"' -f 2)/tpm2.so" ] || { echo "no tpm2-openssl here" && exit 77; }
}

# free_port NAME: sets the variable to a port that nobody listens on. Ports of one test differ.
free_port() {
	local candidate
	for _ in $(seq 100); do
		candidate=$((20000 + RANDOM % 12000))
		[[ " ${taken_ports-} " != *" $candidate "* ]] || continue
		(exec 9<>"/dev/tcp/127.0.0.1/$candidate") 2>/dev/null && continue
		taken_ports="${taken_ports-} $candidate"
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

# authorized TOKEN: the verifier knows the caller by now (a stranger gets 403, who asks nothing 401).
caller_known() { # TOKEN_FILE
	[ "$(curl -s -o /dev/null -w '%{http_code}' --cacert "$work/state/tls/ca.crt" \
		-H "Troth-Caller: $(<"$1")" "https://localhost:$port/v1/authorize")" = 401 ]
}
