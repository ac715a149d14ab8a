# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # names are shared with bootvm
# What a machine boots with, as Debian signed it: kernels, shim, GRUB, the stub of a unified kernel
# image, and busybox. All of it is unpacked, none of it installed. Sourced by bootvm, after lib.sh.

parts=(shim-signed grub-efi-amd64-signed systemd-boot-efi busybox-static)

# fetch_parts: sets `tools`, where everything is unpacked.
fetch_parts() {
	tools=$("$here/install-deps" unpack "${parts[@]}" | sed -n 's/^tools=//p') ||
		fail "what a machine boots with cannot be had" 77
	tools=$(cd -- "$tools" && pwd)
	shim=$tools/usr/lib/shim/shimx64.efi.signed
	grub=$tools/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed
	other_grub=$tools/usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed
	stub=$tools/usr/lib/systemd/boot/efi/linuxx64.efi.stub
	busybox=$tools/bin/busybox
}

# The kernel a meta package stands for.
meant_by() {
	apt-cache depends -- "$1" 2>/dev/null | sed -n 's/^ *Depends: *\(linux-image-[0-9].*\)/\1/p' | head -1
}

# The newest kernel of the plain flavour that is not the one named.
another_than() {
	apt-cache pkgnames linux-image- | grep -E '^linux-image-[0-9][^-]*-[0-9]+-amd64$' |
		grep -vxF -- "$1" | sort -V | tail -1
}

choose_kernel() { # main | other | cloud
	case $1 in
	main) meant_by linux-image-amd64 ;;
	cloud) meant_by linux-image-cloud-amd64 ;;
	other) another_than "$(<"$tools/.kernel-main")" ;;
	esac
}

# fetch_kernel NAME: unpacks that kernel once. What was chosen stays chosen: a machine boots tomorrow as it
# did today, until the cache is removed.
fetch_kernel() {
	local package
	package=$(choose_kernel "$1")
	[ -n "$package" ] || fail "no kernel for '$1' is offered" 77
	"$here/install-deps" unpack "$package" >/dev/null || fail "$package cannot be had" 77
	depmod -b "$tools" "${package#linux-image-}"
	printf '%s\n' "$package" >"$tools/.kernel-$1"
}

kernel_version() { # NAME
	(
		flock 9
		[ -s "$tools/.kernel-$1" ] || fetch_kernel "$1"
	) 9>"$tools/.kernels.lock" || exit
	sed 's/^linux-image-//' "$tools/.kernel-$1"
}

kernel_package() { # NAME
	printf 'linux-image-%s' "$(kernel_version "$1")"
}

kernel_file() { # NAME
	printf '%s/boot/vmlinuz-%s' "$tools" "$(kernel_version "$1")"
}

# part_version PACKAGE
part_version() {
	cat -- "$tools/.$1"
}
