#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The runner of guides sees what is wrong with one. Usage: runner.sh SOURCE_DIR
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
# shellcheck source=guide.sh
. "$1/tests/guides/guide.sh"

failures=0
# try NAME WANTED WORDS < GUIDE: followed to the end (0) or not (1), and what is said.
try() {
	local code=0
	cat >"$work/guide.md"
	follow "$work/guide.md" "$work/$1" >"$work/said" 2>&1 || code=$?
	if [ "$code" != "$2" ] || ! grep -qF -- "$3" "$work/said"; then
		echo "$1: exit $code, wanted $2 and '$3'"
		cat "$work/said"
		failures=$((failures + 1))
	fi
}

stands_for /etc/there "$work/here"
stands_for example.org localhost
program greet printf '%s:'
before_later() { echo ready >"$work/hook"; }

try 'all of it' 0 '8 blocks, 1 of them only shown' <<END
Words, and \`code\`, are nobody's business.
\`\`\`conf file=/etc/there/conf
server example.org
\`\`\`
\`\`\`sh run
export WHO=example.org
double() { echo "\$1\$1"; }
export -f double
mkdir kept && cd kept && pwd
\`\`\`
\`\`\`sh run name=later
greet "\$WHO"
echo
double 7
cat /etc/there/conf $work/hook
\`\`\`
\`\`\`text output
localhost:
77
ser...localhost
ready
\`\`\`
\`\`\`sh run exit=3
exit 3
\`\`\`
\`\`\`sh shown
false
\`\`\`
\`\`\`text
\$ only words
\`\`\`
\`\`\`sh run
[ -d kept ]
\`\`\`
END
try 'a command that fails' 1 'exit 1, wanted 0' <<'END'
```sh run
false
true
```
END
try 'a command of a pipe that fails' 1 'exit 1, wanted 0' <<'END'
```sh run
false | true
```
END
try 'a command that should fail' 1 'exit 0, wanted 22' <<'END'
```sh run exit=22
true
```
END
try 'a variable that nobody has set' 1 'exit 1, wanted 0' <<'END'
```sh run
echo "$NOBODY_HAS_SET_ME"
```
END
try 'lines that are not printed' 1 'not printed: two*' <<'END'
```sh run
printf 'one\ntwo\n'
```
```text output
one
two*
```
END
try 'lines in another order' 1 'not printed: one' <<'END'
```sh run
printf 'one\ntwo\n'
```
```text output
two
one
```
END
try 'a command that nobody tries' 1 'a block that nobody tries' <<'END'
```sh
true
```
END
try 'a block without end' 1 'cannot be read' <<'END'
```sh run
true
END
try 'no block' 1 'has no blocks' <<'END'
    indented
END
[ "$failures" -eq 0 ]
