#!/bin/sh
# SPDX-License-Identifier: MIT
# needs: stress-ng
# limit: 400
# stress-ng: sockets.
. "$TOP/tests/compat/stressors"
stress 1 netdev ping-sock rawsock sock sockabuse sockdiag sockfd sockmany sockpair udp udp-flood
