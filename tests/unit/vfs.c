/* SPDX-License-Identifier: MIT */
#include "vfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "vfs/proc.h"

struct mm_struct mm;
s32 vfs_hidden_pid;
struct mm_range vfs_own_range;
bool vfs_control;

static char directory[64];

/* ---- the runtime ---- */

struct task *vfs_task(void)
{
	return (struct task *)BLOCKS_BASE;
}

struct task *unit_current(void);
struct task *unit_current(void)
{
	return vfs_task();
}

struct task *task_find(s32 tid)
{
	return vfs_task()->host_tid == tid ? vfs_task() : NULL;
}

struct task *task_next(u32 *i)
{
	return (*i)++ ? NULL : vfs_task();
}

bool fd_is_ours(int fd)
{
	return fd >= mm.fd_base;
}

bool process_is_hidden(s32 pid);
bool process_is_hidden(s32 pid)
{
	return pid && pid == vfs_hidden_pid;
}

bool next_own_range(u64 addr, struct mm_range *out)
{
	*out = vfs_own_range;
	return addr < out->end;
}

bool range_is_ours(u64 addr, u64 len)
{
	return addr < vfs_own_range.end && addr + len > vfs_own_range.start;
}

u64 signal_mask(const struct task *task);
u64 signal_mask(const struct task *task)
{
	return task->sig_mask;
}

void patch_stop_in(struct task *task, s32 pid);
void patch_stop_in(struct task *task, s32 pid)
{
}

struct limits {
	u64 soft, hard;
};
struct limits limit_for_guest(struct limits host);
struct limits limit_for_guest(struct limits host)
{
	return (struct limits){host.soft - 1, host.hard - 8};
}

int control_open(struct task *task, struct fd_info *info);
int control_open(struct task *task, struct fd_info *info)
{
	struct stat st;

	if (!vfs_control && proc_control(info) >= 0)
		return -EPERM;
	assert_int_equal(fstat(info->fd, &st), 0);
	info->dev = st.st_dev;
	info->ino = st.st_ino;
	return files_set(task->files, info);
}

s64 strncpy_from_guest(char *dst, u64 src, size_t size);
s64 strncpy_from_guest(char *dst, u64 src, size_t size)
{
	return (s64)strlen(strncpy(dst, (const char *)src, size));
}

/* ---- the host ---- */

static long result(long ret)
{
	return ret < 0 ? -errno : ret;
}

int host_close(int fd);
int host_close(int fd)
{
	return (int)result(close(fd));
}

long host_own_fd(long nr, long a, long b, long c, long d);
long host_own_fd(long nr, long a, long b, long c, long d)
{
	return result(syscall(nr, a, b, c, d));
}

long host_openat2(int dfd, const char *path, u64 flags, u64 mode, u64 resolve);
long host_openat2(int dfd, const char *path, u64 flags, u64 mode, u64 resolve)
{
	struct open_how how = {flags, mode, resolve};

	return result(syscall(SYS_openat2, dfd, path, &how, sizeof(how)));
}

long host_call_blocking(long nr, long a, long b, long c, long d, long e, long f);
long host_call_blocking(long nr, long a, long b, long c, long d, long e, long f)
{
	return result(syscall(nr, a, b, c, d, e, f));
}

/* ---- the warden: of all that only a descriptor on a namespace is asked for, which is a socket with a handle ---- */

struct request;

void request_init(struct request *req, u32 op, const struct task *task);
void request_init(struct request *req, u32 op, const struct task *task)
{
}

bool request_add(struct request *req, const char *s, size_t len);
bool request_add(struct request *req, const char *s, size_t len)
{
	return true;
}

s64 warden_call(const struct task *task, struct request *req, u64 *value);
s64 warden_call(const struct task *task, struct request *req, u64 *value)
{
	return -EIO;
}

void warden_post(const struct task *task, struct request *req);
void warden_post(const struct task *task, struct request *req)
{
}

s64 warden_tell(const struct task *task, struct request *req);
s64 warden_tell(const struct task *task, struct request *req)
{
	return 0;
}

s64 warden_show_tree(const struct task *task, int fd);
s64 warden_show_tree(const struct task *task, int fd)
{
	return 0;
}

static u64 inode_of(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st.st_ino;
}

static void publish_handle(u32 at, u32 kind, u64 inode)
{
	const struct nsproxy *ns = vfs_task()->nsproxy;

	*handle_at(at) =
	    (struct handle){.inode = inode, .kind = kind, .mnt = ns->mnt, .uts = ns->uts, .user = ns->user};
	arena()->nr_handles = at + 1;
}

static int new_socket(void)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	close(pair[1]);
	return pair[0];
}

s64 warden_open_ns(const struct task *task, struct request *req, s32 *fd, u64 *inode);
s64 warden_open_ns(const struct task *task, struct request *req, s32 *fd, u64 *inode)
{
	*fd = new_socket();
	*inode = inode_of(*fd);
	publish_handle(1, 1 + NS_UTS, *inode);
	return 0;
}

/* ---- the fixture ---- */

static void map_block(void)
{
	void *p = mmap((void *)BLOCKS_BASE, BLOCK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		       -1, 0);

	assert_true(p == (void *)BLOCKS_BASE);
}

static void become(struct task *task)
{
	task->tid = task->tgid = task->host_tid = task->host_tgid = getpid();
	atomic_store(&task->state, TASK_RUNNING);
}

int vfs_setup(void **state)
{
	struct task *made, *task = vfs_task();

	if (arena_setup(state))
		return -1;
	map_block();
	made = new_task();
	*task = *made;
	kfree(made);
	become(task);
	task->cred->groups = groups_alloc(0);
	files_clear(task->files, 0, ~0U);
	set_fs_pwd(task->fs, place(task->nsproxy->mnt->root, "/"));
	task->host_fs_seq = task->fs->seq;
	assert_int_equal(chdir("/"), 0);
	mm = (struct mm_struct){.nr_blocks = 1, .fd_base = 1024, .id = 1};
	vfs_hidden_pid = 0;
	vfs_own_range = (struct mm_range){0, 0};
	vfs_control = true;
	strcpy(arena()->proc, "/proc");
	arena()->init_user = task->nsproxy->user;
	arena()->handles[0] = arena_alloc(HANDLES_CHUNK * sizeof(struct handle));
	task->nsproxy->handle = new_socket();
	task->nsproxy->inode = inode_of(task->nsproxy->handle);
	publish_handle(0, 0, task->nsproxy->inode);
	strcpy(directory, "/tmp/secede-vfs-XXXXXX");
	return mkdtemp(directory) ? 0 : -1;
}

int vfs_teardown(void **state)
{
	struct task *task = vfs_task();

	if (rmdir(directory))
		print_error("%s is not empty\n", directory);
	close(task->nsproxy->handle);
	arena_free(arena()->handles[0]);
	put_contexts(task);
	munmap(task, BLOCK_SIZE);
	return arena_teardown(state);
}

const char *scratch(void)
{
	return directory;
}

/* ---- other processes ---- */

pid_t other_begin(void (*prepare)(void))
{
	int ready[2];
	pid_t pid;
	char c;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		become(vfs_task());
		if (prepare)
			prepare();
		if (write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

void other_end(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* ---- texts ---- */

static const char *read_all(int fd)
{
	static char *texts[2]; /* the guest's and the host's are looked at together */
	static unsigned next;
	size_t size = 4UL << 20, used = 0;
	char **text = &texts[next++ % 2];
	ssize_t n;

	if (!*text)
		*text = malloc(size);
	while ((n = pread(fd, *text + used, size - 1 - used, (off_t)used)) > 0)
		used += (size_t)n;
	assert_int_equal(n, 0);
	(*text)[used] = '\0';
	return *text;
}

const char *fd_text(int fd)
{
	return read_all(fd);
}

void close_guest(int fd)
{
	files_clear(vfs_task()->files, (unsigned)fd, (unsigned)fd);
	close(fd);
}

const char *guest_text(const char *rel)
{
	int fd = proc_open(vfs_task(), rel, O_RDONLY | O_CLOEXEC);
	const char *text;

	if (fd < 0)
		print_error("%s: %d\n", rel, fd);
	assert_true(fd >= 0);
	text = read_all(fd);
	close_guest(fd);
	return text;
}

const char *host_text(const char *rel)
{
	char path[128];
	const char *text;
	int fd;

	snprintf(path, sizeof(path), "/proc/%s", rel);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	text = read_all(fd);
	close(fd);
	return text;
}

const char *line_of(const char *text, const char *begins)
{
	static char line[8192];
	const char *end;

	for (; (end = strchr(text, '\n')); text = end + 1) {
		if (strncmp(text, begins, strlen(begins)) != 0)
			continue;
		text += strlen(begins);
		memcpy(line, text, (size_t)(end - text));
		line[end - text] = '\0';
		return line;
	}
	return NULL;
}

const char *rel_of(pid_t pid, const char *name)
{
	static char rel[2][128];
	static unsigned next;
	char *to = rel[next++ % 2];

	snprintf(to, sizeof(rel[0]), "%d/%s", pid, name);
	return to;
}
