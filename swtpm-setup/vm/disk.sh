# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # names are shared with bootvm
# The disk of a machine: an EFI system partition, filled without mounting it, and a small partition for
# what the attester keeps. Identifiers are fixed, since the partition table is measured. Sourced by bootvm.

sector=512
esp_start=2048 esp_mb=64
state_start=$((esp_start + esp_mb * 2048)) state_mb=8

# new_disk FILE [TREE]: partitions, and a file system in each; in the second are the files of TREE.
new_disk() {
	rm -f -- "$1"
	truncate -s $((esp_mb + state_mb + 2))M "$1"
	sgdisk --clear --disk-guid=7d0c5a44-93a1-4c5e-8a0e-6b1f6f1d3a01 \
		--new=1:$esp_start:+${esp_mb}M --typecode=1:ef00 \
		--partition-guid=1:7d0c5a44-93a1-4c5e-8a0e-6b1f6f1d3a02 \
		--new=2:$state_start:+${state_mb}M --typecode=2:8300 \
		--partition-guid=2:7d0c5a44-93a1-4c5e-8a0e-6b1f6f1d3a03 "$1" >/dev/null
	mformat -i "$1@@$((esp_start * sector))" -T $((esp_mb * 2048)) -h 64 -s 32 -N 54524f54 ::
	mke2fs -q -t ext4 -U 7d0c5a44-93a1-4c5e-8a0e-6b1f6f1d3a04 \
		-E "offset=$((state_start * sector)),root_owner=0:0" ${2:+-d "$2"} "$1" ${state_mb}M
}

# put_on_esp DISK FILE PATH
put_on_esp() {
	local esp=$1@@$((esp_start * sector)) folder=$3
	local folders=()
	while folder=$(dirname -- "$folder") && [ "$folder" != . ]; do
		folders=("::$folder" "${folders[@]}")
	done
	[ ${#folders[@]} -eq 0 ] || mmd -D s -i "$esp" "${folders[@]}" 2>/dev/null || true
	mcopy -o -i "$esp" "$2" "::$3"
}

# grub_config WAY WORDS: what GRUB is told. linux: as distributions boot; chain: the kernel as an EFI
# program, which reads its own initrd.
grub_config() {
	cat <<-'END'
		set timeout=0
		serial --unit=0 --speed=115200
		terminal_output serial
		echo GRUB-START
		search --no-floppy --set=root --file /vmlinuz
	END
	case $1 in
	linux) printf 'linux /vmlinuz %s\ninitrd /initrd\n' "$2" ;;
	chain) printf 'chainloader /vmlinuz %s initrd=initrd\n' "$2" ;;
	esac
	echo boot
}

# put_grub DISK INPUTS: shim, GRUB, its configuration, kernel and initrd, from a directory of inputs.
put_grub() {
	local file
	put_on_esp "$1" "$2/shim.efi" EFI/BOOT/BOOTX64.EFI
	put_on_esp "$1" "$2/grub.efi" EFI/BOOT/grubx64.efi
	# The first is where GRUB looks, the second where its network edition does.
	put_on_esp "$1" "$2/grub.cfg" EFI/debian/grub.cfg
	put_on_esp "$1" "$2/grub.cfg" grub/grub.cfg
	for file in vmlinuz initrd; do
		put_on_esp "$1" "$2/$file" "$file"
	done
}

# make_disk INPUTS FILE: whichever way of booting the inputs are for.
make_disk() {
	local root_files=''
	if [ -n "$image" ]; then
		root_files=$(mktemp -d "$scratch/root.XXXXXX")
		root_tree "$root_files"
	fi
	new_disk "$2" "$root_files"
	rm -rf -- "$root_files"
	if [ -e "$1/uki.efi" ]; then
		put_on_esp "$2" "$1/uki.efi" EFI/BOOT/BOOTX64.EFI
	elif [ -e "$1/shim.efi" ]; then
		put_grub "$2" "$1"
	fi
}
