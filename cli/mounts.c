/* SPDX-License-Identifier: MIT */
/* Mounts, root and working directory, with plain calls: by now the command is a guest. */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cli/cli.h"
#include "lib/octal.h"

/* What the user can do about a mount that failed; called with its errno. */
__attribute__((noreturn)) static void mount_failed(const struct mount_option *m)
{
	int error = errno;
	struct stat source, target;
	bool missing = stat(m->target, &target) != 0 && errno == ENOENT;
	const char *why = strerror(error);

	if (m->kind == MOUNT_TMPFS) {
		if (missing)
			die("cannot mount a tmpfs on %s: %s (create %s first)", m->target, why, m->target);
		if (error == ENOTDIR)
			die("cannot mount a tmpfs on %s: %s (it must be a directory)", m->target, why);
		die("cannot mount a tmpfs on %s: %s", m->target, why);
	}
	if (stat(m->source, &source) != 0)
		die_errno("cannot bind %s on %s: %s", m->source, m->target, m->source);
	if (missing)
		die("cannot bind %s on %s: %s (create %s first)", m->source, m->target, why, m->target);
	if (error == ENOTDIR)
		die("cannot bind %s on %s: %s (both must be directories, or both files)", m->source, m->target, why);
	die("cannot bind %s on %s: %s", m->source, m->target, why);
}

/* The flags of a mount in mountinfo's words; a remount must repeat those it is to keep. */
static unsigned long mount_flags(const char *words)
{
	static const struct {
		const char *word;
		unsigned long flag;
	} known[] = {
	    {"nosuid", MS_NOSUID},   {"nodev", MS_NODEV},	    {"noexec", MS_NOEXEC},
	    {"noatime", MS_NOATIME}, {"nodiratime", MS_NODIRATIME}, {"relatime", MS_RELATIME},
	};
	unsigned long flags = 0;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strstr(words, known[i].word))
			flags |= known[i].flag;
	}
	return flags;
}

static bool is_below(const char *path, const char *top)
{
	size_t len = strlen(top);

	return !strncmp(path, top, len) && (!path[len] || path[len] == '/');
}

/* Makes the mount at `target` and all that came along below it read-only. */
static int make_read_only(const char *target)
{
	char top[PATH_MAX], point[PATH_MAX], words[512], *line = NULL;
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	size_t size = 0;
	int err = mounts && realpath(target, top) ? 0 : -1;

	while (!err && getline(&line, &size, mounts) > 0) {
		if (sscanf(line, "%*s %*s %*s %*s %4095s %511s", point, words) != 2)
			continue;
		unescape_octal(point);
		if (is_below(point, top))
			err = mount(NULL, point, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | mount_flags(words), NULL);
	}
	if (mounts)
		fclose(mounts);
	free(line);
	return err;
}

static void make_mount(const struct mount_option *m)
{
	int err;

	if (m->kind == MOUNT_TMPFS)
		err = mount("tmpfs", m->target, "tmpfs", 0, NULL);
	else
		err = mount(m->source, m->target, NULL, MS_BIND | MS_REC, NULL);
	if (err)
		mount_failed(m);
	if (m->kind == MOUNT_RO_BIND && make_read_only(m->target) != 0)
		die_errno("cannot make %s read-only", m->target);
}

void make_mounts(const struct options *options)
{
	if ((options->namespaces & CLONE_NEWNS) && options->propagation &&
	    mount("none", "/", NULL, options->propagation, NULL) != 0)
		die_errno("cannot change the propagation of all mounts");
	for (int i = 0; i < options->nr_mounts; i++)
		make_mount(&options->mounts[i]);
}

void change_root(const struct options *options)
{
	const char *directory = options->directory;

	if (options->root) {
		if (chroot(options->root) != 0)
			die_errno("cannot change the root directory to %s", options->root);
		if (!directory)
			directory = "/";
	}
	if (directory && chdir(directory) != 0)
		die_errno("cannot change the working directory to %s", directory);
}

void mount_proc(const struct options *options)
{
	if (options->proc && mount("proc", options->proc, "proc", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL) != 0)
		die_errno("cannot mount proc on %s", options->proc);
}
