#!/bin/sh
# SPDX-License-Identifier: MIT
# needs: stress-ng
# limit: 400
# stress-ng: seccomp filters, Landlock, and calls for the privileged.
. "$TOP/tests/compat/stressors"
stress 5 seccomp landlock
stress 1 chroot ioport umount unshare uprobe
