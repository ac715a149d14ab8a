#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# docs/guides/nginx.md, followed, and then what clients of such an nginx may try. Usage: nginx.sh BIN TOP
# shellcheck source-path=SCRIPTDIR disable=SC2154
set -euo pipefail
bin=$1 top=$2
# shellcheck source=gateway.sh
. "$top/tests/guides/gateway.sh"
needs nginx
guide=$top/docs/guides/nginx.md

# As Debian's, but for what a server without a machine of its own needs.
write_nginx_conf() {
	mkdir -p "$1/conf.d" "$1/tmp"
	cat >"$1/nginx.conf" <<END
pid $1/nginx.pid;
error_log $1/error.log;
daemon off;
events { worker_connections 64; }
http {
    access_log off;
    client_body_temp_path $1/tmp/body;
    proxy_temp_path $1/tmp/proxy;
    fastcgi_temp_path $1/tmp/fastcgi;
    uwsgi_temp_path $1/tmp/uwsgi;
    scgi_temp_path $1/tmp/scgi;
    include $1/conf.d/*.conf;
}
END
}

write_server() { # what systemctl does to it
	cat >"$work/server" <<END
#!/bin/bash
set -euo pipefail
nginx=("$top/swtpm-setup/peer" nginx -c "$etc/nginx.conf" -e "$etc/error.log")
case \$1 in
start) "\${nginx[@]}" >"$etc/out" 2>&1 & echo \$! >"$work/pids/nginx" ;;
reload) exec "\${nginx[@]}" -s reload ;;
esac
END
	chmod +x "$work/server"
}

stage_gateway
free_port web
free_port service
etc=$work/etc/nginx
write_nginx_conf "$etc"
write_server
start_service
make_server_certificate "$etc" historian
mkdir -p "$work/guide"
cp "$etc/historian.crt" "$work/guide/"
web_ca=$etc/historian.crt

stands_for 'listen 443 ssl' "listen 127.0.0.1:$web ssl"
stands_for 'server_name historian.example.org' 'server_name localhost'
stands_for historian.example.org:443 "localhost:$web"
stands_for https://historian.example.org "https://localhost:$web"
stands_for 127.0.0.1:9000 "127.0.0.1:$service"
stands_for /etc/nginx "$etc"
stands_for /etc/systemd "$work/etc/systemd"
tell_guide
program nginx "$top/swtpm-setup/peer" nginx -e "$etc/error.log"

answered() { [ "$(call / -o /dev/null)" = 401 ]; }
before_certificate() { wait_until 20 caller_known "$etc/troth/token" && wait_until 20 answered || wrong "nginx does not serve"; }
by_certificate_known() {
	[ "$(curl -s -o /dev/null -w '%{http_code}' --cacert "$work/state/tls/ca.crt" --cert "$etc/troth/caller.crt" \
		--key "$etc/troth/caller.key" "https://localhost:$port/v1/authorize")" = 401 ]
}
before_reload() { wait_until 20 by_certificate_known || wrong "the verifier does not know the certificate"; }
asks_by_certificate() {
	call / -o /dev/null >/dev/null
	tail -n 1 "$work/verifier.log" | grep -q 'caller=historian-nginx-2 '
}
before_by_certificate() { wait_until 20 asks_by_certificate || wrong "nginx does not show its certificate"; }
before_refresh() { wait_until 20 on_crl sensor-1 || wrong "the certificate is not on the CRL"; }
reloaded() { [ "$(as_device / -o /dev/null)" = 400 ]; }
before_revoked() { wait_until 5 reloaded || wrong "nginx goes on accepting a revoked certificate"; }

for unit in service timer; do
	shows "$guide" "ini file=/etc/systemd/system/troth-refresh.$unit" "$top/examples/refresh/troth-refresh.$unit"
done
shows "$guide" 'nginx file=/etc/nginx/conf.d/historian.conf' "$top/examples/nginx/historian.conf"
follow "$guide" "$work/guide" || wrong "the guide cannot be followed"
[ "$failures" -eq 0 ] || { tail -n 20 "$etc/error.log" "$etc/out" "$work/verifier.log" && finish; }

case_of "released, the device attests anew and is let in again"
renew
is 200 "a new certificate" as_device /v1/points
told_service "a new certificate"
try_headers "$(<"$etc/troth/token")"
is 404 "the question itself" call /troth
try_calls 401
try_races

refresh() {
	"$top/examples/refresh/troth-refresh" "https://localhost:$port" "$work/state/tls/ca.crt" "$etc/troth" "$work/server" reload
}
let_in() { [ "$(as_device / -o /dev/null)" = 200 ]; }

case_of "a CRL of the issuing CA alone is no CRL of every CA"
awk '{ print } /^-----END/ { exit }' "$etc/troth/crl.pem" >"$work/one.pem" && cp "$work/one.pem" "$etc/troth/crl.pem"
"$work/server" reload
wait_until 5 reloaded || wrong "nginx does without the root's CRL: the guide need not speak of it"
refresh
wait_until 5 let_in || wrong "troth-refresh does not bring it back"

case_of "the issuing CA is replaced: what either has signed is good"
rotate() { # WORD
	"$bin/troth-verifier" rotate --config "$work/verifier.yaml" >"$work/rotate" 2>&1 || true
	grep -q "$1" "$work/rotate" || wrong "rotate says $(<"$work/rotate"), not $1"
}
two_lists() { curl -sf -o /dev/null --cacert "$work/state/tls/ca.crt" "https://localhost:$port/v1/crl/former"; }
issuer_of_device() { openssl x509 -in "$work/sensor-1/run/cert.pem" -noout -issuer; }
rotate prepared
touch -d '26 hours ago' "$work/state/keys/ca-next.crt"
rotate activated
kill -HUP "$verifier_pid"
wait_until 20 two_lists || wrong "there is no CRL of the former CA"
refresh
[ "$(grep -c 'BEGIN X509 CRL' "$etc/troth/crl.pem")" = 3 ] || wrong "not three CRLs"
wait_until 5 let_in || wrong "a certificate of the former CA is refused"
former=$(issuer_of_device)
attest_again
[ "$(issuer_of_device)" != "$former" ] || wrong "the new CA has not signed"
wait_until 5 let_in || wrong "a certificate of the new CA is refused"

try_without_verifier 500
before=$(cksum "$etc"/troth/*.pem)
! "$top/examples/refresh/troth-refresh" "https://localhost:$port" "$work/state/tls/ca.crt" "$etc/troth" false 2>/dev/null ||
	wrong "troth-refresh says that all is fresh"
[ "$(cksum "$etc"/troth/*.pem)" = "$before" ] || wrong "troth-refresh has changed what was there"
finish
