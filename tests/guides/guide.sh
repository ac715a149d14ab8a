# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Follows a guide of docs/guides as its reader would: what its fenced blocks say is written, run and
# compared, in order (docs/testing.md, "Guides"). Sourced by bash with `set -euo pipefail`, after `work` is set:
# a directory for what is needed on the way.
#
#   stands_for TEXT VALUE      the guide's TEXT is VALUE here: an address, a directory
#   program NAME COMMAND...    what NAME runs in a block
#   before_NAME()              is called before the block that says name=NAME, where there is one
#   follow GUIDE DIR           in DIR, which is made; 1 at the first block that is not as the guide says
#
# A block is what its fence says after the language:
#   run [exit=N]       is run by bash -euo pipefail, in DIR, with what blocks before have exported
#   file=PATH          is written to PATH
#   output             what the block before has printed has these lines, in order; ... is any text
#   shown              is not run, and counted; any other `sh` must be one of the above

guide_texts=() guide_values=()
guide_programs=$work/programs
mkdir -p "$guide_programs"

stands_for() {
	guide_texts+=("$1") guide_values+=("$2")
}

program() {
	local name=$1
	shift
	printf '#!/bin/bash\nexec %s "$@"\n' "$(printf '%q ' "$@")" >"$guide_programs/$name"
	chmod +x "$guide_programs/$name"
}

# as_here TEXT: with everything that stands for something replaced.
as_here() {
	local text=$1 i
	for i in "${!guide_texts[@]}"; do
		text=${text//"${guide_texts[i]}"/"${guide_values[i]}"}
	done
	printf '%s\n' "$text"
}

# split_guide GUIDE DIR: DIR/N.info, DIR/N.line and DIR/N.body of the N-th fenced block.
split_guide() {
	awk -v dir="$2" '
		function part(name) { return sprintf("%s/%03d.%s", dir, n, name) }
		/^```/ && !inside {
			n++
			inside = 1
			print substr($0, 4) >part("info")
			print NR >part("line")
			printf "" >part("body")
			next
		}
		/^```/ { inside = 0; close(part("body")); next }
		inside { print >part("body") }
		END { if (inside) print "a block has no end" >"/dev/stderr"; exit inside }' "$1"
}

# word_of INFO KEY: VALUE of KEY=VALUE.
word_of() {
	local word
	for word in $1; do
		[[ $word != "$2="* ]] || printf '%s' "${word#*=}"
	done
}

# run_block FILE DIR: output in DIR/.output; its exit code.
# shellcheck disable=SC2016
run_block() {
	(
		PATH=$guide_programs:$PATH timeout 120 bash -euo pipefail -c '
			[ ! -e "$2/.variables" ] || . "$2/.variables"
			cd "$2"
			. "$1"
			{ export -p && export -f -p; } >"$2/.variables"' guide "$1" "$2" >"$2/.output" 2>&1 </dev/null
	)
}

# has_lines WANTED OUTPUT: says which line is missing.
has_lines() {
	local wanted line pattern
	exec 8<"$2"
	while IFS= read -r wanted; do
		pattern=$(sed -e 's/[^[:alnum:]]/\\&/g' -e 's/\\\.\\\.\\\./*/g' <<<"$wanted")
		while IFS= read -r line <&8 || { echo "not printed: $wanted" && return 1; }; do
			# shellcheck disable=SC2053
			[[ $line != $pattern ]] || break
		done
	done <"$1"
}

# follow_block INFO BODY DIR
follow_block() {
	local info=$1 body=$2 dir=$3 path wanted code=0
	path=$(as_here "$(word_of "$info" file)")
	wanted=$(word_of "$info" exit)
	case " $info " in
	*' file='*)
		mkdir -p "$(dirname -- "$path")"
		cp -- "$body" "$path"
		;;
	*' output '*) has_lines "$body" "$dir/.output" ;;
	*' run '*)
		run_block "$body" "$dir" || code=$?
		[ "$code" = "${wanted:-0}" ] || { echo "exit $code, wanted ${wanted:-0}" && return 1; }
		;;
	*' shown '*) guide_shown=$((guide_shown + 1)) ;;
	' sh '* | ' bash '*) echo "a block that nobody tries" && return 1 ;;
	esac
}

follow() {
	local guide=$1 dir=$2 blocks info body n hook guide_shown=0
	mkdir -p "$dir"
	blocks=$(mktemp -d "$guide_programs/blocks.XXXXXX")
	split_guide "$guide" "$blocks" || { echo "WRONG: $guide cannot be read" && return 1; }
	[ -e "$blocks/001.info" ] || { echo "WRONG: $guide has no blocks" && return 1; }
	for n in "$blocks"/*.info; do
		n=${n%.info}
		info=$(<"$n.info")
		body=$n.body
		as_here "$(<"$body")" >"$body.here"
		hook=before_$(word_of "$info" name)
		! declare -F "$hook" >/dev/null || "$hook"
		if ! follow_block "$info" "$body.here" "$dir"; then
			echo "WRONG: $guide:$(<"$n.line"): ($info)"
			cat -- "$body.here"
			[ ! -e "$dir/.output" ] || sed 's/^/| /' "$dir/.output"
			return 1
		fi
	done
	echo "$guide: $(find "$blocks" -name '*.info' | wc -l) blocks, $guide_shown of them only shown"
}
