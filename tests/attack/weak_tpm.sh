#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A TPM that is known to be weak proves nothing: maker and firmware version are the policy's to judge,
# and neither is the device's word.
#   weak_tpm.sh BIN TOP
# shellcheck source-path=SCRIPTDIR disable=SC2034,SC2154
set -euo pipefail
bin=$1 top=$2
# shellcheck source=../lib/stage.sh
. "$top/tests/lib/stage.sh"

boot_device meter
on_inventory meter
start_verifier
policy ek-certificate-and-inventory
expect 1 reference-missing -- troth-attester meter once
ctl reference learn --device meter --name base >/dev/null
expect 0 '' -- troth-attester meter once

# tpm_policy RULES: the same policy with rules about TPMs
tpm_policy() {
	{ cat "$work/policy.yaml" && printf 'tpm:\n%s\n' "$1"; } >"$work/tpm.yaml"
	ctl policy apply "$work/tpm.yaml" >/dev/null
}

# The maker swtpm's certificates name is the number of its vendor, not text.
maker=00001014
tpm_policy "  deny: [{ manufacturer: $maker }]"
expect 1 tpm-firmware -- troth-attester meter once || wrong 'a TPM whose firmware is known to be weak'
version=$(ctl verdict show meter --format json | jq -r '.verdict.findings[] | select(.code == "tpm-firmware") | .detail')
[[ $version == "$maker "* ]] || wrong "the finding says '$version'"
version=${version#"$maker "}
[ "$(ctl verdict show meter --format json | jq '.verdict.trust.hardware')" = 96 ] || wrong 'the hardware claim'
ctl replay --device meter --format json | jq -e '.result == "as-stored"' >/dev/null || wrong 'replay'

tpm_policy "  deny: [{ manufacturer: $maker, from: $version, to: $version }]"
expect 1 tpm-firmware -- troth-attester meter once
tpm_policy "  allow: [{ manufacturer: IFX }, { manufacturer: STM }]"
expect 1 tpm-firmware -- troth-attester meter once || wrong 'only other makers are allowed'

# And no others are hit.
tpm_policy "  deny: [{ manufacturer: IFX }, { manufacturer: $maker, to: 0 }]"
expect 0 '' -- troth-attester meter once
tpm_policy "  allow: [{ manufacturer: $maker, from: $version }]"
expect 0 '' -- troth-attester meter once
finish
