#!/bin/bash
# SPDX-License-Identifier: MIT
# OpenSSH: ssh-keygen, an sshd of the user's own, commands, a terminal, scp, sftp, forwarding, agents, multiplexing.
# needs: ssh /usr/sbin/sshd ssh-keygen scp sftp ssh-agent script tmux
. "$TOP/tests/compat/lib.sh"
export TERM=xterm TMUX_TMPDIR=$TMPDIR SHELL=/bin/sh
umask 077
here=$PWD
mkdir s && cd s || exit 1
for type in ed25519 ecdsa rsa; do
	check "keygen $type" sh -c "ssh-keygen -q -t $type -N '' -C someone@example.org -f $type && ssh-keygen -lf $type.pub | wc -w"
done
check fingerprint sh -c "ssh-keygen -yf ed25519 | cut -d ' ' -f 1"
check passphrase sh -c "ssh-keygen -q -t ed25519 -N secret -f locked && ssh-keygen -p -P secret -N '' -f locked | tail -n 1"
check sign sh -c 'echo text | ssh-keygen -q -Y sign -f ed25519 -n file >sig && echo text | ssh-keygen -Y check-novalidate -n file -s sig | cut -d " " -f 1-5'
cp ed25519.pub authorized
port=$(free_port)
cat >sshd_config <<END
Port $port
ListenAddress 127.0.0.1
HostKey $PWD/rsa
HostKey $PWD/ecdsa
PidFile $PWD/pid
AuthorizedKeysFile $PWD/authorized
StrictModes no
UsePAM no
Subsystem sftp internal-sftp
PermitUserEnvironment no
AcceptEnv SAY
END
cat >config <<END
Host there
	HostName 127.0.0.1
	Port $port
	IdentityFile $PWD/ed25519
	IdentitiesOnly yes
	UserKnownHostsFile $PWD/known
	StrictHostKeyChecking accept-new
	SendEnv SAY
	LogLevel ERROR
	ControlPath $PWD/control
END
there() {
	ssh -F config there "$@" </dev/null
}
check 'test the configuration' /usr/sbin/sshd -t -f "$PWD/sshd_config"
/usr/sbin/sshd -D -e -f "$PWD/sshd_config" 2>sshd.log &
server=$!
check connect eventually ssh -F config there true
check known sh -c 'cut -d " " -f 2 known | sort -u'
check command there 'echo "$0 says" $((6 * 7)); echo error >&2'
exits 9 status there 'exit 9'
exits 255 killed there 'kill -KILL $$'
check environment env SAY=hello ssh -F config there 'echo $SAY; echo ${SSH_CONNECTION%% *}'
check input sh -c 'seq 100000 | ssh -F config there md5sum'
check output sh -c 'ssh -F config there "seq 300000" </dev/null | md5sum'
exits 255 'wrong key' ssh -F <(sed 's/ed25519/locked/' config) there true </dev/null
head -c 5000000 /dev/zero >big
mkdir -p tree/d && echo 1 >tree/f && echo 2 >tree/d/g
check scp scp -q -F config big there:"$PWD/big2"
check 'scp arrived' cmp big big2
check 'scp -O' scp -O -q -F config there:"$PWD/big" big3
check 'scp -r' scp -r -q -F config tree there:"$PWD/tree2"
check 'scp -r arrived' diff -r tree tree2
check sftp sh -c "printf 'cd $PWD\nput tree/f up\nget up down\nmkdir made\nrename up made/up\nls made\nchmod 640 made/up\nrm made/up\nrmdir made\n' |
	sftp -q -F config -b - there"
check 'sftp arrived' cat down
command -v rsync >/dev/null && check rsync sh -c 'rsync -a -e "ssh -F config" tree/ there:$PWD/tree3 && diff -r tree tree3'
eval "$(ssh-agent -s)" >/dev/null
check agent sh -c 'ssh-add -q ed25519 && ssh-add -l | wc -l'
check 'agent forwarded' ssh -F config -A there 'ssh-add -l | wc -l'
ssh-agent -k >/dev/null
check master ssh -F config -fNM there
check 'through the master' there echo one connection
check 'second through the master' there echo the same
forward=$(free_port)
check forward ssh -F config -O forward -L "$forward:127.0.0.1:$port" there
check 'ssh through itself' ssh -F config -o ControlPath=none -p "$forward" there echo forwarded
check 'end of master' ssh -F config -O exit there
check 'no master' eventually test ! -S control
check jump ssh -F config -J there there echo jumped
if [ "$(script -qc 'stat -c %G $(tty)' /dev/null | tr -d '\r')" != tty ]; then
	skip terminal 'devpts is mounted without gid=5 here: an sshd that is not root cannot give a terminal to that group'
else
	mux="tmux -f /dev/null -L ssh"
	$mux new-session -d -x 80 -y 20 'ssh -tF config there "PS1=there% exec sh"; echo left $?; sleep 100'
	check interactive see there%
	$mux send-keys 'stty size' Enter
	check 'its size' see '20 80'
	$mux resize-window -x 90 -y 25
	$mux send-keys 'stty size' Enter
	check 'its new size' see '25 90'
	$mux send-keys 'sleep 100' Enter
	sleep 0.3
	$mux send-keys C-z
	check 'stopped there' see Stopped
	$mux send-keys fg Enter C-c
	$mux send-keys 'exit 6' Enter
	check 'left it' see 'left 6'
	$mux kill-server
fi
kill $server
wait $server 2>/dev/null
exits 255 'no server' sh -c 'ssh -F config there true 2>&1 | grep -o "Connection refused"; exit 255'
cd "$here" || exit 1
