#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Installs a build under a prefix with a blank in it and uses what is there: programs, manuals, units
# and completion belong together. usage: installed.sh BUILD SOURCE
set -euo pipefail

build=$1 source=$2
dir=$(mktemp -d)
trap 'rm -rf -- "$dir"' EXIT
prefix="$dir/a prefix"
failures=0

fail() {
	printf 'FAILED: %s\n' "$1" >&2
	failures=$((failures + 1))
}

DESTDIR='' cmake --install "$build" --prefix "$prefix" >"$dir/log" || { cat "$dir/log"; exit 1; }

# ---- files ----

for program in trothctl troth-verifier troth-attester; do
	"$prefix/bin/$program" --version | grep -Exq "$program [0-9]+\.[0-9]+\.[0-9]+" || fail "$program --version"
	[ "$("$prefix/bin/$program" --help | head -c 6 | tr 'U' 'u')" = usage: ] || fail "$program --help"
	[ "$("$prefix/bin/$program" -h)" = "$("$prefix/bin/$program" --help)" ] || fail "$program -h"
	[ -s "$prefix/share/bash-completion/completions/$program" ] || fail "completion of $program"
done
for page in man1/trothctl.1 man8/troth-verifier.8 man8/troth-attester.8; do
	[ -s "$prefix/share/man/$page" ] || fail "no $page"
	! command -v groff >/dev/null || [ -z "$(groff -man -Tutf8 -ww -z "$prefix/share/man/$page" 2>&1)" ] ||
		fail "$page: groff complains"
done
for unit in troth-verifier troth-attester; do
	file=$prefix/lib/systemd/system/$unit.service
	grep -qF "ExecStart=$prefix/bin/$unit " "$file" || fail "$unit.service starts another program"
	[ "$(grep -c . "$file")" -gt 20 ] || fail "$unit.service is not whole"
done
for file in share/initramfs-tools/hooks/troth lib/dracut/modules.d/95troth/module-setup.sh lib/cryptsetup/scripts/troth; do
	[ -x "$prefix/$file" ] || fail "$file cannot be run"
	grep -qF "attester=$prefix/bin/troth-attester" "$prefix/$file" || fail "$file takes another program"
done
[ -s "$prefix/share/doc/troth/README.md" ] || fail "no README.md"
diff -r -x man "$source/docs" "$prefix/share/doc/troth/docs" || fail "the manuals are not those of the source"
diff -r -x CMakeLists.txt -x boot.conf "$source/examples" "$prefix/share/doc/troth/examples" ||
	fail "the examples are not those of the source"
"$source/tests/structure/links.sh" "$prefix/share/doc/troth" >/dev/null || fail "a link of the manuals leads nowhere once installed"
[ -x "$prefix/share/doc/troth/examples/refresh/troth-refresh" ] || fail "an example that cannot be run"

# ---- completion ----

PATH=$prefix/bin:$PATH
# shellcheck source=/dev/null
. "$prefix/share/bash-completion/completions/trothctl"

# completes WANTED WORD...: what is offered for the last word.
completes() {
	local wanted=$1 function=_${2//-/_}
	shift
	COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
	"$function"
	[ "${COMPREPLY[*]}" = "$wanted" ] || fail "'$*' completes to '${COMPREPLY[*]}', not '$wanted'"
}
# offers WORDS WORD...: these, whatever else there is.
offers() {
	local wanted
	COMP_WORDS=("${@:2}") COMP_CWORD=$(($# - 2)) COMPREPLY=()
	"_${2//-/_}"
	for wanted in $1; do
		[[ " ${COMPREPLY[*]} " == *" $wanted "* ]] || fail "'${*:2}' does not offer '$wanted'"
	done
}
offers "audit device eventlog policy verdict" trothctl ""
completes "policy" trothctl p
completes "policy" trothctl --socket /nowhere p
completes "apply show list" trothctl policy ""
completes "quarantine" trothctl --format json device q
completes "tsv" trothctl device list --format ts
completes "--format --socket" trothctl device list --
completes "--roots" trothctl ek verify --r
completes "--socket" trothctl --s
completes "pcrlock" trothctl reference build --format p
completes "html" trothctl explain --format h
completes "--good-log" trothctl explain --go
completes "--record" trothctl replay --rec
completes "show export" trothctl verdict ""
completes "--follow" trothctl events --fol
completes "" trothctl events ""
completes "list" trothctl webhook ""
completes "show verify" trothctl status ""
completes "quarantined" trothctl status show --status q
completes "" trothctl device show --socket /nowhere ""
completes "" trothctl nothing ""
completes "init serve check-config rotate ca" troth-verifier ""
completes "request install" troth-verifier ca ""
completes "--config" troth-verifier serve --c
completes "secret status" troth-attester s
completes "list put grant remove" trothctl secret ""
completes "--output" troth-attester secret disk --o
completes "--state-dir" troth-attester run --st
completes "--retry-for" troth-attester once --re
completes "rsa" troth-attester --ak r
touch "$dir/policy.yaml"
completes "$dir/policy.yaml" trothctl policy apply "$dir/pol"
completes "$dir/policy.yaml" trothctl explain --policy "$dir/pol"
completes "$dir/policy.yaml" trothctl replay "$dir/pol"

[ "$failures" -eq 0 ] || exit 1
echo "all passed"
