#!/bin/sh
# SPDX-License-Identifier: MIT
# needs: stress-ng
# limit: 400
# stress-ng: waiting, and pipes, queues and semaphores to wait for.
. "$TOP/tests/compat/stressors"
stress 5 futex eventfd epoll poll pipe
stress 1 aio aiol fifo inotify mq msg mutex pipeherd ring-pipe sem sem-sysv splice tee
