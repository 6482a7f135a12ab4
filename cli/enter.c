/* SPDX-License-Identifier: MIT */
/*
 * secede enter: nsenter(1)'s options, for a session that is joined first. As everywhere, the rest is plain system
 * calls: what the target has is opened below /proc, and then entered.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cli/cli.h"
#include "cli/enter.h"
#include "cli/join.h"
#include "kernel/pid.h"
#include "sys/runtime.h"

/* ---- who is the target ---- */

/* The process that was named, or of a session that was named otherwise, its first one. By its number here. */
static int find_target(const struct session *s, const char *name)
{
	struct guests guests = {0};

	if (name && strspn(name, "0123456789") == strlen(name) && session_has(s, atoi(name)))
		return atoi(name);
	find_guests(s, &guests);
	if (!guests.first)
		die("the session has ended");
	return guests.first;
}

/* Root and working directory stand in its memory, which the host may not let us read. */
static bool places_known(int pid)
{
	u64 magic;

	if (peek(pid, &magic, (void *)RUNTIME_HEADER, sizeof(magic)))
		return true;
	if (errno == ESRCH)
		die("process %d has ended", pid);
	/* EFAULT: it executes a program just now. */
	return errno != EPERM;
}

static void choose_places(struct enter_options *o, int pid)
{
	bool wanted = (o->root == FROM_TARGET) + (o->directory == FROM_TARGET);

	if (!wanted || places_known(pid))
		return;
	if (!o->everything)
		die("the host does not let you see the root and working directory of process %d", pid);
	fprintf(stderr,
		"secede: the host does not let you see the root and working directory of process %d: "
		"those of its mount namespace are taken\n",
		pid);
	o->root = o->directory = NULL;
}

/* The target's number as guests know it, and the caller one of them. */
static int become_guest(struct enter_options *o)
{
	struct session s;
	int here, target;

	session_find(o->session, &s);
	here = find_target(&s, o->session);
	choose_places(o, here);
	target = s.inside ? here : pid_to_guest(s.pids, here);
	if (!s.inside)
		join_session(&s);
	session_close(&s);
	return target;
}

/* ---- what it has ---- */

static int open_of_target(int target, const char *name, const char *file, int flags)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", target, name);
	if (file == FROM_TARGET)
		file = path;
	fd = open(file, flags | O_CLOEXEC);
	if (fd < 0)
		die_errno("cannot open %s", file);
	return fd;
}

/* Is it the one that we are in? */
static bool is_own(int fd, const char *name)
{
	char path[64];
	struct stat a, b;

	snprintf(path, sizeof(path), "/proc/self/%s", name);
	return fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

/*
 * In the order of `kinds`, the user namespace last: what belongs to those above it can be entered from up here alone.
 * What must not be entered from here is tried again from in there.
 */
static void enter_namespaces(const struct enter_options *o, int fds[ENTER_KINDS])
{
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < ENTER_KINDS; i++) {
			if (fds[i] < 0)
				continue;
			if (!is_own(fds[i], enter_kinds[i].name) && setns(fds[i], enter_kinds[i].flag) != 0) {
				if (errno == EPERM && round == 0)
					continue;
				die_errno("cannot enter the %s namespace", enter_kinds[i].word);
			}
			close(fds[i]);
			fds[i] = -1;
		}
	}
}

static void go_to(int root, int directory)
{
	if (root >= 0 && (fchdir(root) != 0 || chroot(".") != 0))
		die_errno("cannot change to the root directory");
	if (directory >= 0 && fchdir(directory) != 0)
		die_errno("cannot change to the working directory");
}

/* All is opened before anything is entered: names are the caller's. */
static void enter_target(const struct enter_options *o, int target)
{
	int fds[ENTER_KINDS], root = -1, directory = -1;

	for (int i = 0; i < ENTER_KINDS; i++)
		fds[i] = o->file[i] ? open_of_target(target, enter_kinds[i].name, o->file[i], O_RDONLY) : -1;
	if (o->root)
		root = open_of_target(target, "root", o->root, O_PATH | O_DIRECTORY);
	if (o->directory)
		directory = open_of_target(target, "cwd", o->directory, O_PATH | O_DIRECTORY);
	else if (root >= 0)
		directory = open_of_target(target, "cwd", ".", O_PATH | O_DIRECTORY);
	enter_namespaces(o, fds);
	go_to(root, directory);
	if (o->inner_directory && chdir(o->inner_directory) != 0)
		die_errno("cannot change to the working directory %s", o->inner_directory);
}

/* In there setgroups(2) may be denied for ever, out here it may take privilege: one of the two is enough. */
static void enter_ids(const struct enter_options *o, bool groups_dropped)
{
	if (o->setgid != ID_NONE) {
		if (setgroups(0, NULL) != 0 && !groups_dropped)
			die_errno("cannot drop the supplementary groups");
		if (setgid(o->setgid) != 0)
			die_errno("cannot become group %u", o->setgid);
	}
	if (o->setuid != ID_NONE && setuid(o->setuid) != 0)
		die_errno("cannot become user %u", o->setuid);
}

void run_enter(int argc, char **argv)
{
	struct enter_options options;
	bool groups_dropped;
	int target;

	parse_enter(argc, argv, &options);
	target = become_guest(&options);
	groups_dropped = options.setgid != ID_NONE && setgroups(0, NULL) == 0;
	enter_target(&options, target);
	enter_ids(&options, groups_dropped);
	run_program(options.program);
}
