#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Attestation results before other people's software, and theirs before ours (ear.py).
# usage: ear.sh EAR_PEER
set -eu

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# The system's python has Debian's packages; another in front of it may not.
python=/usr/bin/python3
[ -x "$python" ] || python=python3
"$python" "$(dirname -- "$0")/ear.py" "$1" "$dir"
