# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the scripts of this directory share. Sourced by bash with `set -euo pipefail`.

fail() {
	printf '%s: %s\n' "${0##*/}" "$1" >&2
	exit "${2:-2}"
}

need() {
	local tool
	for tool in "$@"; do
		command -v "$tool" >/dev/null ||
			fail "$tool is not installed; run swtpm-setup/install-deps"
	done
}

# absolute DIR: makes the directory and prints its absolute path.
absolute() {
	mkdir -p -- "$1"
	(cd -- "$1" && pwd)
}

# alive PIDFILE PROGRAM: true while the process named by the file runs that program. A pid that
# another program has taken over does not count.
alive() {
	local pid
	# The program may remove its file at any moment.
	pid=$(cat -- "$1" 2>/dev/null) || return 1
	[ -n "$pid" ] && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$2" ]
}

# wait_until SECONDS COMMAND...: polls the command until it succeeds.
wait_until() {
	local tries=$(($1 * 50))
	shift
	until "$@"; do
		[ "$tries" -gt 0 ] || return 1
		tries=$((tries - 1))
		sleep 0.02
	done
}

gone() {
	! alive "$1" "$2"
}

# end_process PIDFILE PROGRAM: asks it to end, waits for it, removes the file.
end_process() {
	if alive "$1" "$2"; then
		kill -TERM "$(cat -- "$1" 2>/dev/null)" 2>/dev/null || true
		wait_until 5 gone "$1" "$2" || fail "$2 does not end" 1
	fi
	rm -f -- "$1"
}

# built_programs TOP: builds Troth's programs, where sources are newer, and prints where they are.
# One at a time: two demonstrations may be started at once.
built_programs() {
	build() {
		cd "$1" && cmake --preset release -DTROTH_BUILD_TESTS=OFF -B build/demo >/dev/null &&
			cmake --build build/demo -j "$(nproc)" >/dev/null
	}
	mkdir -p "$1/build"
	(flock 9 && build "$1") 9>"$1/build/.demo.lock" ||
		fail "Troth cannot be built: cmake --build build/demo says why" 1
	printf '%s\n' "$1/build/demo/bin"
}

# workplace KEEP NAME: makes KEEP, or where that is empty a temporary directory, for sockets and
# configuration files, and prints it.
workplace() {
	local work
	if [ -n "$1" ]; then
		work=$(absolute "$1") || fail "$1: no directory can be made there"
	else
		work=$(mktemp -d "/tmp/$2.XXXXXX")
	fi
	[[ $work != *[,:\#\'\"\\]* ]] || fail "$work: name a directory without , : # \\ and quotes"
	[ ${#work} -le 60 ] || fail "$work is too long for sockets in it; name a shorter directory"
	printf '%s\n' "$work"
}
