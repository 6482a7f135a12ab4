#!/bin/bash
# SPDX-License-Identifier: MIT
# vim, ex, ed and sed: scripts, filters, swap files, jobs; a session in a terminal, suspended, resumed and recovered.
# needs: vim ed tmux
. "$TOP/tests/compat/lib.sh"
export TERM=xterm TMUX_TMPDIR=$TMPDIR SHELL=/bin/sh
mux="tmux -f /dev/null -L vim"
# edit COMMAND... -- FILE: in ex mode, and what is in the file then
edit() {
	vim -u NONE -N -es "${@:1:$#-1}" "${!#}" </dev/null
	status=$?
	cat "${!#}"
	return $status
}
printf 'b\na\nc\n' >f
check sort edit -c '%sort' -c '%s/a/A/' -c wq f
check filter edit -c '%!tr a-z A-Z' -c wq f
check read edit -c 'r !echo from a shell; exit 3' -c 'call append(0, string(v:shell_error))' -c wq f
check system edit -c 'call system("cat >y", "to a shell")' -c 'r y' -c wq f
check global edit -c 'g/^[A-Z]$/d' -c wq f
check undo edit -c 'normal dd' -c 'undo' -c wq f
check backup edit -c 'set backup' -c 'normal Anew' -c wq f
check 'backup is there' cat f~
check recursion edit -c 'function F()' -c 'return F()' -c 'endfunction' -c 'silent! call F()' -c 'wq' f
exits 2 'cannot write' edit -c 'w /nonexistent/x' -c 'cq' f
exits 3 'exit status' vim -u NONE -N -es -c '3cq'
check swap vim -u NONE -N -es -c 'e f' -c 'redir >swapped' -c 'silent swapname' -c 'redir END' -c 'q!'
check 'swap name' sh -c 'grep -o "[^/]*$" swapped'
check version sh -c 'vim --version | head -n 1'
check ed sh -c "printf '1,\$p\nq\n' | ed -s f"
check sed sh -c 'sed -i.old s/a/Z/ f && cat f f.old'
check xxd sh -c 'xxd f | head -n 2 && xxd f | xxd -r | cmp - f'

$mux new-session -d -x 80 -y 20 'PS1="% " sh'
check shell see '%'
$mux send-keys 'vim -u NONE -N typed' Enter
check up see '[New]'
$mux send-keys 'ihello from a terminal' Escape ':w' Enter
check saved eventually grep hello typed
$mux send-keys C-z
check suspended see Stopped
$mux send-keys 'clear; fg' Enter
check resumed see 'hello from'
$mux send-keys 'A again' Escape ':w' Enter
check 'saved again' eventually grep again typed
$mux send-keys ':!echo from $((6 * 7))' Enter
check command see 'from 42'
$mux send-keys Enter
$mux resize-window -x 100 -y 10
$mux send-keys ':echo "size" &columns &lines' Enter
check resized see 'size 100 10'
$mux send-keys ':q' Enter
sleep 0.3
$mux send-keys 'clear; echo left $((6 * 7))' Enter
check left see 'left 42'
$mux send-keys 'vim -u NONE -N typed' Enter
check 'up again' see 'hello from'
$mux send-keys 'Anot saved' Escape ':preserve' Enter
check preserved eventually ls .typed.swp
$mux send-keys ':call system("kill -9 " . getpid())' Enter
check killed see Killed
exits 1 recovered edit -c 'recover typed' -c 'w! typed' -c 'q!' typed
$mux kill-server
