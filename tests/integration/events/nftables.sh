#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# examples/nftables with the genuine nft in a network namespace of its own, and the feed of a real
# verifier: who is in the sets, when they run out, and which feeds are refused.
#   nftables.sh BIN TOP
# shellcheck source-path=SCRIPTDIR disable=SC2034,SC2154
set -euo pipefail
bin=$1 top=$2
# shellcheck source=../../lib/stage.sh
. "$top/tests/lib/stage.sh"
command -v unshare >/dev/null && unshare -rn true 2>/dev/null || { echo "no network namespace may be made here" && exit 77; }

# One namespace for all: `inside` runs in it.
unshare -rn sleep 600 &
space=$!
trap 'kill $space 2>/dev/null || true; strike' EXIT
inside() { nsenter --preserve-credentials -U -n -t "$space" -- "$@"; }
nft() { inside "$top/swtpm-setup/peer" nft "$@"; }
ready() { nft list ruleset; }
wait_until 10 ready >/dev/null 2>&1 || { echo "no nft here, or the kernel has none" && exit 77; }
case_of() { echo "- $1"; }

mkdir "$work/path"
ln -s "$bin/trothctl" "$work/path/trothctl"
cat >"$work/path/nft" <<END
#!/bin/bash
exec nsenter --preserve-credentials -U -n -t $space -- "$top/swtpm-setup/peer" nft "\$@"
END
chmod +x "$work/path/nft"
feed() { # [options]
	PATH=$work/path:$PATH "$top/examples/nftables/troth-nft" --verifier "${url:-https://localhost:$port}" --ca "$work/state/tls/ca.crt" \
		--trust-domain "${domain:-attack.example}" --segment line-1 --map "$work/map" --state "$work/nft" "$@" >"$work/said" 2>&1
}
members() { nft list set inet troth "$1" | tr -d '\n\t' | grep -oE '([0-9a-f.:]+) timeout' | cut -d' ' -f1 | sort | xargs; }
listed_as() { # STATUS
	grep -q "line-1/press-1 $1" <<<"$(curl -s --cacert "$work/state/tls/ca.crt" "https://localhost:$port/v1/status")"
}

more_settings='status_life: 20s'
boot_device press-1
boot_device press-2
on_inventory press-1 press-2
start_verifier
policy ek-certificate-and-inventory
run_program troth-attester press-1 once || true
ctl reference learn --device press-1 --name base >/dev/null
for name in press-1 press-2; do run_program troth-attester "$name" once || wrong "$name does not pass: $(<"$work/out")"; done
cat >"$work/map" <<'END'
# name addresses
press-1 192.0.2.1 2001:db8::1 # the first
press-2 192.0.2.2 2001:db8::2
press-3 192.0.2.3
END
nft -f "$top/examples/nftables/troth.nft"
wait_until 20 listed_as healthy || wrong "the feed does not say that press-1 is healthy"

case_of "healthy devices pass, those that nobody knows do not"
feed || wrong "the feed is refused: $(<"$work/said")"
[ "$(members healthy4)" = "192.0.2.1 192.0.2.2" ] || wrong "the set has $(members healthy4)"
[ "$(members healthy6)" = "2001:db8::1 2001:db8::2" ] || wrong "the set has $(members healthy6)"
nft list chain inet troth forward | grep -q 'policy drop' || wrong "the chain lets others through"

case_of "one in quarantine passes no more, by a delta"
ctl device quarantine press-1 >/dev/null
wait_until 20 listed_as quarantined || wrong "the feed does not say so"
feed || wrong "a delta is refused: $(<"$work/said")"
[ "$(members healthy4)" = 192.0.2.2 ] || wrong "the set has $(members healthy4)"
cp "$work/nft"/delta.* "$work/delta" 2>/dev/null || wrong "no delta was taken"

case_of "another domain, a changed list, an older feed, a feed whose time is over"
domain=other.example feed && wrong "another domain's feed is taken"
feed || wrong "the right one is refused after it: $(<"$work/said")"
status() { # WANT WORDS [options]
	local want=$1 words=$2 code=0
	shift 2
	"$bin/trothctl" status show "$@" --keys "$work/nft/keys.json" --trust-domain attack.example >"$work/said" 2>&1 || code=$?
	[ "$code" = "$want" ] && grep -q -- "$words" "$work/said" || wrong "$*: exit $code, wanted $want and '$words': $(<"$work/said")"
}
cp "$work/nft/full" "$work/old"
sequence=$("$bin/trothctl" status verify "$work/old" --keys "$work/nft/keys.json" --trust-domain attack.example --format json | jq .sequence)
status 0 press-2 "$work/old" --not-below "$sequence"
status 1 'older than one' "$work/old" --not-below $((sequence + 1))
sed 's/ quarantined$/ healthy/; s/press-2 healthy/press-2 Healthy/' "$work/old" >"$work/bent"
cmp -s "$work/old" "$work/bent" && wrong "nothing was bent"
status 1 'is not what it says' "$work/bent"
status 2 'cannot be read\|No such file' "$work/none"
printf 'x' >"$work/short"
status 1 'no status document' "$work/short"
status 1 'a delta, without' "$work/delta"
status 1 'does not follow' "$work/old" --delta "$work/old"

case_of "a verifier that is away closes the door by itself"
url=https://localhost:1 feed && wrong "a feed that is not there is taken"
[ "$(members healthy4)" = 192.0.2.2 ] || wrong "the set has $(members healthy4)"
closed() { [ -z "$(members healthy4)" ]; }
wait_until 40 closed || wrong "the door stays open: $(nft list set inet troth healthy4)"
status 1 'its time is over' "$work/old"

case_of "and its return opens it"
feed || wrong "refused: $(<"$work/said")"
[ "$(members healthy4)" = 192.0.2.2 ] || wrong "the set has $(members healthy4)"
finish
