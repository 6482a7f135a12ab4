#!/bin/sh
# SPDX-License-Identifier: MIT
# needs: gcc
# A full table of descriptors: who only names files needs none, and a program that is executed finds the limit as it was.
cat >program.c <<'END'
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <utime.h>

#define TRY(call) do { long r = (long)(call); printf("%s: %s\n", #call, r < 0 ? strerrorname_np(errno) : "ok"); } while (0)

static struct stat st;
static struct statfs fs;
static char buf[4096];

static void look(int dfd)
{
	TRY(open("/etc/passwd", O_RDONLY));
	TRY(openat(dfd, "file", O_RDONLY));
	TRY(stat("/etc/passwd", &st));
	TRY(stat("d/file", &st));
	TRY(stat("d/loop/loop/file", &st));
	TRY(lstat("d/loop", &st));
	TRY(stat("etc/passwd", &st));
	TRY(stat("d/../d/sub/../file", &st));
	TRY(fstatat(dfd, "loop/file", &st, 0));
	TRY(access("etc/passwd", R_OK));
	TRY(readlink("d/loop", buf, sizeof(buf)));
	TRY(readlink("/proc/self/exe", buf, sizeof(buf)));
	TRY(readlink("/proc/self/cwd", buf, sizeof(buf)));
	TRY(statfs("etc", &fs));
	TRY(getxattr("d/file", "user.x", buf, 10));
	TRY(listxattr("d/loop/file", buf, 10));
}

static void change(void)
{
	TRY(chmod("d/file", 0600));
	TRY(chmod("d/loop/file", 0600));
	TRY(chown("d/file", -1, -1));
	TRY(truncate("d/loop/file", 1));
	TRY(utime("d/file", NULL));
	TRY(mkdir("d/new", 0777));
	TRY(mkdir("d/loop/new2", 0777));
	TRY(rmdir("d/new"));
	TRY(rename("d/file", "d/moved"));
	TRY(rename("d/loop/moved", "d/loop/file"));
	TRY(link("d/file", "d/link"));
	TRY(symlink("x", "d/symlink"));
	TRY(unlink("d/link"));
	TRY(unlink("d/loop/symlink"));
	TRY(mknod("d/fifo", S_IFIFO | 0600, 0));
	TRY(chdir("d/loop/sub"));
	TRY(chdir("../.."));
}

static void sockets(int inotify, int one, int other)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "d/loop/socket"};

	TRY(inotify_add_watch(inotify, "d/loop", IN_CREATE));
	TRY(bind(one, (struct sockaddr *)&un, sizeof(un)));
	TRY(connect(other, (struct sockaddr *)&un, sizeof(un)));
	TRY(send(other, "x", 1, 0));
	TRY(dup(0));
	TRY(fcntl(0, F_DUPFD, 0));
	TRY(socket(AF_UNIX, SOCK_DGRAM, 0));
}

static void execute(char *program, int close_them)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		for (int fd = 3; close_them && fd < 200; fd++)
			fcntl(fd, F_SETFD, FD_CLOEXEC);
		execl(program, "sh", "-c", "ulimit -n; ls / | wc -l", NULL);
		puts(strerrorname_np(errno));
		exit(1);
	}
	waitpid(pid, &status, 0);
	printf("%s: %x\n", program, status);
}

int main(void)
{
	int dfd = open("d", O_RDONLY | O_DIRECTORY), inotify = inotify_init();
	int one = socket(AF_UNIX, SOCK_DGRAM, 0), other = socket(AF_UNIX, SOCK_DGRAM, 0);
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = 200;
	setrlimit(RLIMIT_NOFILE, &limit);
	while (dup(0) >= 0)
		;
	look(dfd);
	change();
	sockets(inotify, one, other);
	execute("/bin/sh", 1);
	execute("shell", 1);
	execute("./script", 1);
	execute("shell", 0);
	return 0;
}
END
gcc -w -O1 program.c -o program || exit 1
mkdir -p d/sub
echo >d/file
ln -s ../d d/loop
ln -s /etc etc
ln -s /bin/sh shell
printf '#!./shell\nulimit -n\n' >script
chmod +x script
./program
