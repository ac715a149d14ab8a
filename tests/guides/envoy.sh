#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# docs/guides/envoy.md, followed with a gateway that asks as Envoy's documentation says. Usage: envoy.sh BIN TOP
# shellcheck source-path=SCRIPTDIR disable=SC2154
set -euo pipefail
bin=$1 top=$2
# shellcheck source=gateway.sh
. "$top/tests/guides/gateway.sh"
needs_tpm2_provider
/usr/bin/python3 -c 'import yaml' 2>/dev/null || { echo "no python3-yaml here" && exit 77; }
guide=$top/docs/guides/envoy.md

write_server() { # what systemctl does to it
	cat >"$work/server" <<END
#!/bin/bash
set -euo pipefail
/usr/bin/python3 "$top/tests/guides/envoy_gateway.py" "$etc/envoy.yaml" >"$etc/out" 2>&1 &
echo \$! >"$work/pids/envoy"
END
	chmod +x "$work/server"
}

stage_gateway
free_port web
free_port service
etc=$work/etc/envoy
mkdir -p "$work/guide" "$etc"
write_server
start_service
make_server_certificate "$etc" historian
cp "$etc/historian.crt" "$work/guide/"
web_ca=$etc/historian.crt

stands_for 'address: 0.0.0.0, port_value: 443' "address: 127.0.0.1, port_value: $web"
stands_for 'address: verifier.example.org, port_value: 8443' "address: localhost, port_value: $port"
stands_for 'domains: [historian.example.org]' "domains: [\"localhost:$web\"]"
stands_for https://historian.example.org "https://localhost:$web"
stands_for 'port_value: 9000' "port_value: $service"
stands_for /etc/envoy "$etc"
tell_guide

answered() { [ "$(call / -o /dev/null)" = 401 ]; }
before_certificate() { wait_until 20 caller_known "$etc/troth/token" && wait_until 20 answered || wrong "the gateway does not serve"; }

shows "$guide" 'yaml file=/etc/envoy/envoy.yaml' "$top/examples/envoy/envoy.yaml"
follow "$guide" "$work/guide" || wrong "the guide cannot be followed"
[ "$failures" -eq 0 ] || { tail -n 20 "$etc/out" "$work/verifier.log" && finish; }

case_of "released, the device attests anew and is let in again"
renew
is 200 "a new certificate" as_device /v1/points
told_service "a new certificate"
try_headers "$(<"$etc/troth/token")"
try_calls 404
try_races
try_without_verifier 503
finish
