# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # names are shared with bootvm
# The ways a machine boots here, what is wrong with each, and what the verifier must make of it.
# Sourced by bootvm.

# In the order of the table. Before them goes one healthy machine of each group, first-GROUP: it is
# refused, for nothing is known yet, and what it measured becomes the reference values.
all_cases=(healthy command-line debug-shell initrd kernel kernel-cloud boot-loader
	secure-boot-off secure-boot-off-chainload kernel-unsigned mok dbx handed-over
	uki uki-command-line uki-kernel uki-secure-boot-off)

# describe CASE: sets everything a boot is made of, and what is expected.
#   keys             of the firmware: microsoft | own
#   store            change of its variables: off | mok | dbx
#   way              linux | chain (GRUB's commands), uki, direct (handed over by QEMU)
#   kernel           main | other | cloud; unsigned_kernel: without its signature
#   loader           net: GRUB's network edition
#   words            more of the command line; change: a line put into the initrd's /init
#   hand             what someone does on the running machine
#   group            of the verifier: machine | uki
#   expect           credential | refused | stopped: no kernel runs
#   findings         what speaks against it, each with its PCRs
#   stops_at         what the console says of a boot that goes no further
describe() {
	keys=microsoft store='' way=linux kernel=main unsigned_kernel='' loader='' words='' change=''
	hand='' group=machine expect=refused findings='' stops_at=''
	case $1 in
	uki* | first-uki) keys=own way=uki group=uki ;;
	esac
	describe_change "$1" || fail "no case is called '$1'"
}

describe_change() {
	case $1 in
	healthy | uki) expect=credential ;;
	first-*) findings=reference-missing ;;
	command-line) words=mitigations=off findings=unexpected-event:8,9 ;;
	debug-shell) words=systemd.debug-shell=1 findings=unexpected-event:8,9 ;;
	initrd) change='echo changed' findings=unexpected-event:9 ;;
	kernel) kernel=other findings=unexpected-event:4,9 ;;
	kernel-cloud) kernel=cloud findings=unexpected-event:4,9 ;;
	boot-loader) loader=net findings=unexpected-event:4,8 ;;
	secure-boot-off) store=off findings='log-missing secure-boot-unproven:7' ;;
	secure-boot-off-chainload)
		store=off way=chain findings='missing-component:4 secure-boot-off:7 unexpected-event:7,8,9'
		;;
	kernel-unsigned) unsigned_kernel=1 expect=stopped stops_at='bad shim signature' ;;
	mok) store=mok findings=unexpected-event:14 ;;
	dbx) store=dbx findings=unexpected-event:7 ;;
	handed-over)
		way=direct
		findings='missing-component:4,5,7,8,14 secure-boot-unproven:7 unexpected-event:1,9'
		;;
	uki-command-line) words=mitigations=off findings=unexpected-event:4,9,11 ;;
	uki-kernel) kernel=other findings=unexpected-event:4,9,11 ;;
	uki-secure-boot-off) store=off findings='secure-boot-off:7 unexpected-event:4,7' ;;
	*) return 1 ;;
	esac
	[ -z "$stops_at" ] || findings=$stops_at
}
