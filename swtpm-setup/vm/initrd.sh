# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # names are shared with bootvm
# The initial RAM disk: busybox, the attester and tpm2 with their libraries, a few modules, and what the
# attester is to know. The same files give the same bytes: fixed times, names in order, root owns all.
# Sourced by bootvm, after parts.sh.

modules=(virtio_pci virtio_blk virtio_net virtio_console crc32c_generic ext4 efivarfs)
# Where machines reach their verifier: an address of the user-mode network, and a name for TLS.
verifier_address=10.0.2.100
verifier_name=verifier.machine.example

put() { # MODE FILE TREE PATH
	install -D -m "$1" -- "$2" "$3/$4"
}

put_text() { # TREE PATH: from standard input
	mkdir -p -- "$(dirname -- "$1/$2")"
	cat >"$1/$2"
	chmod 644 -- "$1/$2"
}

# put_program FILE TREE: where the system has it, and its libraries where the loader looks.
put_program() {
	local library
	put 755 "$1" "$2" "usr/bin/$(basename -- "$1")"
	ldd "$1" | sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p; s/^\t\(\/[^ ]*\) .*/\1/p' | while read -r library; do
		put_library "$library" "$2"
	done
}

put_library() { # FILE TREE
	case $1 in
	*/ld-linux-x86-64.so.2) put 755 "$1" "$2" lib64/ld-linux-x86-64.so.2 ;;
	*) put 644 "$1" "$2" "usr/lib/x86_64-linux-gnu/$(basename -- "$1")" ;;
	esac
}

put_modules() { # VERSION TREE
	local module file
	for module in "${modules[@]}"; do
		modprobe -d "$tools" -S "$1" --show-depends "$module" 2>/dev/null |
			sed -n 's/^insmod \([^ ]*\).*/\1/p'
	done | sort -u | while read -r file; do
		put 644 "$file" "$2" "lib/modules/$1/${file#"$tools/lib/modules/$1/"}"
	done
	for file in modules.order modules.builtin modules.builtin.modinfo; do
		put 644 "$tools/lib/modules/$1/$file" "$2" "lib/modules/$1/$file"
	done
	depmod -b "$2" "$1"
}

# What this machine is to be attested with; the same configuration as anywhere.
put_configuration() { # TREE
	put 644 "$cache/tls/ca.crt" "$1" etc/troth/ca.crt
	put_text "$1" etc/troth/attester.yaml <<-END
		verifier: https://$verifier_name
		ca: /etc/troth/ca.crt
	END
	put_text "$1" etc/hosts <<<"$verifier_address $verifier_name"
	put_text "$1" etc/passwd <<<'root:x:0:0:root:/root:/bin/sh'
	put_text "$1" etc/nsswitch.conf <<<'hosts: files'
}

# tree VERSION TREE: everything that is packed.
tree() {
	local tcti
	mkdir -p "$2"/{proc,sys,dev,run,tmp,bin,sbin,var/lib/troth-attester}
	put 755 "$busybox" "$2" bin/busybox
	put 755 "$here/vm/init" "$2" init
	put 755 "$here/vm/settle" "$2" usr/lib/machine/settle
	put_program "$bin/troth-attester" "$2"
	put_program "$(readlink -f -- "$(command -v tpm2)")" "$2"
	tcti=$(ldconfig -p | sed -n 's/.*libtss2-tcti-device\.so\.0 .*=> //p' | head -1)
	[ -n "$tcti" ] || fail "libtss2-tcti-device.so.0 is not installed; run swtpm-setup/install-deps machine"
	put_library "$tcti" "$2"
	put_modules "$1" "$2"
	put_configuration "$2"
}

# pack TREE FILE
pack() {
	find "$1" -type d -exec chmod 755 {} +
	find "$1" -exec touch -h -d @1 {} +
	(cd -- "$1" && find . -mindepth 1 -print0 | LC_ALL=C sort -z |
		cpio --null --quiet -o -H newc --reproducible -R 0:0) | zstd -q -6 -T1 >"$2"
	# QEMU writes the size into the kernel it hands over, and changes what is measured of that.
	truncate -s %1M "$2"
}

# make_initrd KERNEL CHANGE FILE: CHANGE is "" or a line that someone put at the end of /init.
make_initrd() {
	local version work
	version=$(kernel_version "$1")
	work=$(mktemp -d "$scratch/tree.XXXXXX")
	tree "$version" "$work"
	[ -z "$2" ] || sed -i "s|^mark init\$|&\n$2|" "$work/init"
	pack "$work" "$3"
	rm -rf -- "$work"
}
