# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # names are shared with bootvm
# The ways a machine boots here, what is wrong with each, and what the verifier must make of it.
# Sourced by bootvm.

# In the order of the table. Before them goes one healthy machine of each group, first-GROUP: it is
# refused, for nothing is known yet, and what it measured becomes the reference values.
all_cases=(healthy command-line debug-shell initrd kernel kernel-cloud boot-loader
	secure-boot-off secure-boot-off-chainload kernel-unsigned mok dbx handed-over program script
	uki uki-command-line uki-kernel uki-secure-boot-off update uki-update)

# Beside them, images are cases: initramfs-tools and dracut, each with a group of its own.

# What lies in tests/fixtures/bootvm, and the case it is a capture of. Those without a row in the table
# are about the handing over of kernels: no secure boot, and what else a log or a TPM may be like.
fixtures=(
	'direct direct'
	'direct-cmdline direct-command-line'
	'direct-initrd-tampered direct-initrd'
	'direct-sha256only direct-sha256'
	'direct-tmpfs direct-tmpfs'
	'direct-sb-on-legacy-bypass handed-over'
	'shim-sb-on healthy'
	'shim-sb-on-cmdline command-line'
	'shim-sb-on-initrd-tampered initrd'
	'shim-sb-on-kernel kernel'
	'shim-sb-on-mok mok'
	'shim-sb-on-dbx dbx'
	'shim-sb-off secure-boot-off'
	'shim-sb-off-chainload secure-boot-off-chainload'
	'uki-sb-on-snakeoil uki'
	'uki-sb-on-cmdline uki-command-line'
	'uki-sb-off uki-secure-boot-off'
)

# describe CASE: sets everything a boot is made of, and what is expected.
#   keys             of the firmware: microsoft | own | none
#   banks            of the TPM
#   store            change of its variables: off | mok | dbx
#   way              linux | chain (GRUB's commands), uki, direct (handed over by QEMU)
#   kernel           main | other | cloud; unsigned_kernel: without its signature
#   loader           net: GRUB's network edition
#   root             what the root file system is
#   image            whose initramfs it is: initramfs-tools | dracut; empty: ours
#   words            more of the command line; change: a line put into the initrd's /init
#   hand             what someone does on the running machine
#   group            of the verifier: machine | uki
#   expect           credential | refused | stopped: no kernel runs
#   announced        an update: built from its files and put in force before it boots
#   findings         what speaks against it, each with its PCRs
#   shows            what the findings point at
#   cause            what trothctl explain takes for the probable cause
#   beside           the case of a machine that passes, without which that cause would not be known
#   stops_at         what the console says of a boot that goes no further
describe() {
	keys=microsoft banks=sha1,sha256,sha384 root=ramfs store='' way=linux kernel=main unsigned_kernel='' loader='' words='' change=''
	hand='' group=machine expect=refused findings='' shows='' cause=unknown stops_at='' announced='' beside='' image=''
	case $1 in
	uki* | first-uki) keys=own way=uki group=uki ;;
	direct*) keys=none way=direct ;;
	*initramfs-tools) image=initramfs-tools ;;
	*dracut) image=dracut ;;
	esac
	[ -z "$image" ] || group=$image root=ext4 words='root=/dev/vda2 ro'
	describe_change "$1" || fail "no case is called '$1'"
}

describe_change() {
	case $1 in
	healthy | uki | initramfs-tools | dracut) expect=credential cause='' ;;
	power-*) expect=credential cause='' hand=keep_state ;;
	first-*) findings=reference-missing ;;
	command-line)
		# The machine never passed; the healthy one says that the file that differs is one of settings.
		words=mitigations=off findings=unexpected-event:8,9 shows=mitigations=off
		cause=configuration-change beside=healthy
		;;
	debug-shell)
		words=systemd.debug-shell=1 findings=unexpected-event:8,9 shows=systemd.debug-shell=1
		cause=debug-shell
		;;
	initrd) change='echo changed' findings='ima-unknown-file:10 unexpected-event:9' shows=/initrd ;;
	kernel | kernel-cloud)
		findings='ima-unknown-file:10 unexpected-event:4,9' shows=/vmlinuz
		kernel=other cause=update
		[ "$1" = kernel ] || kernel=cloud
		;;
	boot-loader) loader=net findings=unexpected-event:4,8 shows=grubx64.efi cause=update ;;
	secure-boot-off) store=off findings='log-missing secure-boot-unproven:7' ;;
	secure-boot-off-chainload)
		store=off way=chain shows="'SecureBoot: 0'" cause=secure-boot-disabled
		findings='missing-component:4 secure-boot-off:7 unexpected-event:7,8,9'
		;;
	kernel-unsigned) unsigned_kernel=1 expect=stopped cause='' stops_at='bad shim signature' ;;
	# After the others: from then on their changes are among those that are known.
	update | uki-update)
		announced=1 kernel=other words=loglevel=5 change='echo updated' expect=credential cause=''
		;;
	mok) store=mok findings=unexpected-event:14 shows="'shim: MokList'" cause=configuration-change ;;
	dbx) store=dbx findings=unexpected-event:7 shows="'dbx: 2 hashes'" cause=configuration-change ;;
	handed-over)
		way=direct shows='nothing shows that an image was verified'
		findings='missing-component:4,5,7,8,14 secure-boot-unproven:7 unexpected-event:1,9'
		;;
	program)
		hand='{ cat /bin/busybox; echo; } >/usr/bin/intruder; chmod 755 /usr/bin/intruder; intruder true'
		findings=ima-unknown-file:10 shows=/usr/bin/intruder
		;;
	script)
		hand='echo "echo changed" >>/usr/lib/machine/settle; /usr/lib/machine/settle'
		findings=ima-unknown-file:10 shows=/usr/lib/machine/settle
		;;
	uki-command-line) words=mitigations=off findings=unexpected-event:4,9,11 shows="'UKI section .cmdline'" cause=update ;;
	uki-kernel)
		kernel=other findings='ima-unknown-file:10 unexpected-event:4,9,11' shows="'UKI section .linux'"
		cause=update
		;;
	uki-secure-boot-off)
		store=off findings='secure-boot-off:7 unexpected-event:4,7' shows="'SecureBoot: 0'"
		cause=secure-boot-disabled
		;;
	direct) ;;
	direct-command-line) words=mitigations=off ;;
	direct-initrd) change='echo changed' ;;
	direct-sha256) banks=sha256 ;;
	direct-tmpfs) root=tmpfs ;;
	*) return 1 ;;
	esac
	[ -z "$stops_at" ] || findings=$stops_at
}
