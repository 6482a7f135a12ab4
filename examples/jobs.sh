# SPDX-License-Identifier: MIT
# The main job: what a user wants, how he would type it, what the answer is. Sourced by those who run it, who define
# job(): job WHAT ANSWER WITHOUT WITH.
# shellcheck shell=sh

# prepare_jobs: makes what the jobs work on in $HOME.
prepare_jobs() {
	mkdir -p "$HOME/private" "$HOME/src"
	cat >"$HOME/private/Makefile" <<'END'
all: hello
	@./hello
hello: hello.c
	@gcc -o $@ $<
END
	cat >"$HOME/private/hello.c" <<'END'
#include <stdio.h>
#include <unistd.h>

int main(void)
{
	char dir[4096];

	return printf("built and run in %s\n", getcwd(dir, sizeof(dir))) < 0;
}
END
	echo 'print("a script seen as", __file__)' >"$HOME/src/script.py"
	[ "$(id -u)" != 0 ] || chown -R 1000:1000 "$HOME/private" "$HOME/src"
}

# shellcheck disable=SC2016  # the jobs' own shells expand what is in them
jobs() {
	job 'Unmodified unshare(1) and mount(8)' \
		'mine' \
		"unshare -Urm sh -c 'mount -t tmpfs none /mnt && touch /mnt/mine && ls /mnt'" \
		"secede -- unshare -Urm sh -c 'mount -t tmpfs none /mnt && touch /mnt/mine && ls /mnt'"
	job 'A /tmp of your own' \
		'built and run in /tmp' \
		"unshare -m sh -c 'mount --bind ~/private /tmp && cd /tmp && make'" \
		"secede -m sh -c 'mount --bind ~/private /tmp && cd /tmp && make'"
	job 'A host name of your own' \
		'box' \
		"unshare -u sh -c 'hostname box && uname -n'" \
		"secede -u sh -c 'hostname box && uname -n'"
	job 'A directory somewhere else, without a shell' \
		'a script seen as /mnt/script.py' \
		"unshare -m sh -c 'mount --bind ~/src /mnt && exec python3 /mnt/script.py'" \
		"secede -m --bind ~/src:/mnt -- python3 /mnt/script.py"
}
