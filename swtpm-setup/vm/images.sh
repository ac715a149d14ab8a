# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # names are shared with bootvm
# Machines that boot from an initramfs as the distribution's own tool makes it, with our hook in it, and
# open a root file system behind it. Sourced by bootvm, after lib.sh and image.sh.

image_kinds=(initramfs-tools dracut)
# What the boot needs of the kernel before it has a root file system.
image_drivers=(virtio_pci virtio_blk virtio_net virtio_console crc32c_generic ext4)

# configure_image DIR: the machine it is made for, as seen by the tools.
configure_image() {
	local etc=$1/dest/etc
	mkdir -p "$etc/dracut.conf.d"
	put_configuration "$1/dest"
	printf 'TROTH_TIMEOUT=90\nTROTH_REQUIRED=no\n' >"$etc/troth/boot.conf"
	printf 'MODULES=list\nBUSYBOX=n\nCOMPRESS=zstd\n' >"$etc/initramfs-tools/conf.d/machine"
	printf '%s\n' "${image_drivers[@]}" >"$etc/initramfs-tools/modules"
}

# make_image_initrd KIND KERNEL FILE
make_image_initrd() {
	local version dir image_modules
	version=$(kernel_version "$2")
	image_modules=$tools/lib/modules/$version
	dir=$(mktemp -d "$scratch/image.XXXXXX")
	image_root "$dir" "$(dirname -- "$bin")" "$version"
	configure_image "$dir"
	make_image "$1" "$dir" "$version" "base kernel-modules rootfs-block network network-legacy troth" \
		--zstd --force-drivers "${image_drivers[*]}" >"$dir/make.log" 2>&1 ||
		fail "$1 makes no image: $(tail -3 "$dir/make.log")" 1
	cp -- "$dir/initrd" "$3"
	truncate -s %1M "$3"
	rm -rf -- "$dir"
}

# root_tree DIR: what the root file system holds.
root_tree() {
	local applet
	mkdir -p "$1"/{bin,sbin,dev,proc,sys,run,tmp}
	install -m 755 "$busybox" "$1/bin/busybox"
	for applet in sh cat cp seq mkdir ls mount uname tar sync poweroff; do
		ln -s busybox "$1/bin/$applet"
	done
	install -m 755 "$here/vm/root-init" "$1/sbin/init"
}

# attested_first DIR: nothing of the root file system was read before the device had its answer.
attested_first() {
	grep -aon -e 'event=attested' -e 'EXT4-fs (vda2): mounted' "$1/console" | head -1 | grep -q attested
}

# images [KIND...]
images() {
	local kind kinds=("$@")
	[ $# -gt 0 ] || kinds=("${image_kinds[@]}")
	image_possible || fail "no mount namespaces here" 77
	for kind in "${kinds[@]}"; do
		image_tools "$kind" udev || fail "no $kind here" 77
	done
	matrix "${kinds[@]}"
}
