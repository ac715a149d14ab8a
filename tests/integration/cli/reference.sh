#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# trothctl reference build, diff, import and export, offline: digests beside those of sbsign,
# osslsigncode, systemd-measure and sha256sum where they are installed; .pcrlock files read with jq.
#   reference.sh TROTHCTL BOOT_FILES FIXTURES
set -euo pipefail
trothctl=$1 boot_files=$2 fixtures=$3
for tool in jq sha256sum xxd iconv; do
	command -v "$tool" >/dev/null || { echo "$tool is not installed"; exit 77; }
done
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$boot_files" "$dir"
cd "$dir"
: >failures

fail() {
	echo "FAILED: $name: $*" >&2
	sed 's/^/    /' out err >&2
	echo "$name" >>failures # a file: some checks run in a subshell
}

# run NAME CODE ARGUMENTS...
run() {
	name=$1
	local want=$2 got=0
	shift 2
	"$trothctl" reference "$@" >out 2>err || got=$?
	[ "$got" = "$want" ] || fail "exit code $got, not $want"
}
quiet() { [ ! -s err ] || fail "standard error is not empty"; }
says() { grep -qF -- "$1" err || fail "nobody says '$1'"; }
build() { # NAME CODE OPTIONS...
	local case=$1 code=$2
	shift 2
	run "$case" "$code" build --name set --alternative v1 "$@"
}
# digests COMPONENT [BANK]: one a line, of the last set
digests() {
	jq -r --arg c "$1" --arg b "${2-sha256}" '.components[] | select(.name == $c) |
		.alternatives[].records[].digests[] | select(.hashAlg == $b) | .digest' out
}
is() { # COMPONENT, lines on standard input
	[ "$(digests "$1")" = "$(cat)" ] || fail "$1 is not what it should be"
}
hash() { sha256sum | cut -d' ' -f1; }

# ---- images ----

build "images" 0 --shim shim.efi --boot-loader grub.efi --kernel vmlinuz --bank sha1,sha256,sha384,sha512
quiet
[ "$(jq -r '[.components[].name] | join(" ")' out)" = "image-1 image-2 image-3" ] || fail "components"
[ "$(jq '[.components[].alternatives[].records[].pcr] | unique == [4]' out)" = true ] || fail "PCR 4 only"
cp out images.json
# What others sign is the digest they compute.
if command -v openssl >/dev/null; then
	openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -subj /CN=test -days 2 2>/dev/null
fi
signed_by_osslsigncode() { # FILE HASH
	osslsigncode sign -h "$2" -certs cert.pem -key key.pem -in "$1" -out "$1.$2" >/dev/null 2>&1
	osslsigncode verify -in "$1.$2" 2>/dev/null | sed -n 's/^Current message digest *: *\([0-9A-F]*\).*/\1/p' |
		tr A-F a-f
}
if [ -s key.pem ] && command -v osslsigncode >/dev/null; then
	for bank in sha1 sha256 sha384 sha512; do
		for file in shim.efi grub.efi vmlinuz; do
			signed_by_osslsigncode "$file" "$bank" || true
		done >peer
		jq -r --arg b "$bank" '.components[].alternatives[].records[].digests[] |
			select(.hashAlg == $b) | .digest' images.json >ours
		cmp -s peer ours || fail "osslsigncode's $bank is another"
	done
else
	echo "osslsigncode is not installed: not compared"
fi
if [ -s key.pem ] && command -v sbsign >/dev/null; then
	sbsign --key key.pem --cert cert.pem --output signed.efi vmlinuz >/dev/null 2>&1
	# It stands in the signature (SpcIndirectDataContent).
	kernel=$(digests image-3)
	xxd -p signed.efi | tr -d '\n' | grep -q "$kernel" || fail "sbsign signed another digest"
	build "a signed image" 0 --kernel signed.efi
	is image-1 <<<"$kernel"
	"$trothctl" image show --format json signed.efi >out || fail "image show"
	jq -e --arg d "$kernel" '.signers == ["/CN=test"] and .digests.sha256 == $d and .machine == "0x8664" and
		[.sections[].name] == [".text", ".data"]' out >/dev/null || fail "image show"
	"$trothctl" image show signed.efi | grep -q "^signed by	/CN=test$" || fail "image show as text"
	printf '\0\0\0\0\0\0\0\1' >>signed.efi
	got=0
	"$trothctl" image show signed.efi >out 2>err || got=$?
	[ "$got" = 1 ] || fail "image show: exit code $got"
	build "an image with something behind its signature" 2 --kernel signed.efi
	says "no sound EFI image"
else
	echo "sbsign is not installed: not compared"
fi
build "further images" 0 --first-image 3 --kernel vmlinuz
[ "$(jq -r '.components[].name' out)" = image-3 ] || fail "component"

# ---- a kernel of its own, unified kernels ----

printf 'first ' >one
printf 'second' >two
printf 'root=/dev/sda1\n' >cmdline
build "a kernel that is handed its inputs" 0 --kernel vmlinuz --initrd one --initrd two --cmdline @cmdline
{ printf 'root=/dev/sda1\0' | iconv -t UTF-16LE | hash; cat one two | hash; } | is kernel-inputs

printf kernel >linux; printf 'ID=test\n' >osrel; printf root=/dev/sda1 >cmdline; printf 'initial RAM disk' >initrd
build "a unified kernel" 0 --uki uki.efi
for section in linux osrel cmdline initrd; do
	printf '.%s\0' "$section" | hash
	hash <"$section"
done | is unified-kernel
measure=/lib/systemd/systemd-measure
if [ -x "$measure" ]; then
	build "phases" 0 --uki uki.efi --phases enter-initrd,leave-initrd --bank sha256,sha384
	"$measure" calculate --linux=linux --osrel=osrel --cmdline=cmdline --initrd=initrd \
		--bank=sha256 --bank=sha384 --phase=enter-initrd:leave-initrd 2>/dev/null | sed -n 's/^11:\(.*\)=\(.*\)$/\1 \2/p' | sort >peer
	jq -r '.components[] | select(.golden) | .alternatives[].records[].digests[] | "\(.hashAlg) \(.digest)"' out |
		sort >ours
	cmp -s peer ours || fail "systemd-measure says otherwise"
	[ "$(wc -l <peer)" = 2 ] || fail "systemd-measure says nothing"
else
	echo "systemd-measure is not installed: not compared"
fi
build "a profile" 0 --uki profiles.efi --profile 1
says "PCR 9"
[ "$(digests unified-kernel | sed -n 4p)" = "$(printf other | hash)" ] || fail "not the profile's command line"
build "a profile that is not there" 2 --uki profiles.efi --profile 2
build "a command line over a built-in one" 2 --uki uki.efi --cmdline quiet
says "of its own"
build "no unified kernel" 2 --uki vmlinuz

# ---- GRUB ----

mkdir -p esp/EFI/debian root/boot/grub
# shellcheck disable=SC2016 # GRUB's variables
printf 'search.fs_uuid 11-22 root\nset prefix=($root)/boot/grub\nconfigfile $prefix/grub.cfg\n' >esp/EFI/debian/grub.cfg
printf "menuentry 'Debian' {\n\tlinux /vmlinuz root=UUID=11-22 ro \"a b\"\n\tinitrd /initrd.img\n}\n" >root/boot/grub/grub.cfg
cp vmlinuz root/boot/vmlinuz-1
ln -s boot/vmlinuz-1 root/vmlinuz
ln -s /boot/initrd-1 root/initrd.img # as from its own root
cp initrd root/boot/initrd-1
build "GRUB over two disks" 0 --shim shim.efi --boot-loader grub.efi --grub-disk hd0,gpt1=esp --grub-disk hd0,gpt2:11-22=root
quiet
cat <<'END' | while read -r line; do printf '%b' "$line" | hash; done | is grub-commands
[ -z (hd0,gpt1)/EFI/debian -o ! -e (hd0,gpt1)/EFI/debian ]
[ -e (hd0,gpt1)/EFI/debian/x86_64-efi/grub.cfg ]
[ -e (hd0,gpt1)/EFI/debian/grub.cfg ]
source (hd0,gpt1)/EFI/debian/grub.cfg
search.fs_uuid 11-22 root
set prefix=(hd0,gpt2)/boot/grub
configfile (hd0,gpt2)/boot/grub/grub.cfg
menuentry Debian {\n\tlinux /vmlinuz root=UUID=11-22 ro "a b"\n\tinitrd /initrd.img\n}
setparams Debian
linux /vmlinuz root=UUID=11-22 ro a b
/vmlinuz root=UUID=11-22 ro "a b"
initrd /initrd.img
END
for file in esp/EFI/debian/grub.cfg root/boot/grub/grub.cfg vmlinuz initrd; do hash <"$file"; done | is grub-files
[ "$(digests image-3)" = "$(digests image-4)" ] || fail "the kernel is not verified twice"
build "GRUB with single files" 0 --boot-loader grub.efi --grub-config root/boot/grub/grub.cfg \
	--kernel vmlinuz --initrd initrd --grub-kernel-images 1
for file in root/boot/grub/grub.cfg vmlinuz initrd; do hash <"$file"; done | is grub-files
[ "$(jq '.components | length' out)" = 4 ] || fail "components"
says "note: GRUB looks for files that were not given, taken as not there:"
says " (hd0,gpt1)/EFI/debian/x86_64-efi/grub.cfg"
printf 'search --no-floppy --set=root --file /vmlinuz\nlinux /vmlinuz\nboot\n' >search.cfg
build "a file that GRUB searches for and nobody gave" 2 --boot-loader grub.efi --grub-config search.cfg --kernel vmlinuz
says "grub.cfg:1: search: no file /vmlinuz among what was given"
[ ! -s out ] || fail "something was written all the same"
build "a file that GRUB searches for" 0 --boot-loader grub.efi --grub-config search.cfg --grub-file /vmlinuz=vmlinuz
build "a disk GRUB asks for and nobody gave" 2 --boot-loader grub.efi --grub-disk hd0,gpt1=esp
says "grub.cfg:1: search: no disk was given for 11-22"
[ ! -s out ] || fail "something was written all the same"
rm root/boot/initrd-1
build "a file that is not there" 2 --boot-loader grub.efi --grub-disk hd0,gpt1=esp --grub-disk hd0,gpt2:11-22=root
says "no file /initrd.img among what was given"
printf 'for i in a; do true; done\n' >loop.cfg
build "a loop" 2 --boot-loader grub.efi --grub-config loop.cfg
says "grub.cfg:1: \"for\" is not followed"

# A configuration as grub-mkconfig writes it, which a machine booted: its log has 55 commands and, before
# kernel and initrd, four files.
build "a generated configuration that was booted" 0 --boot-loader grub.efi --kernel vmlinuz --initrd initrd \
	--grub-disk "hd0,gpt1:5452-4F54=$fixtures/grub-debian/esp"
quiet
sed -n 's/^8 //p' "$fixtures/grub-debian/measured" | is grub-commands
digests grub-files | head -4 >ours
sed -n 's/^9 //p' "$fixtures/grub-debian/measured" | head -4 | cmp -s - ours || fail "files"
[ "$(digests grub-commands | wc -l)" = 55 ] || fail "commands"

# ---- what cannot be meant ----

while IFS='|' read -r words options; do
	# shellcheck disable=SC2086
	build "$options" 2 $options
	says "$words"
done <<'END'
nothing to predict|--bank sha256
--boot-loader is needed|--grub-config loop.cfg
need a --kernel|--shim shim.efi --initrd one
are too much|--uki uki.efi --kernel vmlinuz
belong to --uki|--kernel vmlinuz --profile 1
one algorithm twice|--kernel vmlinuz --bank sha256,sha256
sha1, sha256|--kernel vmlinuz --bank md5
numbers up to 255|--uki uki.efi --profile 256
needs --out|--kernel vmlinuz --format pcrlock
json or pcrlock|--kernel vmlinuz --format text
wanted NAME=PATH|--boot-loader grub.efi --grub-disk hd0
No such file|--kernel nowhere
given twice|--kernel vmlinuz --kernel vmlinuz
wants a value|--kernel vmlinuz --initrd
END
truncate -s $((256 * 1024 * 1024 + 1)) huge
build "a file past the limit" 2 --kernel huge
says "larger than"
truncate -s $((256 * 1024 * 1024)) huge
build "a file at the limit" 2 --kernel huge
says "no sound EFI image"
rm huge
run "a name that is none" 2 build --name Set --alternative v1 --kernel vmlinuz
says "a-z 0-9"
mapfile -t many < <(for _ in $(seq 33); do printf '%s\n' --initrd one; done)
build "initrds at the limit" 0 --kernel vmlinuz "${many[@]:2}"
build "initrds past the limit" 2 --kernel vmlinuz "${many[@]}"
says "more than 32 times"

# ---- diff ----

run "a set" 0 build --name set --alternative v1 --kernel vmlinuz --out a.json
run "another" 0 build --name set --alternative v2 --kernel vmlinuz-new --initrd one --out b.json
run "the same" 0 diff a.json a.json
quiet
run "a difference" 1 diff --format json a.json b.json
[ "$(jq -c '[.changes[] | [.change, .component, .alternative]]' out)" = \
	'[["-","image-1","v1"],["+","image-1","v2"],["+","kernel-inputs","v2"]]' ] || fail "changes"
jq '.components[0].alternatives[0].name = "v1" | .components[0].optional = true' b.json >c.json
run "other records under one name" 1 diff --format tsv a.json c.json
grep -q "^~	image-1	v1	from record 0 on, pcr 4" out || fail "no changed record"
grep -q "^~	image-1	-	optional: false, true" out || fail "no changed flag"
run "no set" 2 diff a.json vmlinuz

# ---- .pcrlock ----

build "as .pcrlock files" 0 --shim shim.efi --uki uki.efi --format pcrlock --out lock
[ "$(cd lock && find . -type f | sort | tr '\n' ' ')" = \
	"./001-image-1.pcrlock.d/v1.pcrlock ./002-image-2.pcrlock.d/v1.pcrlock ./003-unified-kernel.pcrlock.d/v1.pcrlock ./004-kernel-inputs.pcrlock.d/v1.pcrlock " ] ||
	fail "files: $(cd lock && find . -type f)"
jq -e '.records | length == 8 and all(.pcr == 11 and (.digests | length == 1))' \
	lock/003-unified-kernel.pcrlock.d/v1.pcrlock >/dev/null || fail "records"
build "the same as a set" 0 --shim shim.efi --uki uki.efi --out set.json
run "read back" 0 import --format pcrlock --name set --out back.json lock
cmp -s set.json back.json || fail "not the same set"
run "into what is not empty" 2 export --format pcrlock --out lock set.json
says "no empty directory"
build "a final value" 2 --uki uki.efi --phases ready --format pcrlock --out lock2
says "final value"

# Files as systemd has them: single ones, variants, numbers of its own, an empty variant.
mkdir -p sys/650-kernel.pcrlock.d etc
record() { printf '{"pcr":%s,"digests":[{"hashAlg":"sha256","digest":"%s"}]}' "$1" "$(printf '%s' "$2" | hash)"; }
printf '{"records":[%s]}' "$(record 7 policy)" >sys/240-secureboot-policy.pcrlock
printf '{"records":[%s,%s]}' "$(record 11 a)" "$(record 11 b)" >sys/650-kernel.pcrlock.d/6.12.43+deb13-amd64.pcrlock
printf '{"records":[]}' >sys/650-kernel.pcrlock.d/none.pcrlock
printf '{"records":[%s]}' "$(record 11 enter-initrd)" >sys/750-enter-initrd.pcrlock
printf '[{"recnum":1,"content_type":"x","content":{},%s]' "$(record 7 other | cut -c2-)" >etc/240-secureboot-policy.pcrlock
run "systemd's files" 0 import --format pcrlock --name sys sys
quiet
[ "$(jq -c '[.components[] | [.name, .optional, [.alternatives[].name]]]' out)" = \
	'[["240-secureboot-policy",false,["only"]],["650-kernel",true,["6.12.43-deb13-amd64"]],["750-enter-initrd",false,["only"]]]' ] ||
	fail "components"
cp out sys.json
run "written as they were" 0 export --format pcrlock --out sys2 sys.json
for file in 240-secureboot-policy.pcrlock 750-enter-initrd.pcrlock; do
	cmp -s "sys/$file" "sys2/$file" || fail "$file differs"
done
cmp -s sys/650-kernel.pcrlock.d/6.12*.pcrlock sys2/650-kernel.pcrlock.d/6.12*.pcrlock || fail "the variant differs"
run "read again" 0 import --format pcrlock --name sys sys2
cmp -s out sys.json || fail "not the same set"
run "the first directory counts" 0 import --format pcrlock --name sys etc sys
[ "$(digests 240-secureboot-policy)" = "$(printf other | hash)" ] || fail "the other file was read"
printf '{"records":[{"pcr":24,"digests":[]}]}' >etc/900-bad.pcrlock
run "a record that is none" 2 import --format pcrlock --name sys etc
says "wanted 0 to 23"
printf 'x' >etc/900-bad.pcrlock
run "a file that is none" 2 import --format pcrlock --name sys etc
says "900-bad.pcrlock: no JSON"
run "no format" 2 import --name sys sys
run "no files" 2 import --format pcrlock --name sys esp

[ ! -s failures ] || exit 1
