#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Makes an initramfs with the attester in it, looks into it, and runs what is in it against an emulated
# TPM and a real verifier. The distribution's tool and our installed files are seen in their places by a
# mount namespace; nothing of this machine changes. usage: image.sh initramfs-tools|dracut BUILD SOURCE
# shellcheck disable=SC2034,SC2154 # variables of stage.sh
set -euo pipefail
kind=$1 build=$2 top=$3 bin=$2/bin
image_top=$top
# shellcheck source=../../../swtpm-setup/image.sh
. "$top/swtpm-setup/image.sh"
image_possible || { echo "no mount namespaces here" && exit 77; }
# shellcheck source=../../lib/stage.sh
. "$top/tests/lib/stage.sh"

image_tools "$kind" 2>"$work/unpack.log" || { cat "$work/unpack.log" && echo "no $kind here" && exit 77; }

boot_device machine
: >"$work/inventory"
start_verifier
policy ek-certificate

# ---- a root file system ----

version=0.0.0-troth
image_root "$work" "$build" "$version"
cp "$work/state/tls/ca.crt" "$work/dest/etc/troth/"
cat >"$work/dest/etc/troth/attester.yaml" <<END
verifier: https://localhost:$port
ca: /etc/troth/ca.crt
tcti: "swtpm:path=/run/machine/sock"
log: /run/machine/eventlog
owner_auth_file: /etc/troth/owner-auth
END
echo secret >"$work/dest/etc/troth/owner-auth"

open_image() {
	rm -rf -- "$work/image"
	mkdir "$work/image"
	case $kind in
	initramfs-tools) in_root "$work" unmkinitramfs /mnt/initrd /mnt/image ;;
	dracut) in_root "$work" sh -c 'cd /mnt/image && lsinitrd --unpack /mnt/initrd' ;;
	esac
}

echo "- an image is made"
make_image "$kind" "$work" "$version" "base network network-legacy troth" --no-kernel --no-compress \
	>"$work/make.log" 2>&1 || { wrong "no image" && cat "$work/make.log" && finish; }
open_image >"$work/open.log" 2>&1 || { wrong "it cannot be opened" && cat "$work/open.log"; }
[ ! -d "$work/image/main" ] || mv "$work/image/main" "$work/image.main"
image=$work/image
[ ! -d "$work/image.main" ] || image=$work/image.main

echo "- attester, transport, configuration and CA are in it, authorisations are not"
holds() { [ -e "$image/$1" ] || wrong "no $1"; }
holds usr/bin/troth-attester
holds etc/troth/attester.yaml
holds etc/troth/boot.conf
cmp -s "$image/etc/troth/ca.crt" "$work/state/tls/ca.crt" || wrong "no CA"
find "$image" -name 'libtss2-tcti-swtpm.so.0*' | grep -q . || wrong "no transport"
! grep -rqs -e secret -e owner-auth "$image/etc/troth" || wrong "an authorisation"

# ---- what is in it runs ----

# boot: what the initramfs does before the root file system, in the opened image.
# Standard output and error of it.
boot() {
	unshare -rm bash -s -- "$image" "$work" "$kind" <<'END'
set -e
image=$1 work=$2 kind=$3
mkdir -p "$image"/{dev,proc,sys,run,tmp}
mount -t tmpfs none "$image/dev"
for node in null urandom random zero; do
	: >"$image/dev/$node"
	mount --bind "/dev/$node" "$image/dev/$node"
done
: >"$image/dev/console"
ln -s /proc/self/fd "$image/dev/fd"
mount --rbind /proc "$image/proc"
mount --rbind /sys "$image/sys"
mkdir -p "$work/run/machine"
mount --rbind "$work/run" "$image/run"
mount --bind "$work/machine" "$image/run/machine"
case $kind in
initramfs-tools) steps='/scripts/init-premount/troth' ;;
dracut) steps='hookdir=/lib/dracut/hooks; . /lib/dracut-lib.sh
	die() { echo "die: $*"; exit 1; }
	warn() { echo "$*"; }
	mkdir -p /etc/cmdline.d; . $hookdir/cmdline/90-neednet.sh; getargbool 0 rd.neednet || echo "no network asked for"
	(. $hookdir/initqueue/finished/50-finished.sh) && echo "it does not wait for the attempt"
	. $hookdir/initqueue/online/50-attest.sh
	(. $hookdir/initqueue/finished/50-finished.sh) || echo "it waits after the attempt"
	. $hookdir/pre-mount/01-require.sh
	[ ! -e /run/troth-attester/cert.pem ] || echo "this machine has a credential"' ;;
esac
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin IP=off quiet=n panic= chroot "$image" /bin/sh -c "$steps" </dev/null 2>&1
END
}
boot_conf() { printf 'TROTH_TIMEOUT=%s\nTROTH_REQUIRED=%s\n' "$1" "$2" >"$image/etc/troth/boot.conf"; }

# says WORDS COMMAND...: the command's output, whatever its exit code, has the words.
says() {
	"${@:2}" >"$work/out" 2>&1 || true
	grep -q -- "$1" "$work/out" || { wrong "$kind: nobody says '$1'" && cat "$work/out"; }
	! grep -e 'no network asked for' -e 'it does not wait' -e 'it waits' "$work/out" || wrong "see above"
}
forget() { rm -rf -- "$work"/run/troth-attester; }

echo "- it runs: refused, and the boot goes on"
boot_conf 30 no
says 'no credential; the boot goes on' boot
grep -q reference-missing "$work/out" || { wrong "not refused" && cat "$work/out"; }

echo "- it runs: a credential, handed over with all that is known to the booted system"
ctl reference learn --name base --device "$(ctl device list --format json | jq -r '(.devices // .)[0].name')" >/dev/null
forget
says 'this machine has a credential' boot
handed=$work/run/troth-attester
openssl verify -CAfile "$handed/bundle.pem" -untrusted "$handed/cert.pem" "$handed/cert.pem" >/dev/null || wrong "no certificate"
code=0
"$bin/troth-attester" once --tcti "swtpm:path=$work/machine/sock" --log "$work/machine/eventlog" \
	--verifier "https://localhost:$port" --ca "$work/state/tls/ca.crt" --run-dir "$handed" \
	--state-dir "$work/home" >"$work/out" 2>&1 || code=$?
[ "$code" = 0 ] || { wrong "the booted system gets no credential" && cat "$work/out"; }
! grep -q event=enrolled "$work/out" || wrong "it enrols again"

echo "- without a verifier: in time, and as boot.conf has it"
kill "$verifier_pid"
wait "$verifier_pid" 2>/dev/null || true
forget
boot_conf 1 no
says 'no credential; the boot goes on' boot
forget
boot_conf 1 yes
says 'boot.conf requires one' boot

finish
