#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# docs/guides/haproxy.md, followed, and then what clients of such a HAProxy may try. Usage: haproxy.sh BIN TOP
# shellcheck source-path=SCRIPTDIR disable=SC2154
set -euo pipefail
bin=$1 top=$2
# shellcheck source=gateway.sh
. "$top/tests/guides/gateway.sh"
needs haproxy
guide=$top/docs/guides/haproxy.md

write_server() { # what systemctl does to it
	cat >"$work/server" <<END
#!/bin/bash
set -euo pipefail
case \$1 in
start)
	set -a
	. "$work/etc/default"
	"$top/swtpm-setup/peer" haproxy -W -f "$etc/haproxy.cfg" >"$etc/out" 2>&1 &
	echo \$! >"$work/pids/haproxy"
	;;
reload) kill -USR2 "\$(<"$work/pids/haproxy")" ;;
esac
END
	chmod +x "$work/server"
}

stage_gateway
free_port web
free_port gauges
free_port service
etc=$work/etc/haproxy
mkdir -p "$work/guide" "$etc"
write_server
start_service
make_server_certificate "$etc" historian
cat "$etc/historian.crt" "$etc/historian.key" >"$etc/historian.pem"
cp "$etc/historian.crt" "$work/guide/"
web_ca=$etc/historian.crt

stands_for 'bind :443' "bind 127.0.0.1:$web"
stands_for 'bind :8444' "bind 127.0.0.1:$gauges"
stands_for https://historian.example.org:8444 "https://localhost:$gauges"
stands_for https://historian.example.org "https://localhost:$web"
stands_for 127.0.0.1:9000 "127.0.0.1:$service"
stands_for /etc/haproxy "$etc"
stands_for /etc/default/haproxy "$work/etc/default"
stands_for /run/haproxy "$work"
tell_guide
program haproxy "$top/swtpm-setup/peer" haproxy

token() { sed -n 's/^TROTH_CALLER=//p' "$work/etc/default"; }
known() { token >"$work/token" && caller_known "$work/token"; }
answered() { [ "$(call / -o /dev/null)" = 401 ]; }
before_certificate() { wait_until 20 known && wait_until 20 answered || wrong "HAProxy does not serve"; }
before_refresh() { wait_until 20 on_crl sensor-1 || wrong "the certificate is not on the CRL"; }
reloaded() { [ "$(as_device / -o /dev/null)" = 000 ]; }
before_revoked() { wait_until 5 reloaded || wrong "HAProxy goes on accepting a revoked certificate"; }

shows "$guide" 'lua file=/etc/haproxy/troth.lua' "$top/examples/haproxy/troth.lua"
shows "$guide" 'haproxy file=/etc/haproxy/haproxy.cfg' "$top/examples/haproxy/haproxy.cfg"
follow "$guide" "$work/guide" || wrong "the guide cannot be followed"
[ "$failures" -eq 0 ] || { tail -n 20 "$etc/out" "$work/verifier.log" && finish; }

case_of "released, the device attests anew and is let in again"
renew
is 200 "a new certificate" as_device /v1/points
told_service "a new certificate"
try_headers "$(token)"
try_calls 401
try_races

case_of "by certificate alone: who has none, and who is of another segment"
web_of_verifier=$web web=$gauges
is 000 "no certificate" call /
is 200 "a device of line-1" as_device /
sed -i 's/-m str line-1/-m str line-2/' "$etc/haproxy.cfg" && "$work/server" reload
other_segment() { [ "$(as_device / -o /dev/null)" = 403 ]; }
wait_until 5 other_segment || wrong "a device of another segment is let in"
web=$web_of_verifier

try_without_verifier 503
finish
