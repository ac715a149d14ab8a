#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# docs/guides/freeradius.md, followed, and then others who want into the network.
# Usage: freeradius.sh BIN TOP
# shellcheck source-path=SCRIPTDIR disable=SC2154
set -euo pipefail
bin=$1 top=$2
# shellcheck source=gateway.sh
. "$top/tests/guides/gateway.sh"
needs freeradius
needs eapol_test
guide=$top/docs/guides/freeradius.md
tools=$("$top/swtpm-setup/peer" --where)

# write_radiusd_conf DIR: what Debian's includes, and a switch on this machine.
write_radiusd_conf() {
	mkdir -p "$1/mods-enabled" "$1/sites-enabled"
	printf '$INCLUDE %s\n' "$tools/usr/share/freeradius/dictionary" >"$1/dictionary"
	cat >"$1/radiusd.conf" <<END
name = radiusd
prefix = $1
localstatedir = $1
raddbdir = $1
logdir = $1
run_dir = $1
libdir = $tools/usr/lib/freeradius
pidfile = $1/radiusd.pid
max_request_time = 30
max_requests = 1024
proxy_requests = no
log {
	destination = files
	file = $1/radius.log
}
security {
	max_attributes = 200
	reject_delay = 0
	status_server = no
}
client localhost {
	ipaddr = 127.0.0.1
	secret = testing123
}
modules {
	\$INCLUDE mods-enabled/
}
\$INCLUDE sites-enabled/
END
}

# start_radius DIR [environment]: its pid in DIR/pid
start_radius() {
	env "${@:2}" "$top/swtpm-setup/peer" freeradius -f -d "$1" -D "$tools/usr/share/freeradius" -n radiusd \
		>"$1/out" 2>&1 &
	echo $! >"$work/pids/$(basename "$1")"
}
ready() { grep -q 'Ready to process requests' "$1/radius.log" "$1/out" 2>/dev/null; } # DIR

write_server() { # what systemctl does to it
	cat >"$work/server" <<END
#!/bin/bash
set -euo pipefail
if [ -e "$work/pids/freeradius" ]; then # its port is free when it is gone
	pid=\$(<"$work/pids/freeradius")
	kill "\$pid"
	timeout 20 tail --pid="\$pid" -f /dev/null
fi
: >"$etc/radius.log"
"$top/swtpm-setup/peer" freeradius -f -d "$etc" -D "$tools/usr/share/freeradius" -n radiusd >"$etc/out" 2>&1 &
echo \$! >"$work/pids/freeradius"
END
	chmod +x "$work/server"
}

# another_radius NAME PORT SED_SCRIPT [environment]: the same server with something else about it
another_radius() {
	local dir=$work/etc/$1
	cp -r "$etc" "$dir"
	rm -f "$dir"/radius.log "$dir/out"
	sed -i "s,$etc,$dir,g" "$dir/radiusd.conf" "$dir/mods-enabled/eap"
	sed -i "s/port = $radius/port = $2/; $3" "$dir/sites-enabled/troth"
	start_radius "$dir" "${@:4}"
	wait_until 20 ready "$dir" || { wrong "$1 does not start" && cat "$dir/out"; }
}

# enter PORT CERTIFICATE KEY [IDENTITY]: exit code of eapol_test, output in $work/entered
enter() {
	cat >"$work/supplicant.conf" <<END
network={
	key_mgmt=IEEE8021X
	eap=TLS
	identity="${4-device}"
	ca_cert="$etc/troth/radius.crt"
	client_cert="$2"
	private_key="$3"
}
END
	env "${tpm_environment[@]}" OPENSSL_CONF="$work/etc/troth/tpm2-openssl.cnf" "$top/swtpm-setup/peer" eapol_test \
		-c "$work/supplicant.conf" -a 127.0.0.1 -p "$1" -s testing123 -t 20 >"$work/entered" 2>&1
}
admitted() { # WHAT PORT CERTIFICATE KEY...
	enter "${@:2}" || { wrong "$1 is refused" && tail -n 20 "$etc/radius.log"; }
}
refused() { # WHAT PORT CERTIFICATE KEY...
	! enter "${@:2}" || wrong "$1 is admitted"
	grep -q 'code=3 (Access-Reject)' "$work/entered" || { wrong "$1 is not refused by the server" && tail -n 20 "$work/entered"; }
}

stage_gateway
free_port radius
free_port other_radius
free_port late_radius
etc=$work/etc/freeradius
write_radiusd_conf "$etc"
write_server
make_server_certificate "$etc/troth" radius

stands_for 'ipaddr = *' 'ipaddr = 127.0.0.1'
stands_for 'port = 1812' "port = $radius"
stands_for '-p 1812' "-p $radius"
stands_for /etc/troth/radius.crt "$etc/troth/radius.crt"
stands_for /etc/freeradius/3.0 "$etc"
stands_for /etc/wpa_supplicant "$work/etc/wpa_supplicant"
stands_for /etc/systemd "$work/etc/systemd"
stands_for /usr/local/lib/troth "$work/lib"
tell_guide
program freeradius "$top/swtpm-setup/peer" freeradius -d "$etc" -D "$tools/usr/share/freeradius" -n radiusd
program eapol_test env "${tpm_environment[@]}" "$top/swtpm-setup/peer" eapol_test -t 20

certificate=$work/sensor-1/run/cert.pem key=$work/sensor-1/run/key.der
before_admitted() { wait_until 20 ready "$etc" || wrong "FreeRADIUS does not start"; }
before_refresh() { wait_until 20 on_crl sensor-1 || wrong "the certificate is not on the CRL"; }
before_refused() { wait_until 20 ready "$etc" || wrong "FreeRADIUS does not start again"; }

shows "$guide" 'unlang file=/etc/freeradius/3.0/mods-enabled/eap' "$top/examples/freeradius/eap"
shows "$guide" 'unlang file=/etc/freeradius/3.0/sites-enabled/troth' "$top/examples/freeradius/troth"
follow "$guide" "$work/guide" || wrong "the guide cannot be followed"
[ "$failures" -eq 0 ] || { tail -n 20 "$etc/radius.log" "$etc/out" && finish; }
grep -q 'certificate revoked' "$etc/radius.log" || wrong "it was refused for something else"

case_of "released, the device is admitted with a new certificate"
renew
admitted "a new certificate" "$radius" "$certificate" "$key" somebody-else
grep -q "'sensor-1'" "$work/entered" || wrong "the switch is told another name than the certificate's"

case_of "a certificate of nobody's, with the same names"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /OU=line-1/CN=sensor-1 \
	-addext extendedKeyUsage=clientAuth -keyout "$work/own.key" -out "$work/own.crt" 2>/dev/null
refused "a certificate of one's own making" "$radius" "$work/own.crt" "$work/own.key"

case_of "the verifier's TLS certificate, of the same root"
refused "a server's certificate" "$radius" "$work/state/tls/tls.crt" "$work/state/tls/tls.key"

case_of "a segment that has no VLAN"
another_radius freeradius-other "$other_radius" 's/case "line-1"/case "line-9"/'
refused "a device of another segment" "$other_radius" "$certificate" "$key"

case_of "a certificate past its end, while the CRL is good"
faketime=$(find "$tools/usr/lib" -name libfaketime.so.1)
another_radius freeradius-late "$late_radius" '' LD_PRELOAD="$faketime" FAKETIME=+20m
refused "an expired certificate" "$late_radius" "$certificate" "$key"
grep -q 'certificate has expired' "$work/etc/freeradius-late/radius.log" ||
	{ wrong "it was refused for something else" && cat "$work/etc/freeradius-late/radius.log"; }
finish
