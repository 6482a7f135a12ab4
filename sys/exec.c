/* SPDX-License-Identifier: MIT */
/*
 * execve(2), execveat(2): the old image's part. Everything that can fail is tried here, in the
 * host kernel's order, and nothing that others share is changed: the caller may be a vfork child,
 * which runs in its parent's memory. Then the host executes the runtime again (exec/exec.h).
 */
#include <linux/fcntl.h>
#include <linux/openat2.h>
#include <linux/stat.h>
#include <asm/stat.h>
#include "arena/arena.h"
#include "exec/elf.h"
#include "exec/script.h"
#include "host/host.h"
#include "host/limit.h"
#include "host/own_fds.h"
#include "host/uaccess.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "signal/signal.h"
#include "sys/ptrace.h"
#include "sys/runtime.h"
#include "warden/client.h"

#define X_OK 1
#ifndef AT_EXECVE_CHECK
#define AT_EXECVE_CHECK 0x10000
#endif

/*
 * One execve on its way. About 28 KiB of the kernel stack, of which most calls touch little: a forked child pays for
 * each page with a fault, so nothing is cleared here that need not be.
 */
struct linux_binprm {
	struct task *task;
	struct exec_args args;
	int exe_fd, interp_fd; /* -1: not open */
	int filters_fd;
	u64 exe_mnt;	      /* where the file in exe_fd stands */
	const char *filename; /* the program in the guest's words, or /dev/fd/N[/name]: name or fd_name */
	const char *interp;   /* what the next #! interpreter is told as its script */
	bool inaccessible;    /* fd_name's descriptor closes on exec: a script could not be found again */
	u32 depth;	      /* scripts so far */
	struct elf_file elf;
	struct stat st; /* of the file opened last */
	struct nameidata nd;
	char name[PATH_MAX];
	char exe[PATH_MAX];
	char elf_interp[PATH_MAX];
	char fd_name[PATH_MAX + 32];
	struct script script[SCRIPT_DEPTH];
};

/* ---- opening a file that is to be executed ---- */

/*
 * Landlock asks at execve itself (sys/landlock.c), which is to be of the runtime; so the host is asked in advance. One
 * older than 6.14 does not know the question: there programs may be executed that may be read.
 */
static int domain_allows(int fd)
{
	const char *const argv[] = {"", NULL};
	long err = host_call5(__NR_execveat, fd, "", argv, argv + 1, AT_EMPTY_PATH | AT_EXECVE_CHECK);

	return err == -EINVAL ? 0 : (int)err;
}

static int may_exec(struct linux_binprm *bprm)
{
	const struct nameidata *nd = &bprm->nd;
	long err = host_call4(__NR_newfstatat, nd->fd, "", &bprm->st, AT_EMPTY_PATH);

	if (err < 0)
		return (int)err;
	if (S_ISLNK(bprm->st.st_mode))
		return -ELOOP;
	if (!S_ISREG(bprm->st.st_mode) || (nd->mnt_flags & MS_NOEXEC))
		return -EACCES;
	err = host_call4(__NR_faccessat2, nd->fd, "", X_OK, AT_EACCESS | AT_EMPTY_PATH);
	return err || !bprm->task->cred->landlocked ? (int)err : domain_allows(nd->fd);
}

/* By its path, if that still leads to the same file: a third of what a link of proc costs, which for that makes this
 * process's directories first. What may lie there meanwhile is not waited for. */
static long reopen_by_path(const struct linux_binprm *bprm)
{
	long fd =
	    host_openat2(AT_FDCWD, bprm->nd.host, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0, RESOLVE_NO_SYMLINKS);
	struct stat st;

	if (fd < 0 ||
	    (host_call2(__NR_fstat, fd, &st) == 0 && st.st_dev == bprm->st.st_dev && st.st_ino == bprm->st.st_ino))
		return fd;
	host_close((int)fd);
	return -ENOENT;
}

/* The runtime loads the program, so it must be able to read it, which the kernel need not ask for. */
static int open_readable(const struct linux_binprm *bprm)
{
	char path[FD_PATH_SIZE];
	long fd = reopen_by_path(bprm);

	if (fd >= 0)
		return (int)fd;
	fd_path(path, bprm->nd.fd);
	fd = host_own_fd(__NR_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC, 0);
	if (fd == -EACCES)
		guest_log(bprm->task, "execve: %s may be executed but not read: EACCES", bprm->nd.host);
	return (int)fd;
}

/* The host followed a magic link of proc: the place is not where the link is, but where it leads. */
static int place_behind_link(struct linux_binprm *bprm)
{
	int fd = bprm->nd.fd, err = path_lookup(bprm->task, fd, "", LOOKUP_EMPTY, &bprm->nd);

	bprm->nd.fd = fd;
	bprm->nd.borrowed = false;
	return err;
}

/* A descriptor for reading, or -errno; bprm->nd says where the file stands, without a descriptor. */
static int open_exec(struct linux_binprm *bprm, int dfd, const char *name, unsigned lookup)
{
	int fd, err = path_lookup(bprm->task, dfd, name, lookup, &bprm->nd);

	if (err)
		return err;
	if (bprm->nd.magic)
		err = place_behind_link(bprm);
	if (!err)
		err = may_exec(bprm);
	if (!err && !bprm->nd.len) {
		guest_log(bprm->task, "execve: a program in a directory deeper than a path: ENAMETOOLONG");
		err = -ENAMETOOLONG;
	}
	fd = err ? err : open_readable(bprm);
	path_release(&bprm->nd);
	return fd;
}

/*
 * Has somebody the file open for writing? Only the host knows, and tells by execve(2) alone. So it is asked to execute
 * the file, with arguments that it cannot read: EFAULT, but ETXTBSY comes first (Linux 6.8; before that it is not
 * noticed).
 */
static int check_busy(int fd)
{
	u64 nowhere = UINT64_MAX;

	return host_call5(__NR_execveat, fd, "", nowhere, nowhere, AT_EMPTY_PATH) == -ETXTBSY ? -ETXTBSY : 0;
}

/* Opens the program, or after it the interpreter of a script: what exe_fd held is closed. */
static int open_program(struct linux_binprm *bprm, int dfd, const char *name, unsigned lookup)
{
	int fd = open_exec(bprm, dfd, name, lookup), err;

	if (fd < 0)
		return fd;
	err = check_busy(fd);
	if (err) {
		host_close(fd);
		return err;
	}
	if (bprm->exe_fd >= 0)
		host_close(bprm->exe_fd);
	bprm->exe_fd = fd;
	bprm->exe_mnt = bprm->nd.mnt;
	memcpy(bprm->exe, bprm->nd.host, bprm->nd.len + 1);
	return 0;
}

/* ---- judging it ---- */

/* Tells a script's interpreter its arguments: itself, perhaps one from the script, the script. */
static void push_script(struct exec_args *args, const struct script *s, const char *script_name)
{
	args->argv[0] = script_name;
	if (s->arg)
		*--args->argv = s->arg;
	*--args->argv = s->interp;
}

static int prepare_script(struct linux_binprm *bprm)
{
	struct script *s;
	int err;

	if (bprm->depth == SCRIPT_DEPTH)
		return -ELOOP;
	s = &bprm->script[bprm->depth++];
	memcpy(s->line, bprm->elf.head, sizeof(s->line));
	err = script_parse(s);
	if (err)
		return err;
	if (bprm->inaccessible)
		return -ENOENT;
	/* "#!" and nothing more: to the kernel the empty name is the working directory. */
	if (!*s->interp)
		return -EACCES;
	push_script(&bprm->args, s, bprm->interp);
	bprm->interp = s->interp;
	return open_program(bprm, AT_FDCWD, s->interp, LOOKUP_FOLLOW);
}

/* An image with fixed addresses that lie where the runtime does cannot be loaded. */
static int check_addresses(const struct linux_binprm *bprm)
{
	struct elf_span span;

	if (bprm->elf.ehdr.e_type != ET_EXEC || !elf_span(&bprm->elf, &span) ||
	    !range_is_ours(span.low, span.high - span.low))
		return 0;
	guest_log(bprm->task, "execve: %s is linked to addresses of the runtime: ENOEXEC", bprm->nd.host);
	return -ENOEXEC;
}

/* The headers of the ELF file in bprm->elf.fd. */
static int check_elf(struct linux_binprm *bprm)
{
	int err = elf_headers(&bprm->elf);

	if (!err)
		err = check_addresses(bprm);
	return err;
}

/* The program's ELF interpreter. bprm->elf is used again for it. */
static int prepare_elf_interp(struct linux_binprm *bprm)
{
	int err;

	if (!*bprm->elf_interp)
		return -EACCES; /* the working directory, as for a script */
	bprm->interp_fd = open_exec(bprm, AT_FDCWD, bprm->elf_interp, LOOKUP_FOLLOW);
	if (bprm->interp_fd < 0)
		return bprm->interp_fd;
	err = elf_open(&bprm->elf, bprm->interp_fd);
	if (err)
		return err;
	if (bprm->elf.head_len < sizeof(bprm->elf.ehdr))
		return -EIO;
	err = check_elf(bprm);
	elf_release(&bprm->elf);
	return err == -ENOEXEC ? -ELIBBAD : err;
}

static int prepare_elf(struct linux_binprm *bprm)
{
	int len = 0, err = check_elf(bprm);

	if (!err)
		len = elf_interp(&bprm->elf, bprm->elf_interp, sizeof(bprm->elf_interp));
	elf_release(&bprm->elf);
	if (err || len <= 0)
		return err ? err : len;
	return prepare_elf_interp(bprm);
}

/* From the opened file, through scripts, to an ELF image that the runtime can load. */
static int prepare_binary(struct linux_binprm *bprm)
{
	int err = 0;

	while (!err) {
		err = elf_open(&bprm->elf, bprm->exe_fd);
		if (!err && !is_script(bprm->elf.head))
			return prepare_elf(bprm);
		if (!err)
			err = prepare_script(bprm);
	}
	return err;
}

/* ---- handing over ---- */

static const char *basename(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The thread's name: the program's, or the script's; the file's own when it was named by descriptor alone. */
static void make_comm(const struct linux_binprm *bprm, bool by_fd, char comm[sizeof(mm.comm)])
{
	const char *name = basename(by_fd ? bprm->exe : bprm->filename);
	size_t len = strnlen(name, sizeof(mm.comm) - 1);

	memcpy(comm, name, len);
	comm[len] = '\0';
}

/* Nearly every carry is short. */
static int write_carry(struct task *task, const struct carry *c)
{
	static const size_t sizes[] = {2000, CARRY_MAX};
	s64 len = -E2BIG;
	u32 i;

	for (i = 0; len == -E2BIG && i < ARRAY_SIZE(sizes); i++) {
		kfree(task->exec_carry);
		task->exec_carry = kzalloc(sizes[i]);
		len = task->exec_carry ? carry_encode(c, task->exec_carry, sizes[i]) : -ENOMEM;
	}
	return len < 0 ? (int)len : 0;
}

/* Puts the carry behind the guest's environment. */
static int add_carry(struct linux_binprm *bprm, bool by_fd)
{
	char comm[sizeof(mm.comm)];
	struct carry c = {0};
	int err;

	err = carry_from_task(bprm->task, &c);
	if (err)
		return err;
	make_comm(bprm, by_fd, comm);
	c.sig_mask = bprm->task->sig_mask;
	c.exe_mnt = bprm->exe_mnt;
	c.exe = bprm->exe;
	c.exe_fd = bprm->exe_fd;
	c.interp_fd = bprm->interp_fd;
	c.filters_fd = bprm->filters_fd;
	c.execfn = bprm->filename;
	c.comm = comm;
	err = write_carry(bprm->task, &c);
	carry_release(&c);
	if (err)
		return err;
	bprm->args.envp[bprm->args.envc] = bprm->task->exec_carry;
	/* Another thread may have shortened the guest's list while it was copied: the carry is the last. */
	bprm->args.envp[bprm->args.envc + 1] = NULL;
	return 0;
}

/* The runtime by its path, if that is the one that this process runs, or -errno. The command runs none yet. */
static long open_runtime(void)
{
	long fd = host_own_fd(__NR_openat, AT_FDCWD, (long)arena()->runtime, O_PATH | O_CLOEXEC, 0);
	struct stat st;

	if (fd < 0 || mm.attached ||
	    (host_call2(__NR_fstat, fd, &st) == 0 && st.st_dev == arena()->runtime_dev &&
	     st.st_ino == arena()->runtime_ino))
		return fd;
	host_close((int)fd);
	return -ENOENT;
}

/*
 * One that was removed or replaced is still there as the process's exe, but proc is slow to say so: it makes this
 * process's directories first. By thread: the process's first one may be gone, and with it its exe.
 */
static long execute_runtime(const struct exec_args *args)
{
	char path[sizeof(arena()->proc) + 32];
	long fd = open_runtime(), err;
	struct fmt f;

	if (fd >= 0) {
		err = host_call5(__NR_execveat, fd, "", args->argv, args->envp, AT_EMPTY_PATH);
		host_close((int)fd);
		return err;
	}
	if (mm.attached)
		return fd;
	fmt_init(&f, path, sizeof(path));
	fmt_print(&f, "%s/thread-self/exe", arena()->proc);
	return host_call3(__NR_execve, path, args->argv, args->envp);
}

/* What the new image asks of the guest's own filters must be there; the host keeps its copy anyway. */
static int save_filters(struct linux_binprm *bprm)
{
	const struct seccomp_filter *filter = bprm->task->seccomp.filter;

	if (filter)
		bprm->filters_fd = filters_save(filter);
	return filter && bprm->filters_fd < 0 ? bprm->filters_fd : 0;
}

/* What others in this table stand on does not go along; one that executed a program before us may have kept it open. */
static void close_others_handles(const struct task *task)
{
	u32 fd;

	for (fd = next_own_fd(0); fd != UINT32_MAX; fd = next_own_fd(fd + 1))
		if ((s32)fd != mm.arena_fd && (s32)fd != task->nsproxy->handle)
			host_call3(__NR_fcntl, fd, F_SETFD, FD_CLOEXEC);
}

/* Keeps a descriptor open across execve. */
static void keep_open(int fd)
{
	if (fd >= 0)
		host_call3(__NR_fcntl, fd, F_SETFD, 0);
}

/*
 * The host's execve. Signals stay blocked until the new image leaves for its program: it has no
 * handlers yet, and one that was put off by the old image is pending.
 */
static s64 host_execve(struct linux_binprm *bprm, bool by_fd)
{
	struct task *task = bprm->task;
	s64 err;

	fs_sync(task);
	signal_block_all();
	err = add_carry(bprm, by_fd);
	if (!err) {
		/* What guests do to descriptors that they do not see must not matter here. */
		close_others_handles(task);
		keep_open(mm.arena_fd);
		keep_open(task->nsproxy->handle);
		keep_open(bprm->exe_fd);
		keep_open(bprm->interp_fd);
		keep_open(bprm->filters_fd);
		ptrace_exec(task);
		signal_requeue_held(task);
		children_reap(task);
		err = execute_runtime(&bprm->args);
	}
	return err;
}

/* ---- the calls ---- */

/* Names the program as the kernel does when it is given relative to a descriptor. */
static void name_program(struct linux_binprm *bprm, int dfd)
{
	const char *name = bprm->name;
	struct fmt f;
	long flags;

	bprm->filename = name;
	if (dfd != AT_FDCWD && name[0] != '/') {
		fmt_init(&f, bprm->fd_name, sizeof(bprm->fd_name));
		fmt_print(&f, name[0] ? "/dev/fd/%d/%s" : "/dev/fd/%d", dfd, name);
		flags = host_call2(__NR_fcntl, dfd, F_GETFD);
		bprm->inaccessible = flags >= 0 && (flags & FD_CLOEXEC);
		bprm->filename = bprm->fd_name;
	}
	bprm->interp = bprm->filename;
}

/* Opens and reads all that the new image needs. */
static s64 prepare_execve(struct linux_binprm *bprm, int dfd, u64 uargv, u64 uenvp, u64 flags)
{
	unsigned lookup =
	    (flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW) | (flags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0);
	s64 err;

	err = open_program(bprm, dfd, bprm->name, lookup);
	if (!err)
		err = exec_args_get(bprm->task, uargv, uenvp, &bprm->args);
	if (err || (flags & AT_EXECVE_CHECK))
		return err;
	name_program(bprm, dfd);
	err = prepare_binary(bprm);
	return err ? err : save_filters(bprm);
}

static s64 do_open_execve(struct linux_binprm *bprm, int dfd, u64 uargv, u64 uenvp, u64 flags)
{
	s64 err = prepare_execve(bprm, dfd, uargv, uenvp, flags);

	if (err || (flags & AT_EXECVE_CHECK))
		return err;
	return host_execve(bprm, dfd != AT_FDCWD && !bprm->name[0]);
}

static s64 do_execveat(struct task *task, int dfd, u64 uname, u64 uargv, u64 uenvp, u64 flags)
{
	struct linux_binprm bprm;
	s64 err = strncpy_from_guest(bprm.name, uname, sizeof(bprm.name));

	if (err < 0)
		return err;
	bprm.task = task;
	bprm.exe_fd = bprm.interp_fd = bprm.filters_fd = -1;
	bprm.inaccessible = false;
	bprm.depth = 0;
	err = do_open_execve(&bprm, dfd, uargv, uenvp, flags);
	exec_release(task);
	if (bprm.exe_fd >= 0)
		host_close(bprm.exe_fd);
	if (bprm.interp_fd >= 0)
		host_close(bprm.interp_fd);
	if (bprm.filters_fd >= 0)
		host_close(bprm.filters_fd);
	return err;
}

SYSCALL(execve)
{
	return do_execveat(task, AT_FDCWD, ARG0(regs), ARG1(regs), ARG2(regs), 0);
}

SYSCALL(execveat)
{
	u32 flags = (u32)ARG4(regs);

	if (flags & ~(u32)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_EXECVE_CHECK))
		return -EINVAL;
	return do_execveat(task, (int)ARG0(regs), ARG1(regs), ARG2(regs), ARG3(regs), flags);
}
