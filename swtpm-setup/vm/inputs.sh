# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # names are shared with bootvm
# What goes into a boot, as files: everything that will be measured of loader, kernel, initrd and command
# line, and a list of it with versions and digests. Sourced by bootvm, after cases.sh.

# Without no_timer_check a kernel on a busy host takes the emulated timer for a broken one and panics.
# The command line of every case. IMA measures nothing on a root of tmpfs, hence ramfs.
common_words='console=ttyS0,115200 no_timer_check ima_policy=tcb panic=-1'

# make_inputs DIR: for the case that was described.
make_inputs() {
	mkdir -p -- "$1"
	printf '%s' "${words:+$words }$common_words rootfstype=$root" >"$1/cmdline"
	install -m 644 "$(kernel_file "$kernel")" "$1/vmlinuz"
	[ -z "$unsigned_kernel" ] || unsigned "$(kernel_file "$kernel")" "$1/vmlinuz"
	cached_initrd "$kernel" "$change" "$1/initrd"
	case $way in
	linux | chain) put_loader "$1" ;;
	uki) make_uki "$1" ;;
	esac
	list_inputs "$1" >"$1/inputs.tsv"
}

# An initrd is made once in a run; cases share it.
cached_initrd() { # KERNEL CHANGE FILE
	local key
	key=$(sha256sum <<<"$1 $2 $image" | cut -c1-16)
	(
		flock 9
		[ -s "$scratch/initrd.$key" ] || if [ -n "$image" ]; then
			make_image_initrd "$image" "$1" "$scratch/initrd.$key"
		else
			make_initrd "$1" "$2" "$scratch/initrd.$key"
		fi
	) 9>"$scratch/initrd.$key.lock"
	install -m 644 "$scratch/initrd.$key" "$3"
}

put_loader() { # DIR
	install -m 644 "$shim" "$1/shim.efi"
	install -m 644 "$grub" "$1/grub.efi"
	[ "$loader" != net ] || install -m 644 "$other_grub" "$1/grub.efi"
	grub_config "$way" "$(<"$1/cmdline")" >"$1/grub.cfg"
}

# make_uki DIR: stub and sections, signed with the own keys. The files of the sections stay beside it.
make_uki() {
	local sections=$1/uki
	mkdir -p -- "$sections"
	printf 'ID=machine\nVERSION_ID=%s\n' "$(kernel_version "$kernel")" >"$sections/osrel"
	kernel_version "$kernel" | tr -d '\n' >"$sections/uname"
	mv -- "$1/cmdline" "$1/vmlinuz" "$1/initrd" "$sections"
	mv -- "$sections/vmlinuz" "$sections/linux"
	objcopy --add-section .osrel="$sections/osrel" --change-section-vma .osrel=0x20000 \
		--add-section .uname="$sections/uname" --change-section-vma .uname=0x28000 \
		--add-section .cmdline="$sections/cmdline" --change-section-vma .cmdline=0x30000 \
		--add-section .linux="$sections/linux" --change-section-vma .linux=0x2000000 \
		--add-section .initrd="$sections/initrd" --change-section-vma .initrd=0x3000000 \
		"$stub" "$1/uki.unsigned" 2>"$1/objcopy.log" || fail "objcopy failed; see $1/objcopy.log" 1
	remove_time "$1/uki.unsigned"
	sign_own "$1/uki.unsigned" "$1/uki.efi"
	rm -f -- "$1/uki.unsigned" "$1/objcopy.log"
}

# objcopy writes the time into the COFF header, which is measured.
remove_time() { # FILE
	local header
	header=$(od -An -tu4 -j 60 -N 4 -- "$1")
	printf '\0\0\0\0' | dd of="$1" bs=1 seek=$((header + 8)) conv=notrunc status=none
}

# One line for each file: name, SHA-256, where it comes from.
list_inputs() { # DIR
	local file
	(cd -- "$1" && find . -type f ! -name inputs.tsv -printf '%P\n' | LC_ALL=C sort) | while read -r file; do
		printf '%s\t%s\t%s\n' "$file" "$(sha256sum <"$1/$file" | cut -d' ' -f1)" "$(origin "$file")"
	done
	printf 'firmware\t%s\tovmf %s\n' "$(sha256sum <"$firmware_code" | cut -d' ' -f1)" \
		"$(dpkg-query -W -f '${Version}' ovmf)"
}

origin() { # FILE
	case $1 in
	shim.efi) printf 'shim-signed %s' "$(part_version shim-signed)" ;;
	grub.efi) printf 'grub-efi-amd64-signed %s%s' "$(part_version grub-efi-amd64-signed)" \
		"${loader:+, grub${loader}x64}" ;;
	vmlinuz | uki/linux) printf '%s %s%s' "$(kernel_package "$kernel")" \
		"$(part_version "$(kernel_package "$kernel")")" "${unsigned_kernel:+, signature removed}" ;;
	uki.efi) printf 'systemd-boot-efi %s and the sections, signed with the own keys' \
		"$(part_version systemd-boot-efi)" ;;
	initrd | uki/initrd) initrd_origin ;;
	*) printf 'text' ;;
	esac
}

initrd_origin() {
	if [ -n "$image" ]; then
		printf '%s %s with troth-attester, modules of the kernel' "$image" "$(part_version "$image-core")"
	else
		printf 'troth-attester, tpm2-tools %s, busybox %s, modules of the kernel%s' \
			"$(dpkg-query -W -f '${Version}' tpm2-tools)" "$(part_version busybox-static)" \
			"${change:+, changed}"
	fi
}
