/* SPDX-License-Identifier: MIT */
/*
 * Opening the emulated files of /proc: a table of names and of what writes their text. What the guest gets is a memfd
 * with the text as it was at open(2); when it reads from the beginning again, the text is made anew, as the kernel
 * does.
 */
#include <asm/errno.h>
#include <asm/stat.h>
#include <linux/fcntl.h>
#include "arena/arena.h"
#include "host/host.h"
#include "host/limit.h"
#include "lib/string.h"
#include "sys/control.h"
#include "sys/patch.h"
#include "vfs/proc_text.h"
#include "vfs/walk.h"

/* ---- the files ---- */

enum {
	PROC_ROOT = 1,	  /* stands in proc's root, not below a process */
	PROC_LIVE = 2,	  /* read again from the beginning, it has a new text */
	PROC_MEMORY = 4,  /* shows the memory that the process had at open(2) */
	PROC_NUMBERS = 8, /* of processes that are no guests as well, where numbers of tasks are not the host's */
};

static const struct proc_file {
	const char *name; /* below PID, or below proc's root */
	proc_show show;
	u8 flags;
	int control; /* enum control_file when it can be written */
} files[] = {
    {"mounts", show_mounts, 0, CONTROL_NONE},
    {"mountinfo", show_mountinfo, 0, CONTROL_NONE},
    {"mountstats", show_mountstats, 0, CONTROL_NONE},
    {"status", show_status, PROC_LIVE | PROC_NUMBERS, CONTROL_NONE},
    {"stat", show_stat, PROC_LIVE | PROC_NUMBERS, CONTROL_NONE},
    {"children", show_children, PROC_LIVE | PROC_NUMBERS, CONTROL_NONE},
    {"limits", show_limits, PROC_LIVE, CONTROL_NONE},
    {"maps", show_maps, PROC_LIVE | PROC_MEMORY, CONTROL_NONE},
    {"smaps", show_smaps, PROC_LIVE | PROC_MEMORY, CONTROL_NONE},
    {"smaps_rollup", show_smaps_rollup, PROC_LIVE | PROC_MEMORY, CONTROL_NONE},
    {"numa_maps", show_numa_maps, PROC_LIVE | PROC_MEMORY, CONTROL_NONE},
    {"uid_map", show_uid_map, 0, CONTROL_UID_MAP},
    {"gid_map", show_gid_map, 0, CONTROL_GID_MAP},
    {"setgroups", show_setgroups, 0, CONTROL_SETGROUPS},
    {"filesystems", show_filesystems, PROC_ROOT, CONTROL_NONE},
    {"locks", show_locks, PROC_ROOT | PROC_LIVE, CONTROL_NONE},
    {"sys/kernel/hostname", show_hostname, PROC_ROOT, CONTROL_HOSTNAME},
    {"sys/kernel/domainname", show_domainname, PROC_ROOT, CONTROL_DOMAINNAME},
    {"sys/user/max_mnt_namespaces", show_max_mnt, PROC_ROOT, CONTROL_UCOUNT + NS_MNT},
    {"sys/user/max_uts_namespaces", show_max_uts, PROC_ROOT, CONTROL_UCOUNT + NS_UTS},
    {"sys/user/max_user_namespaces", show_max_user, PROC_ROOT, CONTROL_UCOUNT + NS_USER},
};
_Static_assert(ARRAY_SIZE(files) <= PROC_WRITABLE, "an index and two flags are one byte");

static const struct proc_file *find_file(const char *name, u8 root)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if ((files[i].flags & PROC_ROOT) == root && !strcmp(files[i].name, name))
			return &files[i];
	return NULL;
}

/*
 * Whose file it is. Of somebody who is no guest, or has ended and is a zombie, nothing is known but the number. False:
 * the host's file is right.
 */
static bool find_whose(struct task *task, const struct proc_file *file, int pid, struct proc_task *out)
{
	if (proc_find(task, pid, out))
		return true;
	*out = (struct proc_task){.pid = pid};
	return file && (file->flags & PROC_NUMBERS) && proc_numbers_differ();
}

/* ---- of open ones ---- */

static const struct proc_file *file_of(const struct fd_info *info)
{
	return &files[MIN(info->sub & (PROC_WRITABLE - 1U), ARRAY_SIZE(files) - 1)];
}

int proc_control(const struct fd_info *info)
{
	return info->sub & PROC_WRITABLE ? file_of(info)->control : CONTROL_NONE;
}

bool proc_is_live(const struct fd_info *info)
{
	return file_of(info)->flags & PROC_LIVE;
}

bool proc_path(const struct fd_info *info, char *buf, size_t size)
{
	const struct proc_file *file = file_of(info);
	u64 process = info->mnt >> 32;
	struct fmt f;

	fmt_init(&f, buf, size);
	fmt_str(&f, arena()->proc);
	if (process)
		fmt_print(&f, "/%lu/task", process);
	if (!(file->flags & PROC_ROOT))
		fmt_print(&f, "/%d", PROC_PID(info));
	fmt_print(&f, "/%s", file->name);
	return !fmt_overflow(&f);
}

int proc_refresh(struct task *task, const struct fd_info *info)
{
	const struct proc_file *file = file_of(info);
	struct fmt text = {0};
	struct proc_task who;
	int err = find_whose(task, file, PROC_PID(info), &who) ? text_make(task, file->show, &who, &text) : -ESRCH;

	/* Memory that is gone is empty. */
	if (err && !(file->flags & PROC_MEMORY))
		return err;
	text_replace(info->fd, &text); /* if that fails, the old one is the best there is */
	text_free(&text);
	return 0;
}

void proc_forget_memory(struct task *task)
{
	const struct fmt empty = {0};
	struct fd_info info;

	for (int fd = 0; files_next(task->files, fd, &info); fd = info.fd + 1) {
		if (info.kind != FD_PROC || !(file_of(&info)->flags & PROC_MEMORY) ||
		    PROC_PID(&info) != task->host_tgid)
			continue;
		text_replace(info.fd, &empty);
		files_clear(task->files, (unsigned)info.fd, (unsigned)info.fd);
	}
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
	case CONTROL_NONE:
		return -EACCES;
	case CONTROL_HOSTNAME:
	case CONTROL_DOMAINNAME: /* the files belong to the first namespace's root, whoever owns the names */
		return task->cred->euid == 0 ? 0 : -EACCES;
	case CONTROL_UCOUNT + NS_MNT:
	case CONTROL_UCOUNT + NS_UTS:
	case CONTROL_UCOUNT + NS_USER:
		return ns_capable(task, who->user, CAP_SYS_RESOURCE) ? 0 : -EACCES;
	case CONTROL_SETGROUPS:
		return ns_capable(task, who->user, CAP_SYS_ADMIN) ? 0 : -EACCES;
	}
	return 0;
}

/* Notes what descriptor `fd`, which has the text, stands for. 0 or -errno. */
static int note_file(struct task *task, const struct proc_file *file, const struct proc_task *who, int process,
		     u64 oflags, int fd)
{
	struct fd_info info = {.fd = fd, .kind = FD_PROC, .sub = (u8)(file - files)};

	info.mnt = (u64)(u32)process << 32 | (u32)who->pid;
	if (wants_write(oflags))
		info.sub |= PROC_WRITABLE;
	if (wants_write(oflags) && ns_capable(task, who->user, CAP_SYS_ADMIN))
		info.sub |= PROC_CAPABLE;
	return control_open(task, &info);
}

/* `process`: if the file was named as a thread's, whose. */
static int open_file(struct task *task, const struct proc_file *file, const struct proc_task *who, int process,
		     u64 oflags)
{
	struct fmt text;
	int fd, err = may_open(task, file, who, oflags);

	if (!err)
		err = text_make(task, file->show, who, &text);
	if (err)
		return err;
	fd = text_fd(&text, oflags);
	text_free(&text);
	if (fd < 0)
		return fd;
	files_clear(task->files, (unsigned)fd, (unsigned)fd);
	err = note_file(task, file, who, process, oflags, fd);
	if (!err)
		return fd;
	host_close(fd);
	return err;
}

/* Through fd/N of one's own: the file that is open there, once more. */
static int open_again(struct task *task, const struct proc_name *name, const struct proc_task *who, u64 oflags)
{
	const char *p = name->rest + 3;
	struct proc_task of;
	struct fd_info info;
	u64 fd;

	if (!parse_u64(&p, &fd) || *p || !who->own || who->own->files != task->files ||
	    !files_get(task->files, (int)fd, &info))
		return -EAGAIN;
	if (info.kind == FD_NS)
		return oflags & O_NOFOLLOW ? -ELOOP : proc_ns_open(task, info.ino, info.sub, oflags);
	if (info.kind != FD_PROC || !find_whose(task, file_of(&info), PROC_PID(&info), &of))
		return -EAGAIN;
	return oflags & O_NOFOLLOW ? -ELOOP : open_file(task, file_of(&info), &of, (int)(info.mnt >> 32), oflags);
}

static int open_link(struct task *task, const struct proc_name *name, const struct proc_task *who, u64 oflags)
{
	int type = proc_ns_type(name->rest);

	if (!strncmp(name->rest, "fdinfo/", 7))
		return proc_fdinfo_open(task, name, who, oflags);
	if (type < 0)
		return open_again(task, name, who, oflags);
	return oflags & O_NOFOLLOW ? -ELOOP : proc_ns_open(task, who->handle, type, oflags);
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
	fd = host_own_fd(__NR_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC, 0);
	if (fd >= 0)
		host_close((int)fd);
	return fd == -EACCES;
}

int proc_open(struct task *task, const char *rel, u64 oflags)
{
	struct proc_name name = {task->host_tid, 0, rel};
	const struct proc_file *file = find_file(rel, PROC_ROOT);
	struct proc_task who;
	bool link = false;

	if (!file && proc_parse(rel, &name)) {
		file = find_file(name.rest, 0);
		link =
		    !strncmp(name.rest, "ns/", 3) || !strncmp(name.rest, "fd/", 3) || !strncmp(name.rest, "fdinfo/", 7);
		if (!strcmp(name.rest, "mem") && !(oflags & O_PATH))
			patch_stop_in(task, name.pid);
	}
	if ((!file && !link) || (oflags & O_PATH) || !find_whose(task, file, name.pid, &who))
		return -EAGAIN;
	if (file && domain_denies(task, rel))
		return -EACCES;
	return file ? open_file(task, file, &who, name.process, oflags) : open_link(task, &name, &who, oflags);
}
