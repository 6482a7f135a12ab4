#!/bin/bash
# SPDX-License-Identifier: MIT
# needs: tmux vim less top man script
# tmux: job control typed into a shell, resized and split windows, full-screen programs, script(1).
export TERM=xterm TMUX_TMPDIR=$TMPDIR SHELL=/bin/bash PS1='$ '
T="tmux -f /dev/null -L s"
$T new-session -d -x 80 -y 24 'bash --norc --noprofile'
for i in $(seq 50); do $T capture-pane -p | grep -q '\$' && break; sleep 0.1; done
k() { $T send-keys "$@"; sleep 0.4; }
k 'PS1="% "; clear' Enter; k 'echo hello; tty | cut -c1-8' Enter; k 'sleep 100' Enter; k C-z; k 'jobs' Enter; k 'bg; sleep 50 &' Enter; k 'jobs | cut -c1-20' Enter; k 'fg %1' Enter; k C-c; k 'echo st $?' Enter; k 'cat' Enter; k 'typed' Enter; k C-d; k 'kill %2; wait' Enter; k 'stty size' Enter; k C-l; k 'echo last' Enter
$T capture-pane -p -S - | grep . | sed 's/\[\([0-9]\)\] [0-9]*$/[\1] PID/'
$T resize-window -x 100 -y 30; k 'stty size' Enter; $T split-window -h 'top -d 1'; sleep 1.5; $T list-panes | cut -d: -f1; $T capture-pane -p -t .1 | grep -c PID; $T send-keys -t .1 q; sleep 0.3; $T list-panes | wc -l
$T split-window 'less /etc/passwd'; sleep 0.5; $T capture-pane -p | head -1; k /daemon Enter; k q; $T split-window 'vim -u NONE -N x'; sleep 0.7; k ihello Escape ':wq' Enter; cat x; $T split-window 'man -P cat true | head -3; sleep 1'; sleep 0.8; $T capture-pane -p | grep -c TRUE
script -qc 'tty | cut -c1-8; stty size >/dev/null; exit 3' /dev/null; echo $?
$T kill-server; echo $?
