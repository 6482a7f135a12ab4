#!/bin/bash
# SPDX-License-Identifier: MIT
# fzf: filters, previews and key strokes, in a terminal of tmux's.
# needs: fzf tmux
. "$TOP/tests/compat/lib.sh"
export TERM=xterm TMUX_TMPDIR=$TMPDIR SHELL=/bin/sh FZF_DEFAULT_OPTS=--no-mouse
mux="tmux -f /dev/null -L fzf"

seq 100000 >numbers
check filter sh -c 'fzf --filter 9999 <numbers | sort | md5sum'
check extended sh -c "fzf --filter '^12 34\$ !5' <numbers"
exits 1 'no match' sh -c 'echo a | fzf --filter b'

# A session: begin OPTIONS..., see TEXT on the screen, press KEYS..., and what it chose and its exit status.
begin() {
	rm -f chosen
	$mux new-session -d -x 80 -y 20 "fzf $* <numbers >choosing; echo status \$? >>choosing; mv choosing chosen"
	see 100000/100000
}
see() {
	eventually sh -c "$mux capture-pane -p | grep -qF -- '$1'"
}
press() {
	$mux send-keys "$@"
}
chosen() {
	eventually test -e chosen && paste -s -d ' ' chosen
}

check begin begin
check query press 4242
check narrowed see "$(fzf --filter 4242 <numbers | wc -l)/100000"
check enter press Enter
check chosen chosen
check 'begin again' begin
check escape press Escape
check 'chosen none' chosen
check several begin --multi --tac
check query press ^999
check narrowed see 111/100000
check tab press BTab BTab
check marked see '(2)'
check enter press Enter
check 'chosen two' chosen
check preview begin --preview "'echo seen {} >>previewed'" --bind "'ctrl-x:execute-silent(echo did {} >did)'"
check query press 31415
check narrowed see "$(fzf --filter 31415 <numbers | wc -l)/100000"
check previewed eventually grep -x 'seen 31415' previewed
check bound press C-x
check executed eventually grep -x 'did 31415' did
check end press C-c
check 'chosen nothing' chosen
check ended eventually sh -c "! $mux list-sessions"
