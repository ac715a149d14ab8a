#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Revocation that bites: a quarantine, and everybody who hears of it. One device with a TPM, a
# gateway, two receivers of webhooks (one of which never answers), a receiver that is away for a
# while, and a verifier that is killed meanwhile.
#   events.sh BIN TOP
# shellcheck source-path=SCRIPTDIR disable=SC2034,SC2154
set -euo pipefail
bin=$1 top=$2 here=$(cd -- "$(dirname -- "$0")" && pwd)
# shellcheck source=../../lib/stage.sh
. "$top/tests/lib/stage.sh"
python3 -c 'import cryptography, sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null ||
	{ echo "no python3-cryptography here" && exit 77; }

helpers=()
end_helpers() { [ "$BASHPID" != $$ ] || [ ${#helpers[@]} -eq 0 ] || kill "${helpers[@]}" 2>/dev/null || true; }
trap 'end_helpers; strike' EXIT
case_of() { echo "- $1"; }

# ---- receivers ----

make_receiver() { # NAME
	mkdir -p "$work/$1"
	echo ok >"$work/$1/mode"
	printf 'whsec_%s\n' "$(openssl rand -base64 32)" >"$work/$1/secret"
	openssl genpkey -algorithm ED25519 -out "$work/$1/ed.pem"
	openssl pkey -in "$work/$1/ed.pem" -pubout -out "$work/$1/ed.pub"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/$1/r.key" \
		-out "$work/$1/r.crt" -subj /CN=receiver -addext subjectAltName=IP:127.0.0.1 -days 2 2>/dev/null
}

start_receiver() { # NAME PORT: sets `receiver`
	rm -f "$work/$1/port"
	python3 "$here/receiver.py" "$work/$1" "$2" &
	receiver=$!
	helpers+=("$receiver")
	wait_until 20 test -s "$work/$1/port" || { wrong "no receiver $1" && exit 1; }
}

hook() { # NAME DIR PATH
	cat <<END
  - name: $1
    url: https://127.0.0.1:$(<"$work/$2/port")/$3
    ca: $work/$2/r.crt
    secret: $work/$2/secret
    key: $work/$2/ed.pem
END
}

got() { # FILTER [DIR]: whether a message that came passes it
	jq -e -s --arg path "/${path:-all}" "any(.[] | select(.path == \$path); $1)" "$work/${2:-siem}/got" >/dev/null 2>&1
}
webhook() { ctl webhook list --format json | jq -r --arg name "$1" ".webhooks[] | select(.name == \$name) | $2"; }
all_taken() { [ "$(webhook siem .waiting)" = 0 ]; }

# ---- the verifier's clients ----

get() { curl -s --cacert "$work/state/tls/ca.crt" "$@"; }
stream() { # FILE [curl options]: follows into it; sets `follower`
	local file=$1
	shift
	: >"$file"
	get -N -H 'Troth-Caller: gateway' "$@" "https://localhost:$port/v1/events" >"$file" &
	follower=$!
	helpers+=("$follower")
	wait_until 20 grep -q '^retry:' "$file" || wrong "no stream: $(<"$file")"
}
told() { grep -q "\"type\":\"$2\".*press-1" "$1"; } # FILE TYPE
ids() { grep '^data: ' "$1" | sed 's/^data: //' | jq 'select(.type) | .data.seq'; }
events() { ctl events --format json | jq "$@"; }

authorize() { # WANT
	local cert status
	cert=$(openssl x509 -in "$work/press-1.crt" -outform DER | base64 -w0)
	status=$(get -o /dev/null -D "$work/decision" -w '%{http_code}' -H 'Troth-Caller: gateway' \
		-H 'X-Original-Method: GET' -H 'X-Original-URL: https://plc.example/x' -H "Client-Cert: :$cert:" \
		"https://localhost:$port/v1/authorize")
	[ "$status" = "$1" ]
}
revoked() {
	get "https://localhost:$port/v1/crl" | openssl crl -inform DER -noout -text 2>/dev/null |
		grep -q "$(openssl x509 -in "$work/press-1.crt" -noout -serial | cut -d= -f2)"
}
status_is() {
	get -o "$work/keys.json" "https://localhost:$port/v1/keys.json" &&
		get -o "$work/status" "https://localhost:$port/v1/status" &&
		[ "$("$bin/trothctl" status show "$work/status" --keys "$work/keys.json" \
			--trust-domain attack.example --status "$1" --format tsv | awk 'NR > 1 { print $1 "/" $2 }')" = line-1/press-1 ]
}
renew() { run_program troth-attester press-1 once; }

# ---- the scene ----

make_receiver siem
make_receiver mute
echo hang >"$work/mute/mode"
start_receiver siem 0
siem=$receiver siem_port=$(<"$work/siem/port")
start_receiver mute 0
more_settings="status_life: 20s
callers:
  - name: gateway
    audience: plc
    token_sha256: $(printf gateway | sha256sum | cut -d' ' -f1)
webhooks:
$(hook siem siem all)
$(hook mute mute all)
$(hook alarms siem alarms)
    events: [device.quarantined, policy.*]"
boot_device press-1
on_inventory press-1
start_verifier
policy ek-certificate-and-inventory
cat >>"$work/policy.yaml" <<'END'
allow:
  - audience: plc
    methods: [GET]
END
ctl policy apply "$work/policy.yaml" >/dev/null
renew && wrong "passes without reference values"
ctl reference learn --device press-1 --name base >/dev/null
renew || wrong "does not pass: $(<"$work/out")"
cp "$work/press-1/run/cert.pem" "$work/press-1.crt"
wait_until 20 authorize 200 || wrong "a healthy device is not let in: $(<"$work/decision")"
stream "$work/sse"

case_of "a quarantine bites"
ctl device quarantine press-1 >/dev/null
authorize 403 || wrong "the next call is let in"
grep -qi '^troth-decision: certificate-revoked\|^troth-decision: quarantined' "$work/decision" || wrong "denied as $(<"$work/decision")"
wait_until 20 revoked || wrong "it is not on the CRL"
wait_until 20 status_is quarantined || wrong "the feed does not say so"
wait_until 20 told "$work/sse" device.quarantined || wrong "the stream does not say so"
wait_until 20 got '.good and .body.type == "device.quarantined" and .body.data.certificates == "revoked"' || wrong "no webhook"
expect 1 quarantined -- troth-attester press-1 once

case_of "a receiver that never answers stops nobody"
[ "$(webhook mute .last_success)" = null ] || wrong "the mute one has answered"
[ "$(webhook mute .waiting)" -gt 3 ] || wrong "nothing waits for the mute one"
wait_until 20 all_taken || wrong "something waits: $(ctl webhook list)"

case_of "release is explicit, and told"
ctl device release press-1 >/dev/null
wait_until 20 told "$work/sse" device.released || wrong "the stream does not tell of the release"
wait_until 20 got '.body.type == "device.released"' || wrong "no webhook of the release"
authorize 403 || wrong "a revoked certificate is good again"
renew || wrong "a released device is refused: $(<"$work/out")"
cp "$work/press-1/run/cert.pem" "$work/press-1.crt"
wait_until 20 authorize 200 || wrong "a released device is not let in: $(<"$work/decision")"

case_of "redirections and answers that are too long are not taken"
for bad in redirect long; do
	echo "$bad" >"$work/siem/mode"
	ctl device quarantine press-1 >/dev/null && ctl device release press-1 >/dev/null
	failing() { [ "$(webhook siem .failures)" -gt 0 ]; }
	wait_until 20 failing || wrong "$bad is taken"
	webhook siem .last_error | grep -q 'redirections\|too long' || wrong "$bad: $(webhook siem .last_error)"
	echo ok >"$work/siem/mode"
	wait_until 40 all_taken || wrong "not delivered after $bad"
done
echo longest >"$work/siem/mode"
ctl device quarantine press-1 >/dev/null && ctl device release press-1 >/dev/null
wait_until 20 all_taken || wrong "the longest answer is refused: $(webhook siem .last_error)"
[ "$(webhook siem .failures)" = 0 ] || wrong "the longest answer is refused: $(webhook siem .last_error)"
echo ok >"$work/siem/mode"
path=elsewhere got true && wrong "a redirection was followed"

case_of "nothing is lost while the receiver is away and the verifier is killed"
kill "$siem" && wait "$siem" 2>/dev/null || true
ctl device quarantine press-1 >/dev/null
kill -9 "$verifier_pid" && wait "$verifier_pid" 2>/dev/null || true
wait "$follower" 2>/dev/null || true
rm -f "$work/port"
"$bin/troth-verifier" serve --config "$work/verifier.yaml" >>"$work/verifier.log" 2>&1 &
verifier_pid=$!
wait_until 20 serving || { wrong "the verifier does not come back" && exit 1; }
port=$(<"$work/port")
ctl device release press-1 >/dev/null
start_receiver siem "$siem_port"
wait_until 60 all_taken || wrong "not delivered: $(ctl webhook list)"
sent=$(events .data.seq) heard=$(jq 'select(.path == "/all") | .body.data.seq' "$work/siem/got" | uniq)
[ "$sent" = "$heard" ] || wrong "sent $sent, heard $heard"
[ "$(jq 'select(.good | not)' "$work/siem/got")" = '' ] || wrong "a signature is not good"
[ "$(jq -r 'select(.path == "/alarms") | .body.type' "$work/siem/got" | sort -u)" = "$(printf '%s\n' device.quarantined policy.applied)" ] ||
	wrong "alarms got $(jq -r 'select(.path == "/alarms") | .body.type' "$work/siem/got" | sort -u)"

case_of "a courier that is killed comes back, and nobody else goes"
pids() { sed -n 's/.*event=ready front=\([0-9]*\) issuer=\([0-9]*\).*/\1 \2/p' "$work/verifier.log" | tail -n 1; }
read -r front issuer <<<"$(pids)"
courier() { pgrep -P "$verifier_pid" | grep -vx -e "$front" -e "$issuer"; }
kill -9 "$(courier)"
ctl device quarantine press-1 >/dev/null && ctl device release press-1 >/dev/null
wait_until 40 all_taken || wrong "not delivered after the courier was killed"
[ "$(pgrep -P "$verifier_pid" | grep -cx -e "$front" -e "$issuer")" = 2 ] || wrong "front or issuer went with the courier"

case_of "more than fits a page"
for _ in $(seq 30); do ctl device quarantine press-1 >/dev/null && ctl device release press-1 >/dev/null; done
wait_until 60 all_taken || wrong "not all delivered: $(ctl webhook list)"
[ "$(events .data.seq)" = "$(jq 'select(.path == "/all") | .body.data.seq' "$work/siem/got" | uniq)" ] || wrong "not all heard"
[ "$(events .data.seq | wc -l)" -gt 64 ] || wrong "that was no more than a page"

case_of "a stream goes on where it was"
last=$(ids "$work/sse" | tail -n 1)
stream "$work/again" -H "Last-Event-ID: $last"
of_devices=$(events 'select(.type | startswith("device.")) | .data.seq')
both() { cat "$work/sse" "$work/again" >"$work/both"; [ "$(ids "$work/both")" = "$(awk -v from="$(ids "$work/sse" | head -n 1)" '$1 >= from' <<<"$of_devices")" ]; }
wait_until 20 both || wrong "the stream has $(ids "$work/both" | xargs), of $(xargs <<<"$of_devices")"
grep -q '[0-9a-f]\{64\}' "$work/both" && wrong "an id of a device is told"

case_of "an id that is not of this log is said to be none"
stream "$work/future" -H 'Last-Event-ID: 1000000'
wait_until 20 grep -q '^event: reset' "$work/future" || wrong "an id past the end is taken: $(<"$work/future")"

case_of "old events are forgotten, and the audit log says what was not delivered of them"
count_of() { ctl events --format json | jq -s length; }
n=$(count_of) mute_waits=$(webhook mute .waiting) kept_from=$(events .data.seq | tail -n 3 | head -n 1)
python3 - "$work/state/troth.db" "$kept_from" <<'END'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], timeout=20)
db.execute("UPDATE notices SET time_s = time_s - 91 * 86400 WHERE idx < ?", (sys.argv[2],))
db.commit()
END
forgotten() { [ "$(count_of)" = 3 ]; }
wait_until 40 forgotten || wrong "$(count_of) events of $n"
[ "$(events .data.seq | head -n 1)" = "$kept_from" ] || wrong "kept from $(events .data.seq | head -n 1)"
lost() { ctl audit list --format json | jq -r '.leaves[].leaf' | grep -A3 '^kind webhook'; }
wait_until 20 lost >"$work/lost" || wrong "nobody says what was lost"
[ "$(grep -c '^name' "$work/lost")" = 1 ] && grep -q '^name mute' "$work/lost" || wrong "lost: $(<"$work/lost")"
ctl audit list --format json | jq -r '.leaves[].leaf' | grep -qx "detail lost $((mute_waits - 3)) before $kept_from" ||
	wrong "the audit log says $(ctl audit list --format json | jq -r '.leaves[].leaf' | grep '^detail lost'), not $((mute_waits - 3))"
mute_waits_for_3() { [ "$(webhook mute .waiting)" = 3 ]; }
wait_until 20 mute_waits_for_3 || wrong "the mute one waits for $(webhook mute .waiting)"
stream "$work/late" -H 'Last-Event-ID: 1'
wait_until 20 grep -q '^event: reset' "$work/late" || wrong "who was away does not hear that something is missing: $(<"$work/late")"
ctl device quarantine press-1 >/dev/null && ctl device release press-1 >/dev/null
wait_until 40 all_taken || wrong "not delivered after some were forgotten: $(ctl webhook list)"

case_of "who may not follow, and how often who may"
[ "$(get -o /dev/null -w '%{http_code}' "https://localhost:$port/v1/events")" = 403 ] || wrong "a stranger follows"
[ "$(get -o /dev/null -w '%{http_code}' -H 'Troth-Caller: gateway' -H 'Last-Event-ID: x' "https://localhost:$port/v1/events")" = 400 ] ||
	wrong "an id that is none is taken"
# TROTH_FOLLOWERS_PER_CALLER: three are open
for i in $(seq 13); do stream "$work/many.$i"; done
[ "$(get -o /dev/null -w '%{http_code}' -H 'Troth-Caller: gateway' "https://localhost:$port/v1/events")" = 429 ] || wrong "a seventeenth"

case_of "operators follow too"
"$bin/trothctl" events --follow --since 0 --socket "$work/admin.sock" >"$work/followed" 2>/dev/null &
helpers+=($!)
n=$(events .data.seq | wc -l)
all_followed() { [ "$(wc -l <"$work/followed")" = "$n" ]; }
wait_until 20 all_followed || wrong "trothctl events --follow: $(<"$work/followed")"

tools=$("$top/swtpm-setup/peer" --where)
modules=$tools/npm-$(sha256sum "$top/tests/peers/package-lock.json" | cut -c1-16)/node_modules
if command -v node >/dev/null && [ -d "$modules/standardwebhooks" ]; then
	case_of "the standard's own library takes what came, and nothing that was changed"
	NODE_PATH=$modules node "$here/verify.cjs" "$work/siem/secret" "$work/siem/got" || wrong "standardwebhooks"
else
	echo "- skipped: the package standardwebhooks is not here (swtpm-setup/install-deps npm)"
fi
finish
