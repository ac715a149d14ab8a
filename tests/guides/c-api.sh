#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# docs/guides/c-api.md, followed, against the library as it is installed. Usage: c-api.sh BIN TOP
# shellcheck source-path=SCRIPTDIR disable=SC2034,SC2154,SC2317
set -euo pipefail
bin=$1 top=$2
for tool in cc cmake pkg-config; do
	command -v "$tool" >/dev/null || { echo "no $tool here" && exit 77; }
done
# shellcheck source=gateway.sh
. "$top/tests/guides/gateway.sh"

prefix=$work/prefix
DESTDIR='' cmake --install "$(dirname -- "$bin")" --prefix "$prefix" >"$work/install.log"
library=$(dirname -- "$(find "$prefix" -name libtroth.so)")
export PKG_CONFIG_PATH=$library/pkgconfig LD_LIBRARY_PATH=$library:${LD_LIBRARY_PATH-}
stage_gateway
stands_for /usr/local "$prefix"
tell_guide

published() { curl -s --cacert "$work/state/tls/ca.crt" "https://localhost:$port/v1/$1"; }
healthy() { published status | grep -q 'sensor-1 healthy'; }
before_fetch() { wait_until 20 healthy || wrong "the feed does not say that the device is healthy"; }
serial=$(openssl x509 -in "$work/sensor-1/run/cert.pem" -noout -serial | cut -d= -f2)
told() {
	published status | grep -q 'sensor-1 quarantined' &&
		published crl | openssl crl -inform DER -noout -text | grep -q "$serial"
}
before_news() { wait_until 20 told || wrong "CRL and feed do not name the device"; }
follow "$top/docs/guides/c-api.md" "$work/guide" || wrong "the guide cannot be followed"
finish
