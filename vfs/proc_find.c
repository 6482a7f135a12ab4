/* SPDX-License-Identifier: MIT */
/* Names below proc, and the processes of the session that they stand for. */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include "arena/arena.h"
#include "host/dir.h"
#include "host/host.h"
#include "host/limit.h"
#include "kernel/mm.h"
#include "lib/string.h"
#include "sys/pids.h"
#include "vfs/proc_internal.h"
#include "vfs/proc_peek.h"

/* ---- names ---- */

/* "123/" at *s: the number, with *s behind the slash. */
static bool take_pid(const char **s, int *pid)
{
	const char *p = *s;
	u64 n;

	if (!parse_u64(&p, &n) || n == 0 || n > INT32_MAX || *p != '/')
		return false;
	*pid = (int)n;
	*s = p + 1;
	return true;
}

bool proc_parse(const char *rel, struct proc_name *out)
{
	const char *thread;
	int process;

	if (!take_pid(&rel, &out->pid))
		return false;
	out->rest = rel;
	out->process = 0;
	if (strncmp(rel, "task/", 5) != 0)
		return true;
	thread = rel + 5;
	process = out->pid;
	if (take_pid(&thread, &out->pid)) {
		out->rest = thread;
		out->process = process;
	}
	return true;
}

bool proc_host_path(char *buf, size_t size, int pid, const char *name)
{
	struct fmt f;

	fmt_init(&f, buf, size);
	fmt_print(&f, "%s/%d/%s", arena()->proc, pid, name);
	return !fmt_overflow(&f);
}

int proc_host_open(int pid, const char *name)
{
	char path[320];

	if (!proc_host_path(path, sizeof(path), pid, name))
		return -ENAMETOOLONG;
	return (int)host_own_fd(__NR_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC, 0);
}

long proc_host_read(int pid, const char *name, char *buf, size_t size)
{
	int fd = proc_host_open(pid, name);
	size_t used = 0;
	long n;

	if (fd < 0)
		return fd;
	while ((n = host_call3(__NR_read, fd, buf + used, size - 1 - used)) > 0)
		used += (size_t)n;
	host_close(fd);
	buf[used] = '\0';
	return n < 0 ? n : (long)used;
}

bool proc_hides_process(const char *name)
{
	u64 pid;

	return parse_u64(&name, &pid) && !*name && pid <= INT32_MAX &&
	       (process_is_hidden((s32)pid) || pid_is_husk(&arena()->pids, (s32)pid));
}

/* "550000000000-550000008000" */
bool proc_hides_mapping(const char *name)
{
	u64 start;

	return parse_hex(&name, &start) && *name == '-' && range_is_ours(start, 1);
}

bool proc_link_is_ours(int dirfd, const char *link)
{
	static const char memory[] = "/memfd:secede-arena", socket[] = "socket:[";
	char target[64];
	const char *inode = target + sizeof(socket) - 1;
	long len = host_readlinkat(dirfd, link, target, sizeof(target) - 1);
	u64 number;

	if (len <= 0)
		return false;
	target[len] = '\0';
	if (!strncmp(target, memory, sizeof(memory) - 1))
		return true;
	return !strncmp(target, socket, sizeof(socket) - 1) && parse_u64(&inode, &number) && handle_by_inode(number);
}

/* "N", the number of a descriptor: is it the runtime's in that process? Ours are up there, and few programs have any as
 * high. */
static bool hides_descriptor(int pid, const char *number)
{
	char link[PROC_PATH_SIZE];
	const char *digits = number;
	struct fmt f;
	u64 fd;

	if (!parse_u64(&digits, &fd) || *digits || fd < (u64)mm.fd_base)
		return false;
	fmt_init(&f, link, sizeof(link));
	fmt_print(&f, "%s/%d/fd/%lu", arena()->proc, pid, fd);
	return proc_link_is_ours(AT_FDCWD, link);
}

bool proc_hides(const char *rel)
{
	struct proc_name name;

	if (!strchr(rel, '/'))
		return proc_hides_process(rel);
	if (!proc_parse(rel, &name))
		return false;
	if (!strncmp(name.rest, "map_files/", 10))
		return proc_hides_mapping(name.rest + 10);
	if (!strncmp(name.rest, "ns/", 3))
		return proc_hides_ns(name.rest + 3);
	if (!strncmp(name.rest, "fd/", 3))
		return hides_descriptor(name.pid, name.rest + 3);
	return !strncmp(name.rest, "fdinfo/", 7) && hides_descriptor(name.pid, name.rest + 7);
}

/* ---- handles of other processes ---- */

const struct handle *handle_by_inode(u64 inode)
{
	u32 nr = MIN(arena()->nr_handles, (u32)HANDLES_MAX);

	arena_see();
	for (u32 i = 0; inode && i < nr; i++)
		if (atomic_load(&handle_at(i)->inode) == inode)
			return handle_at(i);
	return NULL;
}

/* The set of namespaces that is behind a descriptor of another process, if it is a handle. */
static const struct handle *handle_behind(int dirfd, const char *fd)
{
	static const char prefix[] = "socket:[";
	const struct handle *h;
	const char *p = NULL;
	char text[64];
	u64 inode;
	long n = host_readlinkat(dirfd, fd, text, sizeof(text) - 1);

	if (n <= (long)sizeof(prefix) - 1 || memcmp(text, prefix, sizeof(prefix) - 1) != 0)
		return NULL;
	text[n] = '\0';
	p = text + sizeof(prefix) - 1;
	if (!parse_u64(&p, &inode))
		return NULL;
	h = handle_by_inode(inode);
	return h && h->kind == 0 ? h : NULL;
}

/* Looks for a handle among the descriptors of a process. */
struct search {
	int dirfd;
	const struct handle *found;
};

static bool is_no_handle(void *arg, const char *fd)
{
	struct search *search = arg;

	search->found = handle_behind(search->dirfd, fd);
	return !search->found;
}

static const struct handle *scan_descriptors(int dirfd)
{
	struct search search = {dirfd, NULL};

	host_readdir(dirfd, is_no_handle, &search);
	return search.found;
}

/* What its own runtime says: threads of one table of descriptors can have different namespaces. */
static __attribute__((noinline)) const struct handle *handle_in_memory(int pid)
{
	const struct handle *h;
	struct nsproxy ns;
	struct peek p;

	if (!peek_task(pid, &p) || !peek_read(&p, &ns, p.task.nsproxy, sizeof(ns)))
		return NULL;
	h = handle_by_inode(ns.inode);
	return h && h->kind == 0 ? h : NULL;
}

const struct handle *handle_of_pid(int pid)
{
	const struct task *task = current_task();
	const struct handle *h = handle_in_memory(pid);
	char path[320], number[16];
	struct fmt f;
	long dirfd;

	if (h)
		return h;
	if (!proc_host_path(path, sizeof(path), pid, "fd"))
		return NULL;
	dirfd = host_own_fd(__NR_openat, AT_FDCWD, (long)path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (dirfd < 0)
		return NULL;
	/* Handles are moved to high numbers, mostly the same in all processes. */
	fmt_init(&f, number, sizeof(number));
	fmt_dec(&f, task->nsproxy->handle);
	h = handle_behind((int)dirfd, number);
	if (!h)
		h = scan_descriptors((int)dirfd);
	host_close((int)dirfd);
	return h;
}

/* ---- processes ---- */

/* The task of this address space that `pid` names: a thread, or a whole process whose first
 * thread has gone. */
static struct task *find_own(struct task *task, int pid)
{
	struct task *own = task_find(pid);

	if (!own && pid == task->host_tgid)
		own = task;
	return own;
}

static bool look_at_own(struct task *own, struct proc_task *out)
{
	const struct nsproxy *ns;

	task_lock(own);
	ns = own->nsproxy;
	if (ns)
		*out = (struct proc_task){out->pid, own, ns->inode, ns->mnt, ns->uts, ns->user};
	task_unlock(own);
	return ns;
}

bool proc_find(struct task *task, int pid, struct proc_task *out)
{
	struct task *own = find_own(task, pid);
	const struct handle *h;

	out->pid = pid;
	if (own && look_at_own(own, out))
		return true;
	h = handle_of_pid(pid);
	if (!h)
		return false;
	*out = (struct proc_task){pid, NULL, h->inode, h->mnt, h->uts, h->user};
	/* The warden takes an entry back at the inode first. */
	return handle_by_inode(out->handle) == h && out->mnt && out->uts && out->user;
}

int proc_get_place(struct task *own, int (*get)(struct fs_struct *, struct path *), struct path *out)
{
	int err = -ESRCH;

	task_lock(own);
	if (own->fs && own->nsproxy) {
		follow_pivots(own->fs, own->nsproxy->mnt);
		err = get(own->fs, out);
	}
	task_unlock(own);
	return err;
}
