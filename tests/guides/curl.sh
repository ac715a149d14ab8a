#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# docs/guides/curl.md, followed. Usage: curl.sh BIN TOP
# shellcheck source-path=SCRIPTDIR disable=SC2034,SC2154,SC2317
set -euo pipefail
bin=$1 top=$2
# shellcheck source=gateway.sh
. "$top/tests/guides/gateway.sh"
for tool in xxd jq; do
	command -v "$tool" >/dev/null || { echo "no $tool here" && exit 77; }
done

etc=$work/etc/historian
mkdir -p "$etc"
openssl rand -hex 32 | tr -d '\n' >"$etc/token"
more_settings="callers:
  - name: historian
    audience: historian
    token_sha256: $(sha256sum <"$etc/token" | cut -d ' ' -f 1)"
stage_gateway
{ ctl policy show default && printf 'allow:\n  - audience: historian\n    methods: [GET]\n'; } >"$work/policy.yaml"
ctl policy apply "$work/policy.yaml" >/dev/null

# The historian: a server that wants a certificate of the bundle, and shows what it was shown.
make_server_certificate "$etc" historian
mkdir -p "$work/guide"
cp "$etc/historian.crt" "$work/guide/"
curl -sf --cacert "$work/state/tls/ca.crt" -o "$etc/bundle.pem" "https://localhost:$port/v1/bundle"
free_port web
openssl s_server -accept "127.0.0.1:$web" -cert "$etc/historian.crt" -key "$etc/historian.key" -www \
	-CAfile "$etc/bundle.pem" -Verify 2 -verify_return_error >"$etc/out" 2>&1 &
server_pids+=($!)
wait_until 20 listens "$web" || wrong "the historian does not listen"

stands_for historian.example.org:443 "localhost:$web"
stands_for https://historian.example.org "https://localhost:$web"
stands_for /etc/historian "$etc"
tell_guide
# `result` attests, so it needs the TPM as curl does: through the resource manager.
manager_tcti=${tpm_environment[0]#*=}
printf '%s\n' '#!/bin/bash' "exec env $(printf '%q ' "${tpm_environment[@]}" "$bin/troth-attester") \"\$@\" $(
	printf '%q ' "${options[@]/#swtpm:*/$manager_tcti}")" >"$work/attester"

serial() { openssl x509 -in "$work/sensor-1/run/cert.pem" -noout -serial | cut -d= -f2; }
on_crl() {
	curl -s --cacert "$work/state/tls/ca.crt" "https://localhost:$port/v1/crl" |
		openssl crl -inform DER -noout -text | grep -q "$(serial)"
}
before_revoked() { wait_until 20 on_crl || wrong "the certificate is not on the CRL"; }
follow "$top/docs/guides/curl.md" "$work/guide" || wrong "the guide cannot be followed"
finish
