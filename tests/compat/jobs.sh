#!/bin/bash
# SPDX-License-Identifier: MIT
# Job control in a terminal: ^Z, ^C, ^\, fg, bg, kill %1, SIGTTIN, SIGTTOU, SIGWINCH, stty, nested shells, statuses.
# needs: tmux bash dash vim less
. "$TOP/tests/compat/lib.sh"
export TERM=xterm TMUX_TMPDIR=$TMPDIR SHELL=/bin/bash
mux="tmux -f /dev/null -L jobs"

# The shell types its prompt only when it is ready, and numbers it: so each check waits for its own end.
type='set +o notify; PROMPT_COMMAND=; n=0; PS0=; PS1="[\$((++n))]% "'
start() {
	number=1
	$mux new-session -d -x 80 -y 200 "$1" && $mux send-keys "$2" C-l Enter
}
screen() {
	$mux capture-pane -p
}
# typed NAME KEYS...: the lines that the shell printed until its next prompt
typed() {
	typed_name=$1
	shift
	$mux send-keys "$@"
	number=$((number + 1))
	check "$typed_name" until_prompt $number
}
until_prompt() {
	tries=200
	until screen | grep -qF "[$1]%"; do
		tries=$((tries - 1))
		[ $tries != 0 ] || return 1
		sleep 0.05
	done
	screen | sed -n "/^\\[$(($1 - 1))\\]%/,/^\\[$1\\]%/p" | sed '$d' | sed -E 's/^\[[0-9]+\]% //; s/^(\[[0-9]\]) [0-9]+$/\1 PID/'
}
# press KEYS...: without waiting for a prompt, but for a moment
press() {
	$mux send-keys "$@"
	sleep 0.5
}

start 'bash --norc --noprofile' "$type"
check prompt until_prompt 1
typed 'tty' 'tty | cut -c 1-8' Enter
press 'sleep 100' Enter
typed '^Z' C-z
typed 'status of a stopped job' 'echo $?' Enter
typed 'jobs' jobs Enter
typed bg bg Enter
typed 'jobs -l' 'jobs -l | sed -E "s/ +[0-9]+ / PID /"' Enter
press fg Enter
typed '^C' C-c
typed 'status of an interrupted job' 'echo $?' Enter
press 'sleep 100' Enter
typed '^\' 'C-\'
typed 'status of a job that quit' 'echo $?' Enter
press cat Enter
press typed Enter
typed '^D' C-d
typed 'background' 'sleep 101 &' Enter
typed 'kill %1' 'kill %1; wait %1; echo $?' Enter
typed 'background' 'sleep 102 &' Enter
# kill(2) returns before the other process stops: the shell is told a little later.
typed 'kill -STOP' 'kill -STOP %1; sleep 0.3' Enter
typed 'stopped' jobs Enter
typed 'kill -KILL' 'kill -KILL %1; sleep 0.3' Enter
typed 'killed' jobs Enter
typed 'wait for a job that stops' 'sh -c "kill -STOP \$\$; exit 4"; echo $?' Enter
typed 'and goes on' 'fg; echo $?' Enter
typed 'reads in the background' 'cat & sleep 0.3' Enter
typed 'SIGTTIN' 'jobs' Enter
press 'fg' Enter
press 'to cat' Enter
typed 'read' C-d
typed 'writes in the background' 'stty tostop; echo lost & sleep 0.3; stty -tostop' Enter
typed 'SIGTTOU' 'jobs' Enter
typed 'written' 'fg' Enter
typed 'three jobs' 'sleep 103 & sleep 104 & sleep 105 & jobs %2' Enter
typed 'kill all' 'kill $(jobs -p); sleep 0.3; wait; echo $?' Enter
press 'sleep 100 | cat | cat' Enter
typed 'pipeline stopped' C-z
press fg Enter
typed 'pipeline interrupted' C-c
typed 'statuses' 'echo ${PIPESTATUS[*]}' Enter
for signal in TERM KILL SEGV ABRT HUP PIPE ALRM USR1; do
	typed "dies by $signal" "sh -c 'kill -$signal \$\$'; echo \$?" Enter
done
typed 'disown' 'sleep 106 & disown; jobs; kill $!' Enter
typed 'nothing to resume' 'fg; echo $?' Enter
typed 'suspend none' 'set +m; sleep 0.1 & wait; set -m' Enter
typed 'trap' "trap 'echo got INT' INT" Enter
typed 'trapped' C-c
typed 'untrap' 'trap - INT' Enter

# A program that handles what the terminal sends.
cat >handler.py <<'END'
import os, signal, sys, termios, tty
def say(n, frame):
    print(signal.Signals(n).name, os.get_terminal_size().columns if n == signal.SIGWINCH else '', flush=True)
for n in (signal.SIGINT, signal.SIGQUIT, signal.SIGWINCH, signal.SIGTSTP, signal.SIGCONT):
    signal.signal(n, say)
print('ready', os.getpgrp() == os.tcgetpgrp(0), flush=True)
sys.stdin.readline()
END
press 'python3 handler.py' Enter
eventually sh -c "$mux capture-pane -p | grep -q ready"
press C-c
press 'C-\'
press C-z
$mux resize-window -x 90 -y 200
sleep 0.5
typed 'handler' Enter
cat >raw.py <<'END'
import os, sys, tty, termios
saved = termios.tcgetattr(0)
tty.setraw(0)
print('raw', end='\r\n', flush=True)
said = b''
while not said.endswith(b'q'):
    said += os.read(0, 10)
termios.tcsetattr(0, termios.TCSADRAIN, saved)
print(said)
END
press 'python3 raw.py' Enter
eventually sh -c "$mux capture-pane -p | grep -q '^raw'"
typed 'raw mode' C-c C-z 'C-\' q
typed 'stty' 'stty -a | grep -o -e "-*icanon" -e "-*echo " -e "-*isig"' Enter
typed 'no echo' 'stty -echo; read x <<<y; stty echo; echo $x' Enter
typed 'read with a limit' 'read -t 0.2 x; echo $?' Enter

# Shells in shells.
press 'bash --norc --noprofile' Enter
press 'PS1="inner% "' Enter
press 'sleep 107' Enter
press C-z
typed 'inner shell suspended' suspend Enter
press fg Enter
press jobs Enter
press fg Enter
sleep 0.3
press C-c
typed 'inner shell left' 'exit 7' Enter
typed 'its status' 'echo $?' Enter
press 'PS1="dash% " dash' Enter
press 'sleep 108' Enter
press C-z
press 'jobs | cut -c 1-12' Enter
press 'bg' Enter
press 'fg' Enter
press C-c
press 'sleep 109 & sleep 0.1' Enter
press 'kill -9 %1; wait %1; echo $?' Enter
typed 'dash left' 'exit 8' Enter
typed 'its status' 'echo $?' Enter

# Full-screen programs, suspended and resumed.
seq 1000 >long
press 'less long' Enter
typed 'less suspended' C-z
press fg Enter
typed 'less resumed' q
press 'vim -u NONE -N long' Enter
typed 'vim suspended' C-z
press fg Enter
typed 'vim resumed' ':q' Enter
press 'vim -u NONE -N long' Enter
press ':!sleep 100' Enter
press C-c
press Enter
typed 'interrupted below vim' ':q' Enter
press 'exit 5' Enter
check ended eventually sh -c "! $mux list-sessions"
