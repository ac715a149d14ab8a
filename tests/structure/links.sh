#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every relative link of the manuals leads to a file that is there, and an anchor to a heading.
# usage: links.sh DIRECTORY: of README.md and what lies below
set -euo pipefail
cd "$1"
n=0 failures=0

# headings FILE: as the anchors that a reader of Markdown makes of them.
headings() {
	sed -n 's/^##* //p' "$1" | tr '[:upper:]' '[:lower:]' | sed 's/`//g; s/[^a-z0-9 _-]//g; s/ /-/g'
}

while IFS=: read -r file target; do
	n=$((n + 1))
	path=${target%%#*} anchor=
	[[ $target != *'#'* ]] || anchor=${target#*#}
	to=$file
	[ -z "$path" ] || to=$(dirname "$file")/$path
	if [ ! -e "$to" ]; then
		echo "FAILED: $file links to $target, which is not there" >&2
		failures=$((failures + 1))
	elif [ -n "$anchor" ] && ! headings "$to" | grep -Fxq -- "$anchor"; then
		echo "FAILED: $file links to $target: no such heading" >&2
		failures=$((failures + 1))
	fi
done < <(find . -name '*.md' -not -path './build*' -not -path './.git/*' -not -path './tests/peers/node_modules/*' \
	-exec grep -oHE '\]\([^)#:]*(#[^):]*)?\)' {} + | sed -E 's/:\]\(/:/; s/\)$//')
[ "$n" -gt 50 ] || { echo "FAILED: only $n links were found" >&2 && exit 1; }
[ "$failures" -eq 0 ] || exit 1
echo "$n links lead somewhere"
