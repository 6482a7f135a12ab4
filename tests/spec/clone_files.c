/* SPDX-License-Identifier: MIT */
/*
 * The worked program about CLONE_FILES: a child shares its parent's descriptors. One descriptor is
 * made before the child, one after it; in between the parent unshares the table, or does not.
 * The child then reads five bytes from each.
 *
 *	clone_files no_unshare | clone_files unshare
 */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define BEFORE	   254
#define AFTER	   253
#define STACK_SIZE (256 * 1024)

/* A pipe with `text` waiting in it, readable at descriptor `fd`. */
static void offer(int fd, const char *text)
{
	int ends[2];

	if (pipe(ends) != 0 || dup3(ends[0], fd, 0) != fd || write(ends[1], text, strlen(text)) < 0) {
		perror("offer");
		exit(2);
	}
}

static void take(int number, int fd)
{
	char text[6] = "";
	ssize_t got = read(fd, text, sizeof(text) - 1);

	printf("child%d:%2zd:%s\n", number, got, text);
}

static int done[2]; /* a byte is there when the parent is done with its part */

static int child(void *unused)
{
	char byte;

	if (read(done[0], &byte, 1) != 1)
		return 2;
	take(1, BEFORE);
	take(2, AFTER);
	fflush(stdout);
	return 0;
}

int main(int argc, char **argv)
{
	static char stack[STACK_SIZE] __attribute__((aligned(16)));
	int status;

	if (argc != 2 || pipe(done) != 0)
		return 2;
	offer(BEFORE, "01234");
	if (clone(child, stack + STACK_SIZE, CLONE_FILES | SIGCHLD, NULL) < 0) {
		perror("clone");
		return 2;
	}
	if (strcmp(argv[1], "unshare") == 0 && unshare(CLONE_FILES) != 0) {
		perror("unshare");
		return 2;
	}
	offer(AFTER, "abcde");
	if (write(done[1], "", 1) != 1)
		return 2;
	if (wait(&status) < 0)
		return 2;
	return WEXITSTATUS(status);
}
