#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The attester's units under a systemd of their own: the first process of its namespaces, with the
# units installed as they are, an emulated TPM and a real verifier. usage: managed.sh BUILD SOURCE
# shellcheck disable=SC2034,SC2154 # variables of stage.sh
set -euo pipefail
build=$1 top=$2 bin=$1/bin
[ "$(id -u)" -eq 0 ] || { echo "needs root" && exit 77; }
manager=/lib/systemd/systemd
[ -x "$manager" ] || { echo "no systemd here" && exit 77; }
command -v nsenter >/dev/null || { echo "no nsenter here" && exit 77; }
# shellcheck source=../../lib/stage.sh
. "$top/tests/lib/stage.sh"

cgroup=troth-test-$$ init='' outer=''
leave() {
	[ -z "$outer" ] || { kill -KILL "$outer" && wait "$outer"; } 2>/dev/null || true
	strike
	for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/unified; do
		[ ! -d "$hierarchy/$cgroup" ] || find "$hierarchy/$cgroup" -depth -type d -exec rmdir {} \; 2>/dev/null || true
	done
}
trap leave EXIT

# ---- a machine ----

boot_device machine
: >"$work/inventory"
start_verifier
policy ek-certificate
# Not below /tmp, which the units do not see.
DESTDIR=$work/root cmake --install "$build" --prefix /run/troth >"$work/install.log"
prefix=$work/root/run/troth

# All units there are: the manager sees none of the machine the test runs on.
units=$work/units
mkdir -p "$work/etc/troth" "$work/etc/credstore" "$units/troth-attester.service.d" "$units/troth-attester.target.wants"
cp "$prefix"/lib/systemd/system/* "$units/"
for name in sysinit basic shutdown paths network-online multi-user; do
	printf '[Unit]\nDefaultDependencies=no\n' >"$units/$name.target"
done
cat >"$units/booted.target" <<'END'
[Unit]
DefaultDependencies=no
Wants=troth-attester.service troth-attester.path
After=troth-attester.service
END
# The test has no three minutes, and the CA comes from where an operator may keep it.
cat >"$units/troth-attester.service.d/test.conf" <<'END'
[Service]
WatchdogSec=2s
LoadCredential=troth.ca:/etc/credstore/troth.ca
END
consumer() { # NAME LINE: a unit that notes that there was a credential when it was started
	cat >"$units/$1.service" <<END
[Unit]
DefaultDependencies=no
After=troth-attester.target
$2
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c "test -s /run/troth-attester/cert.pem && touch $work/$1"
END
}
consumer patient "Requires=troth-attester.target"
consumer invited ""
ln -s ../invited.service "$units/troth-attester.target.wants/invited.service"

cat >"$work/etc/troth/attester.yaml" <<END
verifier: https://localhost:$port
tcti: "swtpm:path=/run/machine/sock"
log: /run/machine/eventlog
END
cp "$work/state/tls/ca.crt" "$work/etc/credstore/troth.ca"

# ---- its manager ----

# What it may write is its own: /run, /var, /tmp but for this test's directory, /etc above the machine's.
cat >"$work/start" <<END
set -e
mount --make-rprivate /
mount -t tmpfs none /run
mkdir -p /run/work /run/lock /run/machine /run/troth /run/etc /run/etc-work
mount --bind $work /run/work
mount --bind $prefix /run/troth
mount --bind $work/machine /run/machine
mount -t tmpfs none /tmp
mkdir $work
mount --move /run/work $work
mount -t tmpfs none /var
mkdir -p /var/lib /var/tmp
mount -t overlay none -o lowerdir=$work/etc:/etc,upperdir=/run/etc,workdir=/run/etc-work /etc
systemd-sysusers /run/troth/lib/sysusers.d/troth.conf
systemd-tmpfiles --create /run/troth/lib/tmpfiles.d/troth.conf
mount -t cgroup2 none /sys/fs/cgroup
# Credentials are mounts that must reach the units.
mount --make-rshared /
exec env -i PATH="\$PATH" container=troth SYSTEMD_UNIT_PATH=$units $manager --system --unit=booted.target \
	--log-target=console --show-status=no
END
for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/unified; do
	[ -e "$hierarchy/cgroup.controllers" ] || continue
	mkdir "$hierarchy/$cgroup"
	sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$hierarchy/$cgroup" \
		unshare --mount --pid --fork --kill-child --cgroup --mount-proc \
		bash "$work/start" >"$work/manager.log" 2>&1 &
	outer=$!
	break
done
[ -n "$outer" ] || { echo "no cgroup2 here" && exit 77; }
inside() { nsenter --target "$init" --mount --pid --cgroup -- "$@"; }
running() {
	init=$(cat "/proc/$outer/task/$outer/children" 2>/dev/null) && init=${init% } && [ -n "$init" ] &&
		inside systemctl list-units >/dev/null 2>&1
}
wait_until 20 running || { tail -n 5 "$work/manager.log" && echo "no systemd can be started here" && exit 77; }

state() { inside systemctl show -P ActiveState "$1"; }
is() { [ "$(state "$1")" = "$2" ]; }
becomes() { # UNIT STATE
	wait_until 30 is "$1" "$2" ||
		{ wrong "$1 is $(state "$1"), not $2" && { inside systemctl --no-pager status "$1" || true; }; }
}

# ---- tests ----

echo "- group and directories are made as the distribution expects"
inside grep -q ^tss: /etc/group || wrong "no group tss"
inside test -d /run/troth-attester || wrong "no /run/troth-attester"

echo "- the boot is done while there is no credential, and says why there is none"
becomes booted.target active
becomes troth-attester.service active
is troth-attester.target inactive || wrong "the target is reached without a credential"
has_status() { inside systemctl show -P StatusText troth-attester.service | grep -q "$1"; }
wait_until 30 has_status 'next attempt in .*reference-missing' ||
	wrong "status: $(inside systemctl show -P StatusText troth-attester.service)"

echo "- who requires the target waits; who is wanted by it is started by it"
inside systemctl start --no-block patient.service
becomes troth-attester-wait.service activating
[ ! -e "$work/patient" ] && [ ! -e "$work/invited" ] || wrong "started without a credential"
ctl reference learn --name base --device "$(ctl device list --format json | jq -r '(.devices // .)[0].name')" >/dev/null
inside systemctl reload troth-attester.service
becomes troth-attester.target active
becomes patient.service active
becomes invited.service active
wait_until 30 has_status 'spiffe://' || wrong "no credential in the status"

echo "- the sandbox is in force"
pid=$(inside systemctl show -P MainPID troth-attester.service)
status=$(inside cat "/proc/$pid/status")
for line in 'NoNewPrivs:.1' 'Seccomp:.2' 'CapBnd:.0000000000000000' 'CapEff:.0000000000000000'; do
	grep -q "^$line$" <<<"$status" || wrong "not so in the attester: $line"
done
! inside nsenter --target "$pid" --mount touch /etc/x 2>/dev/null || wrong "/etc can be written"
inside test -s /var/lib/troth-attester/device.json || wrong "no state"

echo "- a restart keeps the credentials"
inside systemctl restart troth-attester.service
inside test -s /run/troth-attester/cert.pem || wrong "the restart took the credentials"
wait_until 30 has_status 'spiffe://' || wrong "no credential after the restart"

echo "- the watchdog lets it sleep for minutes, and ends it when the TPM never answers"
main_pid() { inside systemctl show -P MainPID troth-attester.service; }
pid=$(main_pid)
sleep 5
[ "$(main_pid)" = "$pid" ] || wrong "ended in its sleep"
tpm=$(<"$work/machine/swtpm.pid")
kill -STOP "$tpm"
inside systemctl reload --no-block troth-attester.service
another() { local now && now=$(main_pid) && [ "$now" != 0 ] && [ "$now" != "$pid" ]; }
wait_until 60 another || wrong "stuck for ever"
kill -CONT "$tpm"
wait_until 60 has_status 'spiffe://' || wrong "no credential after the watchdog"
[ "$(inside systemctl show -P NRestarts troth-attester.service)" = 1 ] || wrong "not restarted once"

inside systemctl stop troth-attester.service
is troth-attester.service inactive || wrong "it does not stop"
finish
