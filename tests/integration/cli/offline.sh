#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# trothctl's offline commands as other people's scripts see them: exit code, standard output,
# standard error. Values are compared with what the guest read from its TPM, and quotes are taken
# apart and put together with openssl. usage: offline.sh TROTHCTL FIXTURES
set -eu

trothctl=$1
fixtures=$2
for tool in jq openssl xxd; do
    command -v "$tool" >/dev/null || { echo "$tool is not installed"; exit 77; }
done
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failures=0

fail()
{
    echo "FAILED: $name: $1" >&2
    sed 's/^/    /' "$dir/out" "$dir/err" >&2
    failures=$((failures + 1))
}

# run NAME CODE ARGUMENTS...: the exit code must be CODE; output is kept for what follows.
run()
{
    name=$1 want=$2
    shift 2
    got=0
    "$trothctl" "$@" >"$dir/out" 2>"$dir/err" || got=$?
    [ "$got" = "$want" ] || fail "exit code $got, not $want"
}

# jq alone takes no output for an answer.
json()
{
    jq -e -s "length == 1 and (.[0] | $1)" "$dir/out" >/dev/null 2>&1 || fail "not so: $1"
}
silent() { [ ! -s "$dir/out" ] || fail "standard output is not empty"; }
quiet() { [ ! -s "$dir/err" ] || fail "standard error is not empty"; }
# says PATTERN: exactly one line on standard error, and this one.
says()
{
    [ "$(wc -l <"$dir/err")" = 1 ] || fail "standard error is not one line"
    grep -Eq "^trothctl: $1" "$dir/err" || fail "standard error is not: $1"
}

# ---- eventlog replay ----

for variant in direct direct-sha256only shim-sb-on uki-sb-on-snakeoil; do
    log=$fixtures/$variant/binary_bios_measurements
    run "replay $variant" 0 eventlog replay --format json "$log"
    quiet
    json 'keys_unsorted == ["format", "events", "banks", "quirks"]'
    json '.format == "crypto-agile" and .quirks == [] and .events > 10'
    # PCR 10 goes on with IMA, PCRs 11 and up with what runs after the firmware.
    jq -r '.banks | to_entries[] | .key as $b | .value | to_entries[] | "\($b) \(.key) \(.value)"' \
        "$dir/out" | awk '$2 < 8' | sort >"$dir/replayed"
    tr 'A-F' 'a-f' <"$fixtures/$variant/pcrs.txt" | awk '$2 < 8' | sort >"$dir/read"
    [ -s "$dir/replayed" ] || fail "no PCR at all"
    cmp -s "$dir/replayed" "$dir/read" || fail "not what the guest read"
done

log=$fixtures/direct/binary_bios_measurements
run "replay as text" 0 eventlog replay "$log"
quiet
grep -q "^sha256	7	[0-9a-f]\{64\}$" "$dir/out" || fail "no tab-separated line for PCR 7"

head -c 1000 "$log" >"$dir/cut"
run "a log cut short" 1 eventlog replay --format json "$dir/cut"
silent
says '.*/cut: log-malformed at offset [0-9]+: truncated$'

head -c 0 "$log" >"$dir/empty"
run "an empty log" 1 eventlog replay "$dir/empty"
silent
says '.*/empty: log-malformed at offset 0: truncated$'

run "a log that is not there" 2 eventlog replay "$dir/nowhere"
silent
says '.*/nowhere: No such file'
run "a log past the limit" 2 eventlog replay /dev/zero
silent
says '/dev/zero: larger than 1048576 bytes$'
run "no log named" 2 eventlog replay
says 'too few arguments'
run "two logs" 2 eventlog replay "$log" "$log"
says 'too many arguments'
run "an unknown format" 2 eventlog replay --format xml "$log"
says '--format is text or json'
run "an unknown option" 2 eventlog replay --color "$log"
says 'unknown option --color'
run "an option twice" 2 eventlog replay --format json --format=text "$log"
says '--format is given twice'
run "an option without its value" 2 eventlog replay "$log" --format
says '--format wants a value'
run "escape codes in a file name" 2 eventlog replay "$(printf '\033[31mred')"
says '\\x1b\[31mred: '

# ---- eventlog show, eventlog facts ----

log=$fixtures/shim-sb-on/binary_bios_measurements
run "show" 0 eventlog show --format json "$log"
quiet
json '.log | keys_unsorted == ["format", "registers", "bank", "quirks", "quirks_version", "counts"]'
json '.log.counts == {proven: 38, digest_only: 13, unauthenticated: 1} and (.events | length) == 52'
json '.events[7] | .type == "EV_EFI_VARIABLE_DRIVER_CONFIG" and .pcr == 7 and .proof == "proven" and (.fields.entries | length) == 2'
json '.events[24] | .proof == "digest-only" and (.fields.path | endswith("/\\EFI\\BOOT\\BOOTX64.EFI"))'
json '[.events[].index] == [range(52)]'
run "show as text" 0 eventlog show "$log"
quiet
grep -q '^   46  proven  PCR 8    .*kernel command line: /vmlinuz ' "$dir/out" || fail "no command line"
run "show another bank" 0 eventlog show --bank sha1 --format json "$log"
json '.log.bank == "sha1" and (.events[4].digest | length) == 40 and .events[4].proof == "proven"'
run "show a bank the log lacks" 0 eventlog show --bank sha512 --format json "$log"
json '.log.counts.unauthenticated == 52'
run "show the merged log" 0 eventlog show --format json --systemd "$fixtures/../systemd/tpm2-measure.log" \
    --ima "$fixtures/shim-sb-on/ima_binary" "$log"
quiet
json '[.events[].source] as $s | $s[51:54] == ["firmware", "ima", "systemd"] and ($s | unique) == ["firmware", "ima", "systemd"]'
json '.events[52].fields.path == "boot_aggregate"'
json '[.events[] | select(.source == "systemd") | .proof] == ["proven", "digest-only", "proven", "proven", "proven", "unauthenticated", "proven", "proven"]'
run "show a log of systemd that is none" 1 eventlog show --systemd "$log" "$log"
silent
says '.*: systemd-log-malformed at offset 0: malformed$'
run "show a list of IMA that is none" 1 eventlog show --ima "$dir/cut" "$log"
silent
says '.*: ima-malformed at offset 0: '
run "show a log cut short" 1 eventlog show "$dir/cut"
silent
says '.*/cut: log-malformed at offset [0-9]+: truncated$'
run "show an unknown bank" 2 eventlog show --bank md5 "$log"
says '--bank is '

run "facts" 0 eventlog facts --format json "$log"
quiet
json '.secure_boot == "on" and .separators == [range(8)] and .exit_boot_services == "yes" and .windows == null'
json '[.facts.image[] | .authority] == [22, 29, null, null]'
json '.facts["kernel-command-line"][0].value | startswith("/vmlinuz console=ttyS0")'
json '.facts["sbat-level"][0].fields.value | startswith("sbat,1,")'
json '.userspace == null'
run "facts with systemd's log" 0 eventlog facts --format json --systemd "$fixtures/../systemd/tpm2-measure.log" "$log"
quiet
json '[.userspace[] | select(.kind == "phase") | .text] == ["enter-initrd", "leave-initrd", "sysinit", "ready"]'
json '[.userspace[] | select(.kind == "volume-key") | .proof] == ["digest-only"]'
run "facts as text" 0 eventlog facts "$log"
quiet
grep -q '^secure boot  *on' "$dir/out" || fail "no secure boot"
run "facts of a boot past every check" 0 eventlog facts --format json "$fixtures/direct-sb-on-legacy-bypass/binary_bios_measurements"
json '.secure_boot == "claimed" and .authorities == 0 and (.facts | has("authority") | not)'
run "facts of a log cut short" 1 eventlog facts "$dir/cut"
silent

# ---- ima ----

list=$fixtures/direct/ima_binary
# Counted without trothctl: a record is a PCR, a SHA-1, a name and data, each behind its length.
entries=$(
    python3 - "$list" <<'END'
import struct, sys
data, at, n = open(sys.argv[1], "rb").read(), 0, 0
while at < len(data):
    at += 24
    for _ in "name", "data":
        at += 4 + struct.unpack_from("<I", data, at)[0]
    n += 1
print(n)
END
)
for bank in sha1 sha256 sha384; do
    value=$(awk -v b="$bank" '$1 == b && $2 == 10 { print $3 }' "$fixtures/direct/pcrs.txt")
    run "ima replay to $bank" 0 ima replay --format json --bank "$bank" --pcr10 "$value" "$list"
    quiet
    json 'keys_unsorted == ["template_hash", "entries", "violations", "banks", "padded_sha1", "prefix"]'
    json ".entries == $entries"
    json '.violations == 0 and .template_hash == "sha1"'
    json ".prefix.matched and .prefix.entries == $entries and .prefix.bank == \"$bank\""
    json ".prefix.way == \"$([ "$bank" = sha384 ] && echo padded-sha1 || echo hashed)\""
done
# The value before the last entry, by the kernel's own arithmetic: a list that grew is none the worse.
last=$("$trothctl" ima show --format json "$list" | jq '.entries[-1].offset')
head -c "$last" "$list" >"$dir/shorter"
value=$("$trothctl" ima replay --format json "$dir/shorter" | jq -r '.banks.sha256["10"]')
run "ima replay of a grown list" 0 ima replay --pcr10 "$value" --format json "$list"
json ".prefix.matched and .prefix.entries == $((entries - 1)) and .entries == $entries"
value=$(awk '$1 == "sha256" && $2 == 10 { print $3 }' "$fixtures/direct/pcrs.txt")
run "ima replay of a shortened list" 1 ima replay --pcr10 "$value" "$dir/shorter"
says "$dir/shorter: ima-replay-mismatch at offset [0-9]+: "
head -c -1 "$list" >"$dir/cut"
run "ima replay of a list cut short" 1 ima replay "$dir/cut"
silent
says "$dir/cut: ima-malformed at offset $last: truncated"
run "ima show of a list cut short" 1 ima show "$dir/cut"
silent
echo "10 $value ima-ng sha256:$value /init" >"$dir/text"
run "ima show of a list as text" 1 ima show "$dir/text"
silent
says "$dir/text: ima-malformed at offset 0: this is the list as text"
run "ima show" 0 ima show --format json "$list"
quiet
json "(.entries | length) == $entries"
json '.entries[0].path == "boot_aggregate" and all(.entries[]; .pcr == 10)'
run "ima show as text" 0 ima show "$list"
[ "$(wc -l <"$dir/out")" = "$entries" ] || fail "not a line per entry"
run "a value of no bank" 2 ima replay --pcr10 abcd "$list"
says '.*usage: trothctl ima replay'
run "a bank there is not" 2 ima replay --bank md5 "$list"

# ---- quote verify ----

quote=$fixtures/direct
attest=$quote/quote.msg
tail -c +3 "$quote/ak.pub" >"$dir/ak.tpmt"
cp "$quote/quote.sig" "$dir/der"
# The two numbers of the DER signature, each as wide as the curve.
openssl asn1parse -inform DER -in "$dir/der" | sed -n 's/.*INTEGER *://p' |
    while read -r number; do printf '%64s' "$number" | tr ' ' 0; done | xxd -r -p >"$dir/rs"
# TPMT_SIGNATURE: ECDSA, SHA-256, two sized buffers (TPM 2.0 Part 2, 11.3.4).
{
    printf '\000\030\000\013\000\040'
    head -c 32 "$dir/rs"
    printf '\000\040'
    tail -c 32 "$dir/rs"
} >"$dir/tpmt"

verify() { name=$1 code=$2; shift 2; run "$name" "$code" quote verify --attest "$attest" --format json "$@"; }
keys='["genuine","findings","ak_attributes","hash","clock","reset_count","restart_count","pcrs_match"]'

verify "TPM2B_PUBLIC and DER" 0 --ak "$quote/ak.pub" --signature "$dir/der" \
    --signature-format raw --hash sha256
quiet
json "keys_unsorted == $keys"
json '.genuine == true and .findings == [] and .ak_attributes == "ok" and .hash == "sha256"'
json '.pcrs_match == null and (.clock | type) == "number" and .reset_count >= 1'
verify "TPMT_PUBLIC and two numbers" 0 --ak "$dir/ak.tpmt" --signature "$dir/rs" \
    --signature-format=raw --hash=sha256
json '.genuine and .ak_attributes == "ok"'
verify "PEM and TPMT_SIGNATURE" 0 --ak "$quote/ak.pem" --signature "$dir/tpmt"
json '.genuine and .ak_attributes == "unknown"'
says 'warning: a PEM key'

sound() { name=$1 code=$2; shift 2; verify "$name" "$code" --ak "$quote/ak.pub" --signature "$dir/tpmt" "$@"; }

sound "the wrong nonce" 1 --nonce 00ff
json '.genuine == false and ([.findings[].code] == ["qualifying-data"])'
says ".*/quote.msg: qualifying-data at offset 0: "
sound "a nonce that is no hex" 2 --nonce 0g
silent
says '--nonce is at most 64 bytes'
sound "the hash it is signed with" 0 --hash sha256
sound "another hash" 1 --hash sha384
json '[.findings[].code] == ["signature-scheme"]'

sound "the PCR file of tpm2_quote" 0 --pcrs "$quote/quote.pcrs"
json '.genuine and .pcrs_match == true'
# The quoted PCRs as the guest read them: SHA-256, 0 to 11 and 14. IMA went on with PCR 10 until the
# quote, so that one is cut out of the tool's file: second list of eight, third digest.
pcr10=$(tail -c +807 "$quote/quote.pcrs" | head -c 32 | xxd -p -c 32)
{
    printf 'bank\tpcr\tvalue\n'
    awk -v ten="$pcr10" '$1 == "sha256" && ($2 < 12 || $2 == 14) {
        print $1 "\t" $2 "\t" ($2 == 10 ? ten : $3) }' "$quote/pcrs.txt"
} >"$dir/pcrs.tsv"
sound "PCR lines with a head" 0 --pcrs "$dir/pcrs.tsv"
json '.pcrs_match == true'
tail -n +2 "$dir/pcrs.tsv" >"$dir/nohead.tsv"
sound "PCR lines without a head" 0 --pcrs "$dir/nohead.tsv"
json '.pcrs_match == true'
sed '2s/[0-9A-Fa-f]$/0/; 3s/[1-9A-Fa-f]$/0/' "$dir/pcrs.tsv" >"$dir/wrong.tsv"
sound "a wrong PCR value" 1 --pcrs "$dir/wrong.tsv"
json '.genuine == false and .pcrs_match == false and [.findings[].code] == ["pcr-digest"]'
sed 3d "$dir/pcrs.tsv" >"$dir/missing.tsv"
sound "a PCR value missing" 1 --pcrs "$dir/missing.tsv"
json '.pcrs_match == false and [.findings[].code] == ["pcr-values"]'
sed 's/sha256	3	/sha256	03	/' "$dir/pcrs.tsv" >"$dir/odd.tsv"
sound "a PCR that is no number" 2 --pcrs "$dir/odd.tsv"
silent
says '.*/odd.tsv:5: no line of bank, PCR and value$'
head -c 1100 "$quote/quote.pcrs" >"$dir/cut.pcrs"
sound "a PCR file cut short" 2 --pcrs "$dir/cut.pcrs"
says '.*/cut.pcrs: no PCR file$'

# One bit anywhere in what is signed, and in the signature.
{ head -c 60 "$attest"; printf '\377'; tail -c +62 "$attest"; } >"$dir/bent"
run "a bent attestation" 1 quote verify --ak "$quote/ak.pub" --attest "$dir/bent" \
    --signature "$dir/tpmt" --format json
json '.genuine == false and ([.findings[].code] | index("signature") != null)'
says '.*/bent: signature at offset 0: '
{ head -c 20 "$dir/tpmt"; printf '\000'; tail -c +22 "$dir/tpmt"; } >"$dir/bentsig"
verify "a bent signature" 1 --ak "$quote/ak.pub" --signature "$dir/bentsig"
json '[.findings[].code] == ["signature"]'
head -c 30 "$attest" >"$dir/short"
run "an attestation cut short" 1 quote verify --ak "$quote/ak.pub" --attest "$dir/short" \
    --signature "$dir/tpmt" --format json
json '[.findings[].code] == ["attest-malformed"] and .clock == null and .genuine == false'
{ cat "$attest"; printf '\000'; } >"$dir/long"
run "an attestation with a byte behind" 1 quote verify --ak "$quote/ak.pub" \
    --attest "$dir/long" --signature "$dir/tpmt" --format json
json '.genuine == false and [.findings[].code] == ["attest-malformed"]'
head -c 40 "$dir/tpmt" >"$dir/shortsig"
verify "a signature cut short" 1 --ak "$quote/ak.pub" --signature "$dir/shortsig"
json '[.findings[].code] == ["signature-malformed"] and .hash == null'
verify "another machine's key" 1 --ak "$fixtures/direct-cmdline/ak.pub" --signature "$dir/tpmt"
json '[.findings[].code] == ["signature"]'

# The same key without "restricted": it could have signed anything. Attributes begin at byte 4.
{ head -c 5 "$dir/ak.tpmt"; printf '\004'; tail -c +7 "$dir/ak.tpmt"; } >"$dir/loose"
verify "a key that is not restricted" 1 --ak "$dir/loose" --signature "$dir/tpmt"
json '.ak_attributes == "bad" and .genuine == false'

verify "a key that is none" 2 --ak "$dir/pcrs.tsv" --signature "$dir/tpmt"
silent
says '.*/pcrs.tsv: no attestation key'
verify "a raw signature without its hash" 2 --ak "$quote/ak.pub" --signature "$dir/der" \
    --signature-format raw
says '--signature-format raw wants --hash'
run "no key" 2 quote verify --attest "$attest" --signature "$dir/tpmt"
says '--ak, --attest and --signature are needed'
run "as text" 0 quote verify --ak "$quote/ak.pub" --attest "$attest" --signature "$dir/tpmt"
grep -q '^genuine	yes$' "$dir/out" || fail "no line for genuine"

# ---- ek verify ----

mkdir "$dir/roots" "$dir/between" "$dir/none"
cp "$quote/swtpm-localca-rootca-cert.pem" "$dir/roots/root.pem"
cp "$quote/issuercert.pem" "$dir/between/issuer.pem"
cert=$quote/ek-rsa2048.crt
openssl x509 -inform DER -in "$cert" -noout -pubkey 2>/dev/null |
    openssl pkey -pubin -outform DER 2>/dev/null | openssl dgst -sha256 -r | cut -d' ' -f1 >"$dir/id"
for cert in "$quote/ek-rsa2048.crt" "$quote/ek-secp384r1.crt"; do
    run "EK certificate $(basename "$cert")" 0 ek verify "$cert" --roots "$dir/roots" \
        --intermediates "$dir/between" --format json
    quiet
    json 'keys_unsorted[0:2] == ["trusted", "findings"] and .trusted == true and .findings == []'
    json '(.issuer | type) == "string" and (.not_after | test("^[0-9]{4}-.*Z$"))'
done
cert=$quote/ek-rsa2048.crt
run "device id" 0 ek verify "$cert" --roots "$dir/roots" --intermediates "$dir/between" --format=json
json ".device_id == \"$(cat "$dir/id")\""
run "without the intermediate" 1 ek verify "$cert" --roots "$dir/roots" --format json
json '.trusted == false and [.findings[].code] == ["ek-cert-chain"]'
says ".*: ek-cert-chain at offset 0: "
run "before it was made" 1 ek verify "$cert" --roots "$dir/roots" --intermediates "$dir/between" \
    --at 2001-01-01T00:00:00Z --format json
json '.trusted == false and [.findings[].code] == ["ek-cert-expired"]'
run "no roots" 2 ek verify "$cert" --format json
silent
run "roots without a certificate" 2 ek verify "$cert" --roots "$dir/none"
silent
says '.*/none: no certificate in it'
run "roots in a file" 2 ek verify "$cert" --roots "$cert"
says "$cert: is no directory"
run "roots that are not there" 2 ek verify "$cert" --roots "$dir/nowhere"
says "$dir/nowhere: there is no such directory"
silent
for at in 2026-02-30T00:00:00Z 2026-01-01 2026-01-01T00:00:00 2026-13-01T00:00:00Z now 1767225600; do
    run "a time that is none: $at" 2 ek verify "$cert" --roots "$dir/roots" --at "$at"
    silent
done
head -c 300 "$cert" >"$dir/cut.crt"
run "a certificate cut short" 1 ek verify "$dir/cut.crt" --roots "$dir/roots" --format json
json '.trusted == false and [.findings[].code] == ["ek-cert-malformed"] and .device_id == null'

# ---- the rest ----

run "version" 0 --version
grep -Eq '^trothctl [0-9]+\.[0-9]+\.[0-9]+$' "$dir/out" || fail "no version"
run "help" 0 --help
for group in device policy reference verdict audit eventlog quote ek; do
    run "help of $group" 0 "$group" --help
    for verb in $(awk -v g="$group" '$1 == g { print $2 }' "$dir/out"); do
        run "help of $group $verb" 0 "$group" "$verb" --help
        grep -q "^usage: trothctl $group $verb" "$dir/out" || fail "no usage"
        quiet
    done
done
run "nothing" 2
silent
run "an unknown group" 2 frobnicate
says 'no command frobnicate'
run "an unknown command" 2 quote forge
says 'quote has no command forge'
run "a slip in a group" 2 devcie list
says 'no command devcie, did you mean device\?'
run "a slip in a command" 2 device lsit
says 'device has no command lsit, did you mean list\?'
run "a slip in an option" 2 ima show --fromat json x
says 'unknown option --fromat, did you mean --format\?'
run "a slip in an option that may come again" 2 status show x --dleta y
says 'unknown option --dleta, did you mean --delta\?'
run "a tree that is not there" 2 reference ima build "$dir/nowhere" --output "$dir/list.digests"
says '.*/nowhere: No such file or directory'
[ ! -e "$dir/list.digests" ] || fail "there is a list"
mkdir "$dir/tree"
run "a directory for a list that is not there" 2 reference ima build "$dir/tree" --output "$dir/nowhere/list.digests"
says '.*/list.digests: No such file or directory'
run "no server" 2 device list --socket "$dir/nowhere.sock"
silent
says '.*nowhere.sock: '
run "a file for a socket" 2 device list --socket "$dir/cut"
silent
says '.*/cut: is no socket'
name="a full disk" got=0
"$trothctl" --version >/dev/full 2>"$dir/err" || got=$?
[ "$got" = 2 ] || fail "exit code $got, not 2"

# ---- files at their limits ----

# at_most BYTES WHAT CODE ARGUMENTS...: a file of so many bytes is read, and is not WHAT it should
# be; of one byte more it is said that it is too large. Its zeros take no room on the disk.
at_most()
{
    bytes=$1 what=$2 code=$3
    shift 3
    truncate -s "$bytes" "$dir/big" || { echo "skipped: no file of $bytes bytes can be made here"; return; }
    run "$what at its limit" "$code" "$@" "$dir/big"
    says '.*malformed'
    truncate -s $((bytes + 1)) "$dir/big"
    run "$what past its limit" 2 "$@" "$dir/big"
    says ".*(larger than $bytes bytes|limit)"
    rm "$dir/big"
}
at_most $((512 * 1024 * 1024)) 'an IMA list' 1 ima replay # TROTH_IMA_FILE_MAX
at_most $((256 * 1024 * 1024)) 'an EFI image' 1 image show # TROTH_BOOT_FILE_MAX
at_most $((12 * 1024 * 1024)) 'an exported appraisal' 1 explain # TROTH_CASE_MAX
mkdir "$dir/files"
at_most $((8 * 1024 * 1024 * 1024)) 'an allow-list' 2 \
    reference ima build "$dir/files" --output "$dir/all.digests" --add # TROTH_DIGEST_SET_FILE_MAX

[ "$failures" = 0 ] || { echo "$failures failed"; exit 1; }
echo "all passed"
