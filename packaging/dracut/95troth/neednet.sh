#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The network, though the root file system may not need it.
echo "rd.neednet=1" >/etc/cmdline.d/95-troth.conf
