# SPDX-License-Identifier: MIT
# GNU coreutils' make check as a root that is one in a user namespace only.
# sources: coreutils
# native: unshare -r --
# secede: secede -r --
# differs: tests/rm/(interactive-once|unreadable): root's capability to pass permissions ends where the host's user's do
# differs: tests/ls/capability: the host's user cannot give a file capabilities; setcap(8) says so
# shellcheck shell=sh
. "$TOP/tests/clients/coreutils.sh"
