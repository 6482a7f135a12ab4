/* SPDX-License-Identifier: MIT */
/*
 * Opening the emulated files of /proc: a table of names and of what writes their text. What the guest
 * gets is a sealed memfd with the text as it was at open(2).
 */
#include <asm/errno.h>
#include <asm/stat.h>
#include <linux/fcntl.h>
#include <linux/memfd.h>
#include <linux/resource.h>
#include "arena/arena.h"
#include "host/host.h"
#include "lib/string.h"
#include "sys/control.h"
#include "vfs/proc_internal.h"
#include "vfs/walk.h"

#define NOT_WRITABLE (-1)

static const struct proc_file {
	const char *name; /* below PID, or below proc's root */
	proc_show show;
	int control; /* enum control_file when it can be written */
} pid_files[] =
    {
	{"mounts", show_mounts, NOT_WRITABLE},
	{"mountinfo", show_mountinfo, NOT_WRITABLE},
	{"mountstats", show_mountstats, NOT_WRITABLE},
	{"status", show_status, NOT_WRITABLE},
	{"uid_map", show_uid_map, CONTROL_UID_MAP},
	{"gid_map", show_gid_map, CONTROL_GID_MAP},
	{"setgroups", show_setgroups, CONTROL_SETGROUPS},
},
  root_files[] = {
      {"sys/kernel/hostname", show_hostname, CONTROL_HOSTNAME},
      {"sys/kernel/domainname", show_domainname, CONTROL_DOMAINNAME},
};

static const struct proc_file *find_file(const struct proc_file *files, size_t nr, const char *name)
{
	for (size_t i = 0; i < nr; i++)
		if (!strcmp(files[i].name, name))
			return &files[i];
	return NULL;
}

/* ---- the text ---- */

#define TEXT_FIRST 8192
#define TEXT_MAX   (64UL << 20)

/* The file's whole text in *out, whose buf the caller gives back. 0 or -errno; buf is NULL then. */
static int make_text(struct task *task, const struct proc_file *file, const struct proc_task *who, struct fmt *out)
{
	size_t cap = TEXT_FIRST;
	char *buf;
	int err;

	out->buf = NULL;
	do {
		buf = kzalloc(cap);
		if (!buf)
			return -ENOMEM;
		fmt_init(out, buf, cap);
		err = file->show(task, who, out);
		if (!err && !fmt_overflow(out))
			return 0;
		kfree(buf);
		out->buf = NULL;
		cap = out->len + out->len / 8 + 2; /* it may grow in between */
	} while (!err && cap <= TEXT_MAX);
	return err ? err : -ENOMEM;
}

/* ---- the descriptor ---- */

static int write_all(int fd, const char *text, size_t len)
{
	while (len) {
		long n = host_call3(__NR_write, fd, text, len);

		if (n < 0 && n != -EINTR)
			return (int)n;
		text += MAX(n, 0);
		len -= (size_t)MAX(n, 0);
	}
	return 0;
}

/* Gives descriptor `fd`, a memfd, the access mode and flags of open(2), under the same number. */
static int reopen(int fd, u64 oflags)
{
	u64 keep = oflags & (O_ACCMODE | O_NONBLOCK | O_APPEND);
	char path[FD_PATH_SIZE];
	long again;
	int err;

	fd_path(path, fd);
	again = host_call4(__NR_openat, AT_FDCWD, path, keep | O_CLOEXEC, 0);
	if (again < 0)
		return (int)again;
	err = (int)host_call3(__NR_dup3, again, fd, oflags & O_CLOEXEC);
	host_close((int)again);
	return err < 0 ? err : 0;
}

static int text_in_memfd(const char *text, size_t len, u64 oflags)
{
	long fd = host_call2(__NR_memfd_create, "proc", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int err;

	if (fd < 0)
		return (int)fd;
	err = write_all((int)fd, text, len);
	if (!err)
		err = (int)host_call3(__NR_fcntl, fd, F_ADD_SEALS,
				      F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL);
	if (!err)
		err = reopen((int)fd, oflags);
	if (!err)
		return (int)fd;
	host_close((int)fd);
	return err;
}

/* Where RLIMIT_FSIZE forbids files of that size: a pipe, which it does not concern. */
static int text_in_pipe(const char *text, size_t len, u64 oflags)
{
	s32 pipe[2];
	int err = (int)host_call2(__NR_pipe2, pipe, O_CLOEXEC);

	if (err)
		return err;
	if (host_call3(__NR_fcntl, pipe[1], F_SETPIPE_SZ, MAX(len, 4096UL)) < (long)len)
		err = -EFBIG;
	if (!err)
		err = write_all(pipe[1], text, len);
	if (!err && !(oflags & O_CLOEXEC))
		host_call3(__NR_fcntl, pipe[0], F_SETFD, 0);
	host_close(pipe[1]);
	if (!err)
		return pipe[0];
	host_close(pipe[0]);
	return err;
}

static int text_fd(const char *text, size_t len, u64 oflags)
{
	struct rlimit64 limit;

	if (host_call4(__NR_prlimit64, 0, RLIMIT_FSIZE, NULL, &limit) == 0 && limit.rlim_cur < len)
		return text_in_pipe(text, len, oflags);
	return text_in_memfd(text, len, oflags);
}

/* ---- open ---- */

static bool wants_write(u64 oflags)
{
	return (oflags & O_ACCMODE) != O_RDONLY;
}

/* What open(2) says before it comes to the file itself. */
static int may_open(struct task *task, const struct proc_file *file, const struct proc_task *who, u64 oflags)
{
	if (oflags & O_DIRECTORY)
		return -ENOTDIR;
	if ((oflags & O_CREAT) && (oflags & O_EXCL))
		return -EEXIST;
	if (!wants_write(oflags) && !(oflags & O_TRUNC))
		return 0;
	switch (file->control) {
	case NOT_WRITABLE:
		return -EACCES;
	case CONTROL_HOSTNAME:
	case CONTROL_DOMAINNAME: /* the files belong to the first namespace's root, whoever owns the names */
		return task->cred->euid == 0 ? 0 : -EACCES;
	case CONTROL_SETGROUPS:
		return ns_capable(task, who->user, CAP_SYS_ADMIN) ? 0 : -EACCES;
	}
	return 0;
}

/* The text is in `fd`; what is written there will be ours. */
static int make_writable(struct task *task, const struct proc_file *file, const struct proc_task *who, int fd)
{
	u8 sub = (u8)file->control;

	if (ns_capable(task, who->user, CAP_SYS_ADMIN))
		sub |= CONTROL_CAPABLE;
	return control_open(task, fd, sub, who->pid);
}

static int open_file(struct task *task, const struct proc_file *file, const struct proc_task *who, u64 oflags)
{
	struct fmt text;
	int fd, err = may_open(task, file, who, oflags);

	if (!err)
		err = make_text(task, file, who, &text);
	if (err)
		return err;
	fd = text_fd(text.buf, text.len, oflags);
	kfree(text.buf);
	if (fd < 0)
		return fd;
	files_clear(task->files, (unsigned)fd, (unsigned)fd);
	if (wants_write(oflags))
		err = make_writable(task, file, who, fd);
	if (!err)
		return fd;
	host_close(fd);
	return err;
}

/* A namespace: through ns/X, or again through fd/N of a descriptor on one. */
static int open_ns(struct task *task, const struct proc_name *name, const struct proc_task *who, u64 oflags)
{
	int type = proc_ns_type(name->rest);
	const char *p = name->rest + 3;
	struct fd_info info;
	u64 fd;

	if (type < 0 &&
	    (strncmp(name->rest, "fd/", 3) != 0 || !parse_u64(&p, &fd) || !who->own || who->own->files != task->files ||
	     !files_get(task->files, (int)fd, &info) || info.kind != FD_NS))
		return -EAGAIN;
	if (oflags & O_NOFOLLOW)
		return -ELOOP;
	if (type >= 0)
		return proc_ns_open(task, who->handle, type, oflags);
	return proc_ns_open(task, info.ino, info.sub, oflags);
}

/* In a Landlock domain (sys/landlock.c) the host says whether its own file of that name could be read. */
static bool domain_denies(const struct task *task, const char *rel)
{
	char path[PATH_MAX];
	struct fmt f;
	long fd;

	if (!task->cred->landlocked)
		return false;
	fmt_init(&f, path, sizeof(path));
	fmt_print(&f, "%s/%s", arena()->proc, rel);
	fd = host_call4(__NR_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	if (fd >= 0)
		host_close((int)fd);
	return fd == -EACCES;
}

int proc_open(struct task *task, const char *rel, u64 oflags)
{
	struct proc_name name = {task->tid, rel};
	const struct proc_file *file = find_file(root_files, ARRAY_SIZE(root_files), rel);
	struct proc_task who;
	bool link = false;

	if (!file && proc_parse(rel, &name)) {
		file = find_file(pid_files, ARRAY_SIZE(pid_files), name.rest);
		link = !strncmp(name.rest, "ns/", 3) || !strncmp(name.rest, "fd/", 3);
	}
	if ((!file && !link) || (oflags & O_PATH) || !proc_find(task, name.pid, &who))
		return -EAGAIN;
	if (file && domain_denies(task, rel))
		return -EACCES;
	return file ? open_file(task, file, &who, oflags) : open_ns(task, &name, &who, oflags);
}
