# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # names are shared with bootvm
# A machine: QEMU without hardware virtualisation, OVMF, an emulated TPM, a network that ends at the
# verifier. It is on from `machine_on` until it switches itself off, says a word that is waited for, or
# has had its time: a boot that is refused waits for ever. Sourced by bootvm.

# One boot takes 20 to 40 s where nothing else runs. A machine that says nothing for so long is stuck, and
# so is one that is still on after four times that.
boot_seconds=${TROTH_BOOT_SECONDS:-180}
machine_memory=512

# make_tpm DIR BANKS: an emulated TPM with endorsement certificates, and these as files.
make_tpm() {
	"$here/device" --dir "$1" --ca-dir "$work/tpm-ca" --banks "$2" start >/dev/null
	export_tpm "$1"
	"$here/device" --dir "$1" stop
}

# What the world knows of a TPM: its device id, endorsement keys and certificates.
export_tpm() { # DIR
	local tcti=swtpm:path=$1/sock
	"$bin/troth-attester" provision --tcti "$tcti" 2>"$1/provision.log" |
		sed -n 's/^device: *//p' >"$1/id"
	[ -s "$1/id" ] || fail "no device id: $(tail -1 "$1/provision.log")" 1
	mkdir -p "$1/ek"
	local -x TPM2TOOLS_TCTI=$tcti
	tpm2_nvread -Q 0x01c00002 -o "$1/ek/ek-rsa2048.crt" 2>/dev/null
	tpm2_nvread -Q 0x01c00016 -o "$1/ek/ek-secp384r1.crt" 2>/dev/null
	tpm2_readpublic -Q -c 0x81010001 -o "$1/ek/ek_rsa.pub" -n "$1/ek/ek_rsa.name"
	# The low-range key, which swtpm makes no certificate for.
	tpm2_createek -Q -G ecc -c "$1/ek.ctx"
	tpm2_readpublic -Q -c "$1/ek.ctx" -o "$1/ek/ek_ecc.pub" -n "$1/ek/ek_ecc.name"
	tpm2_flushcontext -t
	rm -f -- "$1/ek.ctx"
	cp -- "$work/tpm-ca/issuercert.pem" "$work/tpm-ca/swtpm-localca-rootca-cert.pem" "$1/ek/"
}

# The arguments of QEMU for inputs in $1, a machine in $2.
machine_arguments() {
	arguments=(-accel tcg -machine "q35,smm=on" -cpu max -smp 1 -m "$machine_memory"
		-nodefaults -no-user-config -display none -no-reboot -rtc base=utc
		-global "driver=cfi.pflash01,property=secure,value=on"
		-global ICH9-LPC.disable_s3=1
		-drive "if=pflash,format=raw,unit=0,readonly=on,file=$firmware_code"
		-drive "if=pflash,format=raw,unit=1,file=$2/variables.fd"
		-drive "if=none,id=disk,format=raw,file=$2/disk.img,cache=writeback"
		-device "virtio-blk-pci,drive=disk,bootindex=1"
		-drive "if=none,id=hand,format=raw,file=$2/hand,readonly=on" -device "virtio-blk-pci,drive=hand"
		-chardev "socket,id=tpm,path=$2/sock.ctrl" -tpmdev "emulator,id=tpm,chardev=tpm"
		-device "tpm-crb,tpmdev=tpm"
		-netdev "user,id=net,restrict=on,guestfwd=tcp:$verifier_address:443-cmd:socat STDIO TCP4:127.0.0.1:$port"
		-device "virtio-net-pci,netdev=net,romfile="
		-serial "file:$2/console"
		-device virtio-serial-pci
		-chardev "file,id=out,path=$2/out.tar" -device "virtserialport,chardev=out,name=troth.out")
	[ "$way" != direct ] || arguments+=(-kernel "$1/vmlinuz" -initrd "$1/initrd" -append "$(<"$1/cmdline")")
}

# machine_on INPUTS DIR: switches it on. QEMU's process is in DIR/qemu.pid.
machine_on() {
	local arguments
	"$here/device" --dir "$2" --ca-dir "$work/tpm-ca" --machine start >/dev/null
	make_store "$keys" "$store" "$2/variables.fd"
	: >"$2/console"
	rm -f -- "$2/out.tar"
	printf '%s\n' "$hand" >"$2/hand"
	truncate -s 4096 "$2/hand"
	machine_arguments "$1" "$2"
	# It does not outlive the one who waits for it.
	setpriv --pdeathsig KILL qemu-system-x86_64 "${arguments[@]}" >"$2/qemu.log" 2>&1 </dev/null &
	echo $! >"$2/qemu.pid"
}

machine_off() { # DIR
	local pid
	if pid=$(cat -- "$1/qemu.pid" 2>/dev/null); then
		kill -KILL "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
		rm -f -- "$1/qemu.pid"
	fi
	"$here/device" --dir "$1" stop
}

said() { # DIR WORDS: on the console
	grep -aqF -- "$2" "$1/console"
}

# watch_machine DIR WORDS: until it has said the words or has switched itself off; false when its time
# is over. No words: until it is off.
watch_machine() {
	local begun=$SECONDS heard=$SECONDS size='' before=''
	while kill -0 "$(<"$1/qemu.pid")" 2>/dev/null; do
		if [ -n "$2" ] && said "$1" "$2"; then return 0; fi
		size=$(stat -c %s -- "$1/console")
		[ "$size" = "$before" ] || { before=$size && heard=$SECONDS; }
		[ $((SECONDS - heard)) -lt "$boot_seconds" ] || return 1
		[ $((SECONDS - begun)) -lt $((4 * boot_seconds)) ] || return 1
		sleep 0.2
	done
}
