#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Webhooks in the configuration: what is refused, and that it is said where.
#   settings.sh BIN
set -euo pipefail
bin=$1
dir=$(mktemp -d /tmp/troth-settings.XXXXXX)
trap 'rm -rf -- "$dir"' EXIT
failures=0
printf 'whsec_%s\n' "$(openssl rand -base64 32)" >"$dir/secret"
openssl genpkey -algorithm ED25519 -out "$dir/ed.pem"
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$dir/ec.pem"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$dir/ca.key" -out "$dir/ca.crt" -subj /CN=x 2>/dev/null

# check CODE WORDS LINE...: the webhooks of these lines
check() {
	local want=$1 words=$2 code=0
	shift 2
	{
		printf 'trust_domain: example.org\nstate_dir: %s/none\nwebhooks:\n' "$dir"
		printf '%s\n' "$@"
	} >"$dir/verifier.yaml"
	"$bin/troth-verifier" check-config --config "$dir/verifier.yaml" >"$dir/out" 2>&1 || code=$?
	if [ "$code" != "$want" ] || ! grep -q -- "$words" "$dir/out"; then
		failures=$((failures + 1))
		echo "WRONG: exit $code, wanted $want and '$words':" "$@"
		cat "$dir/out"
	fi
}
sound=("  - name: siem" "    url: https://siem.example/x?y" "    ca: $dir/ca.crt" "    secret: $dir/secret")
but() { # LINE TEXT: the sound one with a line in place of one
	local lines=("${sound[@]}")
	lines[$1]=$2
	printf '%s\n' "${lines[@]}"
}
check 0 'is sound' "${sound[@]}"
check 0 'is sound' "${sound[@]}" "    key: $dir/ed.pem" '    events: ["device.*", policy.applied]'
check 2 'line=5.*https://' "$(but 1 '    url: http://siem.example/x')"
check 2 'https://' "$(but 1 '    url: https://user:word@siem.example/x')"
check 2 'https://' "$(but 1 '    url: file:///etc/shadow')"
check 2 'https://' "$(but 1 '    url: "https://"')"
# TROTH_WEBHOOK_URL_MAX
check 2 'at most 1024' "$(but 1 "    url: https://siem.example/$(printf 'a%.0s' $(seq 1010))")"
check 0 'is sound' "$(but 1 "    url: https://siem.example/$(printf 'a%.0s' $(seq 1003))")"
check 2 'anchors in PEM' "$(but 2 "    ca: $dir/none")"
check 2 'a secret or a key' "  - name: siem" "    url: https://siem.example/x"
check 2 'whsec_' "$(but 3 "    secret: $dir/ca.crt")"
check 2 'Ed25519' "${sound[@]}" "    key: $dir/ec.pem"
check 2 'no event is called so' "${sound[@]}" '    events: [device.quarantine]'
check 2 'twice' "${sound[@]}" "${sound[@]}"
check 2 'unknown key' "${sound[@]}" '    follow_redirects: true'
# TROTH_WEBHOOKS_MAX, TROTH_WEBHOOK_EVENTS_MAX
many() { for i in $(seq "$1"); do but 0 "  - name: siem-$i"; done; }
check 0 'is sound' "$(many 16)"
check 2 'more than 16 webhooks' "$(many 17)"
types() { printf '    events: [%s]\n' "$(printf 'device.*,%.0s' $(seq "$1") | sed 's/,$//')"; }
check 0 'is sound' "${sound[@]}" "$(types 16)"
check 2 'more than 16 types' "${sound[@]}" "$(types 17)"
# TROTH_EVENTS_KEPT_MIN, TROTH_EVENTS_KEPT_MAX, TROTH_EVENTS_AGE_MIN_S, TROTH_EVENTS_AGE_MAX_S
kept() { check "$1" "$2" "${sound[@]}" "limits: { $3 }"; }
for within in 'events: 1000' 'events: 100000000' 'events_age: 1h' 'events_age: 3650d'; do kept 0 'is sound' "$within"; done
for beyond in 'events: 999' 'events: 100000001' 'events_age: 3599s' 'events_age: 315360001s'; do
	kept 2 'out of range' "$beyond"
done
[ "$failures" -eq 0 ]
