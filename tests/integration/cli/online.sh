#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# trothctl's fleet commands: against a real verifier, and against a server that answers what no real
# one does. usage: online.sh TROTHCTL TROTH-VERIFIER ANSWER-PEER CORPUS
set -eu

trothctl=$1 verifier=$2 peer=$3 corpus=$4
command -v jq >/dev/null || { echo "jq is not installed"; exit 77; }
dir=$(mktemp -d)
server=
failures=0
finish()
{
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -rf "$dir"
}
trap finish EXIT

fail()
{
    echo "FAILED: $name: $1" >&2
    sed 's/^/    /' "$dir/out" "$dir/err" >&2
    failures=$((failures + 1))
}

# run NAME CODE ARGUMENTS...
run()
{
    name=$1 want=$2
    shift 2
    got=0
    "$trothctl" "$@" --socket "$dir/admin.sock" >"$dir/out" 2>"$dir/err" || got=$?
    [ "$got" = "$want" ] || fail "exit code $got, not $want"
}

# jq alone takes no output for an answer.
json()
{
    jq -e -s "length == 1 and (.[0] | $1)" "$dir/out" >/dev/null 2>&1 || fail "not so: $1"
}
silent() { [ ! -s "$dir/out" ] || fail "standard output is not empty"; }
quiet() { [ ! -s "$dir/err" ] || fail "standard error is not empty"; }
says()
{
    [ "$(wc -l <"$dir/err")" = 1 ] || fail "standard error is not one line"
    grep -Eq "^trothctl: $1" "$dir/err" || fail "standard error is not: $1"
}
shows() { grep -Eq -- "$1" "$dir/out" || fail "standard output has no: $1"; }

# ---- a real verifier ----

cat >"$dir/verifier.yaml" <<END
trust_domain: example.org
listen: 127.0.0.1:0
port_file: $dir/port
state_dir: $dir/state
admin_socket: $dir/admin.sock
END
# A wrong name leaves nothing behind that the next init would refuse.
got=0
"$verifier" init --config "$dir/verifier.yaml" --name "two words" >"$dir/init" 2>&1 || got=$?
if [ "$got" != 2 ] || [ -e "$dir/state" ]; then
    cat "$dir/init"
    exit 1
fi
"$verifier" init --config "$dir/verifier.yaml" >"$dir/init" 2>&1 || { cat "$dir/init"; exit 1; }
"$verifier" serve --config "$dir/verifier.yaml" >"$dir/log" 2>&1 &
server=$!
tries=0
until "$trothctl" device list --socket "$dir/admin.sock" >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || { cat "$dir/log"; exit 1; }
    sleep 0.2
done

run "no devices" 0 device list --format json
json '.devices == []'
quiet
run "no devices as a table" 0 device list
shows '^NAME +STATE +HEALTH'

# leading NAME ARGUMENTS...: the same table, wherever the options stand.
leading()
{
    name=$1
    shift
    got=0
    "$trothctl" "$@" >"$dir/out" 2>"$dir/err" || got=$?
    [ "$got" = 0 ] || fail "exit code $got, not 0"
    quiet
    shows '^NAME	STATE	HEALTH'
}
leading "options before group and command" --socket "$dir/admin.sock" --format tsv device list
leading "options between group and command" device --socket="$dir/admin.sock" --format tsv list
leading "options on every side" --format=tsv device --socket "$dir/admin.sock" list
run "the same option before and after" 2 --socket "$dir/admin.sock" device list
says '--socket is given twice'
run "an option of one command before it" 2 --from 0 audit list
says 'no command --from'

run "a device that is not there" 1 device show nobody
silent
says 'No device has this name'
for verb in approve quarantine release retire; do
    run "$verb a device that is not there" 1 device "$verb" nobody
    silent
done
run "a name that climbs" 2 device show ../policies
silent
says '../policies: neither a name nor an id'
run "an option of another command" 2 device quarantine x --segment y
says 'unknown option --segment'

run "the only policy of none" 2 policy show
says 'there is no policy yet'
run "a policy" 0 policy apply "$corpus/policy/manual" --format json
json ".name == \"factory\" and .id == \"$(sha256sum "$corpus/policy/manual" | cut -d' ' -f1)\" and .epoch >= 1"
run "a policy that is refused" 1 policy apply "$corpus/policy/alias"
silent
says '.*alias: line 1, column 7: anchors'
run "the only policy" 0 policy show
cmp -s "$dir/out" "$corpus/policy/manual" || fail "not the policy that was applied"
run "a policy by name" 0 policy show factory --format json
json '.name == "factory" and (.yaml | startswith("# The group"))'
run "policies" 0 policy list --format tsv
shows '^factory	[0-9a-f]{64}$'
run "a policy file that is not there" 2 policy apply "$dir/nowhere"
says '.*nowhere: No such file'

run "a reference set" 0 reference put "$corpus/reference/manual" --format json
json '.name == "factory-2026" and .components == 1'
run "a reference set that is refused" 1 reference put "$corpus/reference/nul"
silent
run "reference sets" 0 reference list
shows '^factory-2026 +1 +[0-9a-f]{64}$'
run "components" 0 reference show factory-2026 --format tsv
shows '^boot-loader	2.06	required	4	1$'
run "the document" 0 reference show factory-2026 --format json
cp "$dir/out" "$dir/canonical"
run "the document again" 0 reference put "$dir/canonical" --format json
json ".id == \"$(tr -d '\n' <"$dir/canonical" | sha256sum | cut -d' ' -f1)\""
run "learning from nobody" 1 reference learn --device nobody --name x --merge
run "learning without a name" 2 reference learn --device nobody
says '--device and --name are needed'
run "no verdict" 1 verdict show nobody
silent

run "audit" 0 audit list --format json
json '[.leaves[].index] == [range(.leaves | length)] and (.leaves | length) >= 3'
run "audit from the second leaf" 0 audit list --from 1 --format tsv
shows '^1	troth-audit/v1 kind reference'
run "audit for people" 0 audit list --from 1
shows '^INDEX  *TIME  *KIND  *NAME  *ACTOR  *DETAIL  *CERTIFICATE$'
shows '^1  *20[0-9TZ:-]*  *reference  *[a-z0-9-]*  *uid:[0-9]*  *[a-z-]*  *-$'
run "audit from nowhere" 2 audit list --from -1

kill "$server"
wait "$server" || { name="the verifier's end" && fail "exit code $?"; }
server=
run "no verifier any more" 2 device list
silent
says '.*admin.sock: no verifier serves there'

# ---- the configuration's limits ----

# callers N: as many as that, each with a token of its own
callers()
{
    sed "s,^admin_socket.*,&.other," "$dir/verifier.yaml"
    echo "callers:"
    for i in $(seq "$1"); do
        printf '  - { name: c%d, audience: a, token_sha256: %064x }\n' "$i" "$i"
    done
}
for n in 64 65; do # TROTH_CALLERS_MAX
    callers "$n" >"$dir/callers.yaml"
    name="$n callers" got=0
    "$verifier" check-config --config "$dir/callers.yaml" >"$dir/out" 2>"$dir/err" || got=$?
    [ "$got" = $((n == 65 ? 2 : 0)) ] || fail "exit code $got"
done
grep -q 'more than 64 callers' "$dir/err" || fail "nobody says that they are too many"

# ---- a server gone wrong ----

# answers NAME CODE HEAD BODY ARGUMENTS...: the peer gives this answer to this command. $length is
# what it says of the body's length.
length=
answers()
{
    name=$1 code=$2 head=$3 body=$4
    shift 4
    rm -f "$dir/admin.sock"
    printf "HTTP/1.1 $head\r\nContent-Length: ${length:-${#body}}\r\nConnection: close\r\n\r\n%s" "$body" >"$dir/answer"
    "$peer" "$dir/admin.sock" "$dir/answer" >"$dir/request" &
    waiting=$!
    until [ -S "$dir/admin.sock" ]; do sleep 0.05; done
    run "$name" "$code" "$@"
    wait "$waiting" || fail "the peer failed"
}
json_type='Content-Type: application/json'
problem='Content-Type: application/problem+json'

answers "a refusal" 1 "409 Conflict\r\n$problem" '{"title":"no","detail":"Not so."}' device show x
silent
says 'Not so\.$'
answers "a refusal with escape codes" 1 "403 Forbidden\r\n$problem" '{"detail":"\u001b[2J\nred"}' device show x
says '\\x1b\[2J\\x0ared$'
answers "a refusal without a word" 1 "404 Not Found" '' device show x
says 'the verifier answered with status 404$'
answers "a failure" 2 "503 Unavailable\r\n$problem" '{"detail":"Come again."}' device show x
silent
says 'Come again\.$'
answers "no JSON" 2 "200 OK\r\n$json_type" '{"devices":' device list
silent
says 'the verifier.s answer is no JSON object$'
answers "a list for an object" 2 "200 OK\r\n$json_type" '[]' device list
silent
answers "a key twice" 2 "200 OK\r\n$json_type" '{"devices":[],"devices":[]}' device list
silent
answers "no list" 2 "200 OK\r\n$json_type" '{}' device list
silent
says 'the verifier.s answer has no devices$'
length=1000
answers "an answer cut short" 2 "200 OK\r\n$json_type" '{"devices":[]}' device list
silent
length=

device='{"id":"ab12","name":"press-07","segment":"line-a","group":"factory","state":"active","health":"healthy","version":3,"verdict":{"tier":"affirming","finding":null},"enrolled":"2026-01-01T00:00:00Z","last_pass":null,"last_fail":null,"certificate_not_after":null,"ek":{"certificate_trusted":true,"in_inventory":false}}'
answers "a device" 0 "200 OK\r\n$json_type" "$device" device show press-07
shows '^name	press-07$'
shows '^verdict.tier	affirming$'
shows '^ek.certificate_trusted	yes$'
shows '^last_pass	-$'
grep -q '^GET /v1/admin/devices/press-07 HTTP/1.1' "$dir/request" || fail "another request"
answers "an approval" 0 "200 OK\r\n$json_type" "$device" device approve ab12cd34 --name press-07 --segment=line-a --format json
json '.name == "press-07"'
grep -q '^POST /v1/admin/devices/ab12cd34 HTTP/1.1' "$dir/request" || fail "another request"
tail -n 1 "$dir/request" | jq -e '. == {"action":"approve","name":"press-07","segment":"line-a"}' >/dev/null ||
    fail "another body"
answers "escape codes in a name" 0 "200 OK\r\n$json_type" '{"devices":[{"name":"a\u001b[31m\tb","id":"ab"}]}' device list --format tsv
shows '^a\\x1b\[31m\\x09b	-	'
answers "escape codes as JSON" 0 "200 OK\r\n$json_type" '{"devices":[{"name":"\u202ea"}]}' device list --format json
shows '\\u202[eE]a'
answers "learning" 0 "200 OK\r\n$json_type" '{"name":"n","id":"00","epoch":2,"components":5}' reference learn --device d --name n --alternative v2 --merge
tail -n 1 "$dir/request" | jq -e '. == {"device":"d","name":"n","alternative":"v2","merge":true}' >/dev/null ||
    fail "another body"

verdict='{"device":"ab12","name":"press-07","time":"2026-01-01T00:00:01Z","evidence_time":"2026-01-01T00:00:00Z","policy":{"name":"factory","id":"0123"},"reference":{"name":null,"id":null},"verdict":{"tier":"contraindicated","digest":"4567","findings":[{"code":"unexpected-event","severity":"contraindicated","pcr":4,"event":27,"seen":"aa","expected":"bb","detail":"boot application","reference":"boot-loader/2.06"}],"coverage":{"checks":9,"pcrs_quoted":[0,4,7],"ima_checked":false}}}'
answers "a verdict" 0 "200 OK\r\n$json_type" "$verdict" verdict show press-07
shows '^verdict +contraindicated$'
shows 'unexpected-event \(contraindicated\), PCR 4, event 27: boot application$'
shows '^    seen +aa$'
shows '^    nearest +boot-loader/2.06$'
shows '^  pcrs quoted +0,4,7$'
shows '^  ima checked +no$'
answers "findings as lines" 0 "200 OK\r\n$json_type" "$verdict" verdict show press-07 --format tsv
shows '^contraindicated	unexpected-event	4	27	aa	bb	boot application	boot-loader/2.06$'
answers "a verdict of nothing" 0 "200 OK\r\n$json_type" '{}' verdict show press-07
shows '^verdict +-$'

[ "$failures" = 0 ] || { echo "$failures failed"; exit 1; }
echo "all passed"
