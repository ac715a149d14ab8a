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

case_of() { echo "- $1"; }

# As Debian's, but for what a server without a machine of its own needs; and the service behind it.
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
    server {
        listen 127.0.0.1:$service;
        location / {
            return 200 "points for \$http_troth_device of \$http_troth_segment\$http_authorization\$http_dpop\n";
        }
    }
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
make_server_certificate "$etc" historian
mkdir -p "$work/guide"
cp "$etc/historian.crt" "$work/guide/"

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
on_crl() {
	curl -s --cacert "$work/state/tls/ca.crt" "https://localhost:$port/v1/crl" |
		openssl crl -inform DER -noout -text | grep -q "$(serial_of sensor-1)"
}
serial_of() { openssl x509 -in "$work/$1/run/cert.pem" -noout -serial | cut -d= -f2; }
before_refresh() { wait_until 20 on_crl || wrong "the certificate is not on the CRL"; }
reloaded() { [ "$(as_device / -o /dev/null)" = 400 ]; }
before_revoked() { wait_until 20 reloaded || wrong "nginx goes on accepting a revoked certificate"; }

# call PATH [options]: prints the status
call() {
	curl -s --max-time 20 --cacert "$etc/historian.crt" -w '%{http_code}' "https://localhost:$web$1" "${@:2}"
}
as_device() { # PATH [options]
	env "${tpm_environment[@]}" OPENSSL_CONF="$work/etc/troth/tpm2-openssl.cnf" curl -s --max-time 20 \
		--cacert "$etc/historian.crt" --cert "$work/sensor-1/run/cert.pem" \
		--key "$work/sensor-1/run/key.pem" -w '%{http_code}' "https://localhost:$web$1" "${@:2}"
}
proof() { # METHOD URL [options]: headers into $work/headers
	"$work/attester" proof "$@" >"$work/headers"
}
fresh_nonce() { call / -o /dev/null -D - | sed -n 's/^DPoP-Nonce: \([^\r]*\)\r*$/\1/p'; }
is() { # WANTED WHAT CALL...
	local got
	got=$("${@:3}" -o "$work/body") || true
	[ "$got" = "$1" ] || { wrong "$2: $got, wanted $1" && cat "$work/body"; }
}

shows "$guide" 'nginx file=/etc/nginx/conf.d/historian.conf' "$top/examples/nginx/historian.conf"
follow "$guide" "$work/guide" || wrong "the guide cannot be followed"
[ "$failures" -eq 0 ] || { tail -n 20 "$etc/error.log" "$etc/out" "$work/verifier.log" && finish; }

case_of "released, the device attests anew and is let in again"
ctl device release sensor-1 >/dev/null
kill "$attester_pid" && wait "$attester_pid" || true
"$top/swtpm-setup/resource-manager" --dir "$work/sensor-1" stop >/dev/null
rm -f "$work/sensor-1/run/ear.jwt"
run_attester sensor-1
manage_tpm sensor-1
is 200 "a new certificate" as_device /v1/points
grep -q 'points for sensor-1 of line-1' "$work/body" || wrong "the service was told: $(<"$work/body")"

case_of "nobody is let in for headers of his own making"
certificate=$(openssl x509 -in "$work/sensor-1/run/cert.pem" -outform DER | base64 -w 0)
is 401 "somebody else's certificate as Client-Cert" call / -H "Client-Cert: :$certificate:"
is 401 "the same as Envoy has it" call / -H "X-Forwarded-Client-Cert: Cert=\"$certificate\""
is 401 "a caller's token" call / -H "Troth-Caller: $(<"$etc/troth/token")" -H "Client-Cert: :$certificate:"
is 404 "the question itself" call /troth
is 200 "names of the client's choice" as_device / -H 'Troth-Device: pump' -H 'Troth-Segment: safe'
grep -q 'points for sensor-1 of line-1' "$work/body" || wrong "the service was told: $(<"$work/body")"

case_of "method and address are nginx's word"
is 403 "a method that the policy does not allow" as_device / -X DELETE
is 403 "the same, called otherwise" as_device / -X DELETE -H 'X-Original-Method: GET'
here=https://localhost:$web
proof GET "$here/v1/points" --nonce "$(fresh_nonce)"
is 401 "a proof for another address" call /v1/other -H "@$work/headers"
is 401 "the same, called otherwise" call /v1/other -H "@$work/headers" -H "X-Original-URL: $here/v1/points"
is 401 "a proof for another method" call /v1/points -H "@$work/headers" -d points
is 200 "a proof for this call" call /v1/points -H "@$work/headers"
[ "$(<"$work/body")" = "points for sensor-1 of line-1" ] || wrong "the service sees the proof: $(<"$work/body")"
proof GET https://elsewhere.example/v1/points --nonce "$(fresh_nonce)"
is 401 "a proof for another host, by its name" call /v1/points -H "@$work/headers" -H 'Host: elsewhere.example'

case_of "a proof sent twice at once counts once"
proof GET "$here/race" --nonce "$(fresh_nonce)"
for i in 1 2 3 4; do call /race -H "@$work/headers" -o /dev/null >"$work/race.$i" & racers[i]=$!; done
wait "${racers[@]}"
[ "$(cat "$work"/race.? | fold -w 3 | sort | uniq -c | tr -s ' \n' ' ')" = ' 1 200 3 401 ' ] ||
	wrong "four at once: $(cat "$work"/race.?)"

case_of "no verifier, no answer"
kill "$verifier_pid" && wait "$verifier_pid" || true
verifier_pid=''
is 500 "without a verifier" as_device /
finish
