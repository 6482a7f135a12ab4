#!/bin/bash
# SPDX-License-Identifier: MIT
# less and man: pages in a terminal, searched, resized, suspended and resumed, opened by pipes; formatted pages.
# needs: less man tmux groff
. "$TOP/tests/compat/lib.sh"
export TERM=xterm TMUX_TMPDIR=$TMPDIR SHELL=/bin/sh LESSHISTFILE=$TMPDIR/history MANWIDTH=80
mux="tmux -f /dev/null -L less"
press() {
	$mux send-keys "$@"
}
seq 10000 | sed 's/$/ lines/' >f
$mux new-session -d -x 80 -y 20 'PS1="% " sh'
check shell see '%'
press 'less f' Enter
check begins see '19 lines'
press G
check ends see '10000 lines'
press '?4242' Enter
check search see '4242 lines'
press '&99' Enter g
check filter eventually sh -c "$mux capture-pane -p | grep -x '999 lines'"
press '&' Enter 500g
check line see '500 lines'
press C-z
check suspended see Stopped
press 'clear; jobs' Enter
check jobs see 'less f'
press 'clear; fg' Enter
check resumed see '500 lines'
$mux resize-window -x 60 -y 10
press g
check resized sh -c "sleep 0.5; $mux capture-pane -p | tail -n 2"
press '!echo from less' Enter
check command see 'from less'
press Enter q
press 'clear; echo left $((6 * 7))' Enter
check left see 'left 42'
press 'clear; seq 100000 | less' Enter
check pipe see '9'
press G
check 'end of pipe' see 100000
press q
press 'clear; LESSOPEN="|tr a-z A-Z <%s" less f' Enter
check preprocessor see '1 LINES'
press q
press 'clear; man -P less ls' Enter
check man see 'LS(1)'
press C-z
# The shell speaks when man has stopped, maybe onto the page that less is about to take off the screen.
sleep 0.5
press 'clear; jobs' Enter
check 'man suspended' see Stopped
press 'clear; fg' Enter
check 'man resumed' see 'LS(1)'
press q
press 'clear; sleep 100 | less' Enter
sleep 0.3
press C-c
press q
press 'clear; echo interrupted $((6 * 7))' Enter
check interrupt see 'interrupted 42'
$mux kill-server

check plain sh -c 'less f </dev/null | md5sum'
check page sh -c 'man -P cat ls | head -n 5'
check where man -w ls
check whatis sh -c 'man -f nothing_here; [ $? = 16 ]'
check local sh -c 'printf ".TH X 1\n.SH NAME\nx \\- says x\n" >x.1; man -P cat -l x.1 | head -n 3'
exits 16 'no page' man nothing_here
check postscript sh -c 'man -t ls | head -n 1'
check groff sh -c "printf '.PP\nhello \\\\fBbold\\\\fP\n' | groff -Tascii | head -n 1"
