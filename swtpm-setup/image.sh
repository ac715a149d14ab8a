# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # image_top is given
# Initramfs images with the attester in them, made by the tools of the distribution: initramfs-tools or
# dracut. The tools are unpacked, not installed; they and our installed files are seen in their places by a
# mount namespace, and nothing of this machine changes. Sourced by bash with `set -euo pipefail`, after
# `image_top` is set: the source tree.

# image_possible: mount namespaces and overlays can be had here.
image_possible() {
	unshare -rm mount -t tmpfs none /mnt 2>/dev/null
}

# image_tools KIND [PACKAGE...]: sets `tools`, where everything is unpacked.
image_tools() {
	local packages
	case $1 in
	initramfs-tools) packages=(initramfs-tools-core klibc-utils libklibc logsave) ;;
	dracut) packages=(dracut-core dracut-network kpartx isc-dhcp-client iputils-arping iputils-ping iproute2) ;;
	esac
	tools=$("$image_top/swtpm-setup/install-deps" unpack "${packages[@]}" "${@:2}" | sed -n 's/^tools=//p')
	[ -n "$tools" ]
}

# image_root DIR BUILD VERSION: DIR/dest gets what a machine has beside the distribution's files: ours as
# installed, and a kernel's modules, none without image_modules.
image_root() {
	local path
	DESTDIR=$1/dest cmake --install "$2" --prefix /usr >"$1/install.log"
	mkdir -p "$1/dest/usr/lib/modules/$3" "$1/dest/etc/troth" "$1/dest/etc/initramfs-tools/conf.d"
	[ -n "${image_modules:-}" ] || touch "$1/dest/usr/lib/modules/$3/modules."{order,builtin}
	cp "$image_top/packaging/boot.conf" "$1/dest/etc/troth/"
	# Packages that do not know yet that /bin is /usr/bin.
	for path in "$tools"/bin "$tools"/sbin; do
		[ ! -d "$path" ] || cp -a "$path" "$1/dest/usr/"
	done
	for path in "$tools"/lib/klibc* "$tools"/lib/systemd "$tools"/lib/udev "$tools"/lib/dracut; do
		[ ! -e "$path" ] || cp -a "$path" "$1/dest/usr/lib/"
	done
}

# in_root DIR COMMAND...: with DIR/dest over the tools over this machine's files. DIR is at /mnt there.
in_root() {
	unshare -rm bash -s -- "$1" "$tools" "${image_modules:-}" "${@:2}" <<'END'
set -e
work=$1 tools=$2 modules=$3 root=$1/root
shift 3
mkdir -p "$root"
mount -t tmpfs none "$root"
mkdir -p "$root"/{usr,etc,dev,proc,sys,run,tmp,var/tmp,var/lib/dpkg,boot,root,mnt}
for link in bin sbin lib lib64; do ln -s "usr/$link" "$root/$link"; done
mount -t overlay none -o "lowerdir=$work/dest/usr:$tools/usr:/usr" "$root/usr"
mount -t overlay none -o "lowerdir=$work/dest/etc:$tools/etc:/etc" "$root/etc"
[ -z "$modules" ] || mount --bind "$modules" "$root/usr/lib/modules/${modules##*/}"
mount --rbind /dev "$root/dev"
mount --rbind /proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --bind "$work" "$root/mnt"
for version in "$root"/usr/lib/modules/*; do
	printf 'CONFIG_RD_%s=y\n' GZIP ZSTD >"$root/boot/config-${version##*/}"
done
exec chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@" </dev/null
END
}

# make_image KIND DIR VERSION MODULES [OPTIONS...]: DIR/initrd. MODULES are dracut's.
make_image() {
	case $1 in
	initramfs-tools) in_root "$2" mkinitramfs -d /etc/initramfs-tools -o /mnt/initrd "$3" ;;
	dracut) in_root "$2" dracut --force --no-hostonly --no-hostonly-cmdline --no-early-microcode --nostrip \
		--modules "$4" --kver "$3" "${@:5}" /mnt/initrd ;;
	esac
}
