#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Devices talk to each other with the keys in their TPMs, and each refuses whoever is of another
# segment, in quarantine, retired, or a thief; also while no verifier answers, until its last word
# ends. The programs are examples/device_to_device.
#   device_to_device.sh BIN TOP
# shellcheck source-path=SCRIPTDIR disable=SC2034,SC2154,SC2317
set -euo pipefail
bin=$1 top=$2
# shellcheck source=../../lib/stage.sh
. "$top/tests/lib/stage.sh"

case_of() { echo "- $1"; }
started=()
tidy() {
	local name
	[ "$BASHPID" = $$ ] || return 0 # a subshell that fails is not the end
	[ ${#started[@]} -eq 0 ] || kill "${started[@]}" 2>/dev/null || true
	for name in "${devices[@]}"; do
		"$top/swtpm-setup/resource-manager" --dir "$work/$name" stop >/dev/null 2>&1 || true
	done
	strike
}
trap tidy EXIT

# ---- on a device: what shares its TPM ----

start_manager() { # NAME: on_NAME then runs something with that TPM
	"$top/swtpm-setup/resource-manager" --dir "$work/$1" start >"$work/$1.manager" 2>"$work/out" ||
		{ echo "skipped: no resource manager (swtpm-setup/install-deps test)" && exit 77; }
}

manager() { sed -n "s/^$2=//p" "$work/$1.manager"; } # NAME KEY

on() { # NAME COMMAND...
	local name=$1 libraries
	shift
	libraries=$(manager "$name" libraries)
	exec env DBUS_SESSION_BUS_ADDRESS="$(manager "$name" bus)" TPM2OPENSSL_TCTI="$(manager "$name" tcti)" \
		LD_LIBRARY_PATH="${libraries:+$libraries:}${LD_LIBRARY_PATH-}" "$@"
}

attester() { # NAME COMMAND
	options_of "$1"
	on "$1" "$bin/troth-attester" "$2" --config "$work/attester.yaml" "${options[@]}" \
		--tcti "$(manager "$1" tcti)"
}

keep_fresh() { # NAME
	attester "$1" run >>"$work/$1.log" 2>&1 &
	started+=($!)
	wait_until 60 [ -s "$work/$1/run/peers/status" ] ||
		{ wrong "$1 has nothing to judge others by" && cat "$work/$1.log"; }
}

serve() { # NAME: on a port of its own, for devices of line-1
	on "$1" "$bin/device_server" "$work/$1/run" attack.example line-1 127.0.0.1:0 \
		>"$work/$1.server" 2>&1 &
	started+=($!)
	wait_until 30 grep -q '^listening' "$work/$1.server" ||
		{ wrong "$1 does not serve" && cat "$work/$1.server"; }
}

address() { sed -n 's/^listening on //p' "$work/$1.server"; }

# ---- a connection ----

call() { # CALLER CALLED: what both say, in one line
	local lines code=0
	lines=$(wc -l <"$work/$2.server")
	(on "$1" timeout 60 "$bin/device_client" "$work/$1/run" attack.example line-1 "$(address "$2")") \
		>"$work/said" 2>&1 || code=$?
	wait_until 20 longer "$work/$2.server" "$lines" || true
	heard="$code $(sed 's/:.*//' "$work/said" | tr '\n' ',') $(tail -n +"$((lines + 1))" "$work/$2.server" | tail -1)"
}

longer() { [ "$(wc -l <"$1")" -gt "$2" ]; }

talks() { # CALLER CALLED WANTED: a pattern for exit code, what the caller says, what the called says
	call "$1" "$2"
	# shellcheck disable=SC2053
	[[ $heard == $3 ]] || wrong "$1 to $2: wanted '$3', got '$heard' ($(cat "$work/said"))"
}

comes_to() { # CALLER CALLED WANTED: the same, as soon as the news has come
	local tries=120
	# shellcheck disable=SC2053
	while call "$1" "$2" && [[ $heard != $3 ]] && [ "$tries" -gt 0 ]; do
		tries=$((tries - 1))
		sleep 0.5
	done
	talks "$@"
}

# ---- the verifier goes and comes ----

verifier_down() {
	kill -9 "$verifier_pid"
	wait "$verifier_pid" 2>/dev/null || true
	verifier_pid=
}

verifier_back() { # LIFE: how long what it says of devices is good; where they look for it
	sed -i -e "s/^listen: .*/listen: 127.0.0.1:$port/" -e '/^status_life:/d' "$work/verifier.yaml"
	echo "status_life: $1" >>"$work/verifier.yaml"
	"$bin/troth-verifier" serve --config "$work/verifier.yaml" >>"$work/verifier.log" 2>&1 &
	verifier_pid=$!
}

ends_soon() { # NAME: what it judges others by is good for 20 s at most
	local ends
	ends=$(sed -n '1s/^[^.]*\.\([^.]*\)\..*/\1==/p' "$work/$1/run/peers/status" | tr -- -_ +/ |
		base64 -d 2>/dev/null | jq .exp 2>/dev/null) || true
	[ -n "$ends" ] && [ "$ends" -le $(($(date +%s) + 20)) ]
}

id() { printf 'spiffe://attack.example/%s/%s' "$1" "$2"; }
welcome() { printf '0 admitted spiffe,welcome, admitted %s' "$(id line-1 "$1")"; } # CALLER

# ---- a verifier, and four devices of it ----

echo 'peer_refresh: 1s' >"$work/attester.yaml"
for name in press-1 press-2 press-3 gauge; do
	boot_device "$name"
	start_manager "$name"
done
on_inventory press-1 press-2 press-3
start_verifier
policy ek-certificate-and-inventory
(attester press-1 once) >"$work/out" 2>&1 || true
ctl reference learn --device press-1 --name base >/dev/null
(attester gauge once) >"$work/out" 2>&1 || true
ctl device approve "$(device_id gauge)" --name gauge --segment line-2 >/dev/null
for name in press-1 press-2 press-3 gauge; do keep_fresh "$name"; done
for name in press-1 press-2 gauge; do serve "$name"; done

# As soon as: a device that started first has its first news from before the others were healthy.
case_of "healthy devices of one line talk, in both directions"
comes_to press-2 press-1 "$(welcome press-2)"
comes_to press-1 press-2 "$(welcome press-1)"

case_of "another line is refused by whoever is called, and by whoever calls"
comes_to gauge press-1 "1 admitted spiffe,the other side has refused this device, refused segment:*"
comes_to press-1 gauge "1 refused segment, refused handshake:*"
comes_to press-3 press-1 "$(welcome press-3)"

case_of "a certificate is nothing without the key in its TPM"
steal() { # a private key of its own that claims to be the public one of press-3
	local point
	point=$(openssl x509 -in "$work/press-3/run/cert.pem" -noout -pubkey | openssl pkey -pubin -outform DER | tail -c 65 | xxd -p -c 65)
	openssl ecparam -name prime256v1 -genkey -noout -outform DER | xxd -p -c 200 |
		sed "s/..\{129\}\$/$point/" | xxd -r -p | openssl ec -inform DER -out "$work/stolen.key" 2>/dev/null
}
steal
timeout 60 openssl s_client -connect "$(address press-1)" -cert "$work/press-3/run/cert.pem" \
	-cert_chain "$work/press-3/run/cert.pem" -key "$work/stolen.key" -quiet </dev/null >"$work/said" 2>&1 || true
wait_until 20 grep -q 'refused handshake: bad signature' "$work/press-1.server" ||
	{ wrong "a stolen certificate" && cat "$work/said" "$work/press-1.server"; }
grep -q welcome "$work/said" && wrong "a thief is greeted"

case_of "in quarantine a device is refused by all, whoever calls"
ctl device quarantine press-2 >/dev/null
barred="1 admitted spiffe,the other side has refused this device, refused @(certificate-revoked|quarantined):*"
comes_to press-2 press-1 "$barred"
comes_to press-1 press-2 "1 refused @(certificate-revoked|quarantined), refused handshake:*"

case_of "all that holds while the verifier is down"
verifier_down
talks press-3 press-1 "$(welcome press-3)"
talks press-2 press-1 "$barred"
talks gauge press-1 "1 admitted spiffe,the other side has refused this device, refused segment:*"

case_of "until its last word ends"
verifier_back 20s
for name in press-1 press-3 gauge; do wait_until 60 ends_soon "$name" || wrong "$name hears nothing new"; done
verifier_down
comes_to press-3 press-1 "1 refused status-expired, refused handshake:*"
comes_to press-1 gauge "1 refused @(status-expired|segment), refused handshake:*"

case_of "and again when it is back"
verifier_back 5m
comes_to press-3 press-1 "$(welcome press-3)"

case_of "the certificate of a retired device is refused before it ends"
ctl device retire press-3 >/dev/null
comes_to press-3 press-1 "$barred"
openssl x509 -in "$work/press-3/run/cert.pem" -noout -checkend 60 >/dev/null || wrong "it had ended anyway"
finish
