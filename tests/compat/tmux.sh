#!/bin/bash
# SPDX-License-Identifier: MIT
# tmux and script: windows split, resized, captured, piped; sessions detached and attached; a nested terminal.
# needs: tmux script top
. "$TOP/tests/compat/lib.sh"
export TERM=xterm TMUX_TMPDIR=$TMPDIR SHELL=/bin/sh PS1='% '
mux="tmux -f /dev/null -L tmux"
press() {
	$mux send-keys "$@"
}
check start $mux new-session -d -s one -x 80 -y 24 sh
check shell see '%'
press 'tty | cut -c 1-8' Enter
check tty see /dev/pts
press 'stty size' Enter
check size see '24 80'
press "trap 'echo re''sized' WINCH; echo set \$((1))" Enter
check trap see 'set 1'
$mux resize-window -x 100 -y 30
press Enter
check resized see resized
press 'stty size' Enter
check 'new size' see '30 100'
check split $mux split-window -h 'top -d 1'
check top see 'PID'
check panes sh -c "$mux list-panes | cut -d : -f 1"
press q
check closed eventually sh -c "$mux list-panes | wc -l | grep -x 1"
check window $mux new-window 'cat; echo ended; sleep 100'
press typed Enter
check echoed sh -c "sleep 0.3; $mux capture-pane -p | grep -cx typed"
press C-d
check 'end of file' see ended
check windows sh -c "$mux list-windows -F '#{window_index} #{window_panes}'"
check select $mux select-window -t :0
check option $mux set-option -g remain-on-exit on
check dies $mux new-window 'exit 3'
check status eventually sh -c "$mux display-message -p -t :2 '#{pane_dead} #{pane_dead_status}' | grep '1 3'"
check killed $mux respawn-pane -k -t :2 'kill -SEGV $$'
check signal eventually sh -c "$mux display-message -p -t :2 '#{pane_dead} #{pane_dead_signal}' | grep '1 11'"
check hook sh -c "$mux run-shell 'echo from tmux'"
check format $mux display-message -p '#{pane_width}x#{pane_height} #{session_name} #{window_panes}'
check select $mux select-window -t :0
check pipe $mux pipe-pane 'cat >piped'
press 'echo through a pipe' Enter
check piped eventually grep -c '^through a pipe' piped
check buffer sh -c "$mux set-buffer 'from a buffer' && $mux show-buffer"
check wait sh -c "$mux run-shell -b 'sleep 0.3; $mux wait-for -S done' && $mux wait-for done"
exits 1 'second session of that name' $mux new-session -d -s one
check 'second session' $mux new-session -d -s two cat
check sessions sh -c "$mux list-sessions -F '#{session_name} #{session_windows}'"
check nested $mux new-session -d -s three -x 60 -y 20 "env -u TMUX script -qc '$mux attach -t one' /dev/null; echo detached; sleep 100"
check attached eventually sh -c "$mux list-clients | wc -l | grep -x 1"
check detach $mux detach-client -s one
check detached sh -c "for i in \$(seq 50); do $mux capture-pane -p -t three | grep -qx detached && break; sleep 0.1; done
	$mux capture-pane -p -t three | grep detached"
exits 3 script script -eqc 'tty | cut -c 1-8; stty -a | grep -c isig; exit 3' /dev/null
exits 143 'script killed' script -eqc 'kill -TERM $$' /dev/null
check stop $mux kill-server
check stopped eventually sh -c "$mux list-sessions 2>&1 | grep -o 'no server running'"
