# SPDX-License-Identifier: MIT
# GNU coreutils' make check as a root that is one in a user namespace only.
# sources: coreutils
# native: unshare -r --
# secede: secede -r --
# shellcheck shell=sh
. "$TOP/tests/clients/coreutils.sh"
