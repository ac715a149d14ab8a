#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Secrets released on a verdict: the genuine attester on emulated TPMs. Who may have one gets it, in
# this boot; nobody else, not later, and nobody from what the verifier keeps. A LUKS2 header opens by the
# keyscript that is installed. What forged keys and certifications bring is tests/attack/forged_secret.c.
#   released.sh BIN TOP
# shellcheck source-path=SCRIPTDIR disable=SC2034,SC2154
set -euo pipefail
bin=$1 top=$2
command -v sqlite3 >/dev/null || { echo "no sqlite3 here" && exit 77; }
# shellcheck source=../lib/stage.sh
. "$top/tests/lib/stage.sh"

case_of() { echo "- $1"; }

secrets_policy() { # LINES
	cat >"$work/policy.yaml" <<END
name: default
segment: line-1
pcrs:
  sha256: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 14]
secure_boot: required
reference: base
enrolment: ek-certificate-and-inventory
approve: automatic
$1
END
	ctl policy apply "$work/policy.yaml" >/dev/null
}

# gets DEVICE NAME FILE: the secret, byte for byte
gets() {
	options_of "$1"
	"$bin/troth-attester" secret "$2" "${options[@]}" >"$work/got" 2>"$work/out" ||
		{ wrong "$1 does not get $2" && cat "$work/out" && return; }
	cmp -s "$work/got" "$3" || wrong "$1: $2 is another"
}
# denied DEVICE NAME CODE
denied() {
	options_of "$1"
	if "$bin/troth-attester" secret "$2" "${options[@]}" >"$work/got" 2>"$work/out"; then
		wrong "$1 gets $2"
	elif ! grep -q -- "$3" "$work/out"; then
		wrong "$1: nobody says '$3' of $2" && cat "$work/out"
	fi
	[ ! -s "$work/got" ] || wrong "$1: something of $2 is printed"
}

head -c 64 /dev/urandom >"$work/key.victim"
printf 'the other one' >"$work/key.mallory"
printf 'wifi passphrase 4711 for all' >"$work/wifi"
put() { ctl secret put "$@" >/dev/null; }

boot_device victim
boot_device mallory
on_inventory victim mallory
start_verifier
secrets_policy 'secrets: [disk, wifi]'
expect 1 reference-missing -- troth-attester victim once
ctl reference learn --device victim --name base >/dev/null
expect 0 '' -- troth-attester victim once
expect 0 '' -- troth-attester mallory once

case_of "each device gets its own"
put disk --device victim --file "$work/key.victim"
put disk --device mallory <"$work/key.mallory"
before=$(leaves)
gets victim disk "$work/key.victim"
gets mallory disk "$work/key.mallory"
[ "$(leaves_from "$before" | head -2)" = "secret disk release
verdict victim affirming" ] || wrong "no leaf of the release: $(leaves_from "$before")"

case_of "a file of its own, and nothing of the credentials is touched"
set_before=$(readlink "$work/victim/run/current")
expect 0 '' -- troth-attester victim secret disk --output "$work/disk.key"
cmp -s "$work/disk.key" "$work/key.victim" || wrong "the file is another"
[ "$(stat -c %a "$work/disk.key")" = 600 ] || wrong "others may read the file"
[ "$(readlink "$work/victim/run/current")" = "$set_before" ] || wrong "credentials were written"
ln -s /dev/null "$work/null"
expect 2 'something that is no file' -- troth-attester victim secret disk --output "$work/null"
[ -L "$work/null" ] || wrong "a link to a device was replaced"

case_of "a shared one for whom it was granted to"
put wifi --file "$work/wifi"
denied victim wifi secret-denied
ctl secret grant wifi --device victim >/dev/null
gets victim wifi "$work/wifi"
denied mallory wifi secret-denied
ctl secret grant wifi --all >/dev/null
gets mallory wifi "$work/wifi"
ctl secret grant disk --device victim >/dev/null 2>&1 && wrong "a grant without a shared value"
ctl secret put wifi --device mallory --file "$work/key.mallory" >/dev/null
gets mallory wifi "$work/key.mallory"
ctl secret grant wifi --device mallory >/dev/null 2>&1 && wrong "a grant beside a value of its own"

case_of "what is taken away is gone"
ctl secret remove wifi --device mallory >/dev/null
gets mallory wifi "$work/wifi"
ctl secret remove wifi >/dev/null
denied victim wifi secret-denied
ctl secret remove wifi >/dev/null 2>&1 && wrong "removed twice"

case_of "a policy without it"
secrets_policy ''
denied victim disk secret-denied
secrets_policy 'secrets: [disk]'
gets victim disk "$work/key.victim"

case_of "a device that is not well, or not let in"
boot_device victim --tamper boot-loader
denied victim disk 'does not find this device healthy'
[ "$(ctl verdict show victim --format json | jq -r .verdict.tier)" = contraindicated ] || wrong "it is well"
boot_device victim
ctl device quarantine mallory >/dev/null
denied mallory disk quarantined
ctl device release mallory >/dev/null
gets mallory disk "$work/key.mallory"
ctl device retire mallory >/dev/null
denied mallory disk retired

case_of "an answer of an earlier boot does not open in the next"
options_of victim
TROTH_ATTACK=held-answer TROTH_ATTACK_WITH=$work/sealed \
	"$bin/troth-hostile" secret disk "${options[@]}" >"$work/got" 2>"$work/out" || true
[ -s "$work/sealed" ] || { wrong "no answer was held" && cat "$work/out"; }
TROTH_ATTACK=open-answer TROTH_ATTACK_WITH=$work/sealed \
	"$bin/troth-hostile" secret disk "${options[@]}" >"$work/got" 2>"$work/out" || true
cmp -s "$work/got" "$work/key.victim" || { wrong "not even in its own boot" && cat "$work/out"; }
boot_device victim
TROTH_ATTACK=open-answer TROTH_ATTACK_WITH=$work/sealed \
	"$bin/troth-hostile" secret disk "${options[@]}" >"$work/got" 2>"$work/out" && wrong "opened after a reboot"
[ ! -s "$work/got" ] || wrong "something is printed after a reboot"
grep -q 'cannot be opened' "$work/out" || { wrong "why it is not opened" && cat "$work/out"; }
gets victim disk "$work/key.victim"

case_of "a front that says another device has the name: the id that is named is sealed for"
timeout 60 python3 - "$work/liar" >"$work/asked" <<'END' &
import http.server, json, socketserver, sys
class Liar(http.server.BaseHTTPRequestHandler):
    def answer(self, what):
        body = json.dumps(what).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_GET(self):
        self.answer({"trust_domain": "attack.example", "id": "ee" * 32, "secrets": [],
                     "key": "A" * 86})
    def do_POST(self):
        print(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["device"], flush=True)
        self.answer({"name": "disk", "action": "put"})
    def log_message(self, *_):
        pass
socketserver.UnixStreamServer(sys.argv[1], Liar).serve_forever()
END
liar=$!
wait_until 20 test -S "$work/liar"
named=$(printf 'ab%.0s' {1..32})
openssl ecparam -name prime256v1 -genkey -noout 2>/dev/null | openssl ec -pubout -out "$work/secrets.pub" 2>/dev/null
"$bin/trothctl" secret put disk --device "$named" --file "$work/key.victim" --key "$work/secrets.pub" --socket "$work/liar" \
	>"$work/out" 2>&1 || { wrong "not put" && cat "$work/out"; }
[ "$(cat "$work/asked")" = "$named" ] || wrong "sealed for another device: $(cat "$work/asked")"
kill "$liar" && wait "$liar" 2>/dev/null || true
gets victim disk "$work/key.victim"
put disk --device "$(ctl device show victim --format json | jq -r .id)" --file "$work/key.victim"
gets victim disk "$work/key.victim"

case_of "nothing that is kept holds a value"
put disk --device victim <<<'SQUEAMISH-OSSIFRAGE'
printf 'SQUEAMISH-OSSIFRAGE\n' >"$work/known"
gets victim disk "$work/known"
rm "$work/known" "$work/got"
! grep -rqsa SQUEAMISH "$work/state" "$work/verifier.log" "$work/victim" || wrong "a value lies about"
ctl secret list >"$work/out"
grep -q 'disk.*own.*victim' "$work/out" || { wrong "no list" && cat "$work/out"; }
! grep -q SQUEAMISH "$work/out" || wrong "the list has a value"

case_of "a value of one device, in the row of another"
head -c 64 /dev/urandom >"$work/key.victim"
put disk --device victim --file "$work/key.victim"
sqlite3 "$work/state/troth.db" "UPDATE secrets SET sealed = (SELECT sealed FROM secrets AS o
	JOIN devices USING (device) WHERE o.name = 'disk' AND devices.name = 'mallory')
	WHERE name = 'disk' AND device = (SELECT device FROM devices WHERE name = 'victim')"
denied victim disk unavailable
put disk --device victim --file "$work/key.victim"

case_of "limits: 4096 bytes and not one more; something"
head -c 4096 /dev/urandom >"$work/big"
head -c 4097 /dev/urandom >"$work/bigger"
put disk --device victim --file "$work/big"
gets victim disk "$work/big"
put disk --device victim --file "$work/bigger" 2>/dev/null && wrong "4097 bytes"
put disk --device victim --file /dev/null 2>/dev/null && wrong "an empty value"
put 'a/b' --file "$work/wifi" 2>/dev/null && wrong "a name with a slash"
put disk --device victim --file "$work/key.victim"

case_of "sealed for the key the operator trusts"
openssl pkey -in "$work/state/keys/secrets.key" -pubout -out "$work/secrets.pub" 2>/dev/null
openssl ecparam -name prime256v1 -genkey -noout 2>/dev/null | openssl pkey -pubout -out "$work/other.pub" 2>/dev/null
put disk --device victim --file "$work/key.victim" --key "$work/other.pub"
denied victim disk unavailable
put disk --device victim --file "$work/key.victim" --key "$work/secrets.pub"
gets victim disk "$work/key.victim"

case_of "a disk opens by the keyscript"
luks() { PATH=$PATH:/usr/sbin:/sbin cryptsetup "$@"; }
truncate -s 20M "$work/disk.img"
if luks luksFormat --batch-mode --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 \
	"$work/disk.img" "$work/key.victim" 2>"$work/out"; then
	cat >"$work/attester" <<END
#!/bin/sh
exec "$bin/troth-attester" "\$@" ${options[*]}
END
	chmod +x "$work/attester"
	sed "s,=/usr/bin/troth-attester,=$work/attester," "$top/packaging/cryptsetup/troth" >"$work/keyscript"
	(set -o pipefail && sh "$work/keyscript" disk 2>"$work/out" |
		luks open --test-passphrase --key-file - "$work/disk.img") || { wrong "the disk stays shut" && cat "$work/out"; }
	boot_device victim --tamper boot-loader
	(set -o pipefail && sh "$work/keyscript" disk 2>"$work/out" |
		luks open --test-passphrase --key-file - "$work/disk.img" 2>/dev/null) && wrong "open for another boot loader"
else
	echo "  not tried: no cryptsetup, or it cannot use a file here" && cat "$work/out"
fi

finish
