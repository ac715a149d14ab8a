#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# attacks.md row 1: nothing in what is shipped is there for tests. No hook, no fixed nonce, no debug key,
# no environment variable that weakens a check, and two installations share no key.
#   hygiene.sh BUILD_DIR TOP PROGRAM...
set -eu
build=$1 top=$2
shift 2
failed=0
wrong() {
	echo "WRONG: $*"
	failed=1
}
work=$(mktemp -d /tmp/troth-hygiene.XXXXXX)
trap 'rm -rf -- "$work"' EXIT

objects() {
	for folder in core platform proto attester verifier cli; do
		find "$build/$folder" -name '*.c.o'
	done
}
n=$(objects | wc -l)
[ "$n" -gt 100 ] || wrong "only $n objects found below $build"

# ---- names: ours, as the compiler left them ----

hooks='(^|_)(test|tests|mock|fake|stub|hook|inject|attack|hostile|backdoor|bypass|insecure|unsafe|fuzz|debug_key|fixed)(_|$)'
# Reload hooks are programs that an operator names in the attester's settings.
allowed=' (troth_hooks_run|run_hook|log_hook|hook_[a-z_]*|[a-z_]*_hook|[a-z_]*_hooks|hooks_[a-z_]*)$'
objects | xargs nm --defined-only 2>/dev/null | awk 'NF == 3 {print "object", $3}' | sort -u >"$work/symbols"
grep -E " troth_" "$work/symbols" >/dev/null || wrong "no symbol of ours was found"
grep -iE "$(echo "$hooks" | sed 's/(^|_)/[ _]/')" "$work/symbols" | grep -vE "$allowed" >"$work/hooks" || true
[ ! -s "$work/hooks" ] || wrong "names of test hooks: $(tr '\n' ';' <"$work/hooks")"
for program; do
	strings -a "$program" >"$work/strings"
	grep -qi 'troth' "$work/strings" || wrong "$program: nothing of ours in it"
	for word in TROTH_ATTACK TROTH_TEST __wrap_ cmocka libFuzzer; do
		! grep -q "$word" "$work/strings" || wrong "$program: $word is in it"
	done
done

# ---- the environment ----

# Where an object asks for a variable, or hands all of them on: the journal's stream (log.c), where the
# service manager has put the attester's credentials (settings.c), and the programs that an operator
# told the attester to run (hooks.c).
objects | xargs nm -A --undefined-only 2>/dev/null |
	sed -nE 's#.*/([a-z_]+\.c)\.o:.* (getenv|secure_getenv|environ|__environ)(@.*)?$#\1 \2#p' |
	sort -u >"$work/asked"
printf 'hooks.c environ\nlog.c getenv\nsettings.c getenv\n' >"$work/may"
cmp -s "$work/asked" "$work/may" ||
	wrong "the environment is asked by: $(tr '\n' ';' <"$work/asked")"
# Their names, in the source.
(cd "$top" && grep -rhoE '(secure_)?getenv\([^)]*\)' core platform proto attester verifier cli \
	--include='*.c') | sort >"$work/names" || true
[ "$(tr '\n' ' ' <"$work/names")" = 'getenv("CREDENTIALS_DIRECTORY") getenv("JOURNAL_STREAM") ' ] ||
	wrong "variables: $(tr '\n' ' ' <"$work/names")"

# ---- keys ----

verifier=
for program; do
	case $program in */troth-verifier) verifier=$program ;; esac
done
[ -n "$verifier" ] || wrong "no verifier among the programs"
for i in 1 2; do
	cat >"$work/$i.yaml" <<-END
		trust_domain: hygiene.example
		listen: 127.0.0.1:0
		state_dir: $work/$i
		admin_socket: $work/$i.sock
	END
	"$verifier" init --config "$work/$i.yaml" >"$work/log" 2>&1 || wrong "init: $(cat "$work/log")"
done
found=0
for file in "$work"/1/keys/* "$work"/1/tls/*; do
	other=$work/2/${file#"$work"/1/}
	found=$((found + 1))
	[ -f "$other" ] || wrong "$file has no twin"
	! cmp -s "$file" "$other" || wrong "two installations share ${file#"$work"/1/}"
	case $file in
	*.key | *.keys) [ "$(stat -c %a "$file")" = 600 ] || wrong "$file is open to others" ;;
	esac
done
[ "$found" -ge 4 ] || wrong "only $found key files"

exit $failed
