# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # names are shared with bootvm
# What came of a boot, read from what the machine handed over and what it said on its console.
# Sourced by bootvm.

# outcome_of DIR: credential, refused, pending, stopped (no kernel ran), or what went wrong.
outcome_of() {
	local code
	if [ ! -s "$1/capture/attester.code" ]; then
		if said "$1" 'Linux version' || said "$1" 'attester:'; then echo cut-short; else echo stopped; fi
		return
	fi
	code=$(<"$1/capture/attester.code")
	case $code in
	0) if [ -z "$image" ] || attested_first "$1"; then echo credential; else echo too-late; fi ;;
	1) echo refused ;;
	3) echo pending ;;
	*) echo "failed-$code" ;;
	esac
}

# told DIR: a line for each finding: code, PCR, event's number, and words about it.
told() {
	sed -n 's/.*event=finding code=\([a-z-]*\) .*pcr=\([0-9-]*\) log_event=\([0-9-]*\) .*detail="\(.*\)"$/\1\t\2\t\3\t\4/p' \
		"$1/capture/attester.log" 2>/dev/null || true
}

# findings_of DIR: every code once, with the PCRs it was found in: "unexpected-event:4,9 separator".
findings_of() {
	told "$1" | cut -f1,2 | sort -u -k1,1 -k2n | awk '
		$1 != code { printf "%s%s", code == "" ? "" : " ", $1; code = $1; mark = ":" }
		$2 >= 0 { printf "%s%s", mark, $2; mark = "," }'
}

# cause_of DEVICE: what trothctl explain takes for the probable cause; nothing of a healthy one.
cause_of() {
	ctl explain --device "$1" --ima-lists "$work/ima" --format json 2>/dev/null | jq -r '.cause.name // empty'
}

# details_of DIR: what the findings point at, without the type of event.
details_of() {
	told "$1" | cut -f4 | sed -e 's/^EV_[A-Z_]* //' -e '/^$/d' -e 's/\\x5c/\\/g' |
		awk '!seen[$0]++ { printf "%s%s", comma, $0; comma = ", " }'
}

# times_of DIR: from kernel start to the end of the attester, a line for each step: its name and its
# milliseconds. The kernel's clock and the attester's are one.
times_of() {
	awk -v began="$(sed -n 's/.*event=steps began_ms=\([0-9]*\).*/\1/p' "$1/capture/attester.log")" '
		{ printf "%s\t%d\n", $1 == "attested" ? "attester, loading" : $1,
			($1 == "attested" ? began / 1000 : $2) * 1000 - before; before = $2 * 1000 }
	' "$1/capture/reached"
	sed -n 's/.*took_ms="\(.*\)"$/\1/p' "$1/capture/attester.log" | sed 's/, /\n/g' |
		awk '{ printf "attester, %s\t%s\n", $1, $2 }'
}

unpack_capture() { # DIR
	rm -rf -- "$1/capture"
	mkdir "$1/capture"
	[ ! -s "$1/out.tar" ] || tar -x --no-same-owner --warning=no-timestamp -C "$1/capture" -f "$1/out.tar"
	chmod -R u+rwX "$1/capture"
	# Of an initramfs, what the attester said is on the console alone.
	[ -e "$1/capture/attester.log" ] || tr -d '\r' <"$1/console" | grep -a ' troth-attester\[' >"$1/capture/attester.log" || true
}
