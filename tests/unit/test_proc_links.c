/* SPDX-License-Identifier: MIT */
/* vfs/proc_link.c, proc_foreign.c, proc_fdinfo.c, proc_find.c, proc_ns.c, proc_hide.c, proc_pids.c: whose directory of
 * proc it is, where its links lead, and who may look. */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "lib/fmt.h"
#include "vfs.h"
#include "vfs/proc.h"
#include "vfs/walk.h"

static char text[PATH_MAX];

static const char *link_of(pid_t pid, const char *name)
{
	int n = proc_readlink(vfs_task(), rel_of(pid, name), text, sizeof(text));

	if (n < 0)
		return n == -EAGAIN ? "the host's" : n == -ENOENT ? "missing" : "an error";
	text[n] = '\0';
	return text;
}

/* 0 and the place, or what proc_follow_link() says. */
static int follow(pid_t pid, const char *name, struct nameidata *nd)
{
	nd_init(nd);
	nd->len = 5;
	memcpy(nd->host, "/proc", 6);
	return proc_follow_link(vfs_task(), rel_of(pid, name), nd);
}

static const char *fd_name(int fd)
{
	static char name[32];

	snprintf(name, sizeof(name), "fd/%d", fd);
	return name;
}

/* The scratch directory, seen at /elsewhere: its mount's number. */
static u64 elsewhere;

static void mount_elsewhere(void)
{
	struct mnt_ns *ns = vfs_task()->nsproxy->mnt;
	struct super *sb = super_create(SUPER_TMPFS, "tmpfs", "none", "", 0, 77, 5);
	struct mount_spec spec = {.parent = ns->root, .point = "/elsewhere", .host = scratch(), .dir = true, .sb = sb};

	elsewhere = (u64)mnt_attach(ns, &spec);
	super_put(sb);
}

static void note_directory(int fd, u64 mnt)
{
	struct fd_info info = {.fd = fd, .kind = FD_DIR, .mnt = mnt};
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	info.dev = st.st_dev;
	info.ino = st.st_ino;
	assert_int_equal(files_set(vfs_task()->files, &info), 0);
}

/* ---- a task like ours in another process ---- */

static int directory, file, plain;

/* It stands in the mount, has its root there, executes a file from there, and has descriptors. */
static void stand_elsewhere(void)
{
	struct task *task = vfs_task();
	char host[128];

	set_fs_root(task->fs, place(elsewhere, scratch()));
	set_fs_pwd(task->fs, place(elsewhere, scratch()));
	task->host_fs_seq = task->fs->seq;
	if (chdir(scratch()))
		_exit(1);
	snprintf(host, sizeof(host), "%s/program", scratch());
	mm.exe_place = place(elsewhere, host);
}

static void open_some(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/file", scratch());
	directory = open(scratch(), O_RDONLY);
	file = open(path, O_CREAT | O_RDWR, 0600);
	plain = open("/etc", O_RDONLY);
	assert_true(directory >= 0 && file >= 0 && plain >= 0);
	note_directory(directory, elsewhere);
	note_directory(file, elsewhere);
}

static void close_all(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/file", scratch());
	unlink(path);
	close_guest(directory);
	close_guest(file);
	close(plain);
}

static void assert_place(int ret, const struct nameidata *nd, u64 mnt, const char *host)
{
	assert_int_equal(ret, 0);
	assert_int_equal(nd->mnt, mnt);
	assert_string_equal(nd->host, host);
	assert_int_equal(nd->len, strlen(host));
}

static void links_of_another_process(void **state)
{
	u64 top = vfs_task()->nsproxy->mnt->root;
	struct nameidata nd;
	char program[128];
	pid_t pid;

	mount_elsewhere();
	open_some();
	pid = other_begin(stand_elsewhere);
	snprintf(program, sizeof(program), "%s/program", scratch());
	assert_place(follow(pid, "root", &nd), &nd, elsewhere, scratch());
	assert_place(follow(pid, "cwd", &nd), &nd, elsewhere, scratch());
	assert_place(follow(pid, "exe", &nd), &nd, elsewhere, program);
	assert_place(follow(pid, fd_name(directory), &nd), &nd, elsewhere, scratch());
	assert_place(follow(pid, fd_name(plain), &nd), &nd, top, "/etc");
	assert_string_equal(link_of(pid, "root"), "/elsewhere");
	assert_string_equal(link_of(pid, "cwd"), "/elsewhere");
	assert_string_equal(link_of(pid, "exe"), "/elsewhere/program (deleted)");
	assert_string_equal(link_of(pid, fd_name(directory)), "/elsewhere");
	assert_string_equal(link_of(pid, fd_name(file)), "/elsewhere/file");
	assert_string_equal(link_of(pid, fd_name(plain)), "/etc");
	/* What is no directory the host's link reaches, and nd is as it was. */
	assert_int_equal(follow(pid, fd_name(file), &nd), 1);
	assert_string_equal(nd.host, "/proc");
	assert_int_equal(follow(pid, "maps", &nd), 1);
	assert_int_equal(follow(pid, "fd/9999", &nd), -ENOENT);
	assert_int_equal(follow(pid, "ns/mnt", &nd), 1);
	assert_ptr_equal(proc_link_ns(vfs_task(), rel_of(pid, "root")), vfs_task()->nsproxy->mnt);
	/* A file that has gone; and a note about another one with its number. */
	close_all();
	assert_string_equal(link_of(pid, fd_name(file)), "/elsewhere/file (deleted)");
	other_end(pid);
	assert_string_equal(link_of(pid, "root"), "the host's");
}

static void forget_itself(void)
{
	vfs_task()->state = TASK_FREE;
	assert_int_equal(chdir("/etc"), 0);
}

/* Then the host is all that knows. */
static void links_of_a_task_that_cannot_be_looked_at(void **state)
{
	struct nameidata nd;
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	u64 top = vfs_task()->nsproxy->mnt->root;
	pid_t pid;

	mount_elsewhere();
	open_some();
	exe[n] = '\0';
	pid = other_begin(forget_itself);
	assert_int_equal(follow(pid, "root", &nd), 1);
	assert_place(follow(pid, "cwd", &nd), &nd, top, "/etc");
	assert_place(follow(pid, "exe", &nd), &nd, top, exe);
	assert_string_equal(link_of(pid, "cwd"), "/etc");
	assert_place(follow(pid, fd_name(plain), &nd), &nd, top, "/etc");
	/* The runtime's is not the program. */
	strcpy(arena()->runtime, exe);
	assert_true(follow(pid, "exe", &nd) || strcmp(nd.host, exe) != 0);
	assert_string_equal(link_of(pid, fd_name(plain)), "/etc");
	assert_non_null(line_of(guest_text(rel_of(pid, "mountinfo")), ""));
	other_end(pid);
	close_all();
}

/* ---- our own ---- */

static void links_of_our_own(void **state)
{
	struct task *task = vfs_task();
	struct nameidata nd;
	pid_t pid = getpid();
	char host[128];
	int setgroups = proc_open(task, rel_of(pid, "setgroups"), O_RDONLY);

	mount_elsewhere();
	open_some();
	assert_string_equal(link_of(pid, "exe"), "the host's");
	snprintf(host, sizeof(host), "%s/program", scratch());
	mm.exe_place = place(elsewhere, host);
	assert_string_equal(link_of(pid, "exe"), "/elsewhere/program (deleted)");
	path_put(&mm.exe_place);
	mm.exe_place.host = NULL;
	assert_string_equal(link_of(pid, "root"), "/");
	assert_string_equal(link_of(pid, "cwd"), "/");
	assert_string_equal(link_of(pid, fd_name(directory)), "/elsewhere");
	assert_string_equal(link_of(pid, fd_name(file)), "/elsewhere/file");
	assert_string_equal(link_of(pid, fd_name(plain)), "/etc");
	assert_string_equal(link_of(pid, "comm"), "the host's");
	assert_string_equal(link_of(pid, "fd/1024"), "missing");
	snprintf(host, sizeof(host), "/proc/%d/setgroups", pid);
	assert_string_equal(link_of(pid, fd_name(setgroups)), host);
	assert_int_equal(proc_readlink(task, rel_of(pid, fd_name(setgroups)), text, 5), -ENAMETOOLONG);
	assert_place(follow(pid, fd_name(directory), &nd), &nd, elsewhere, scratch());
	assert_int_equal(follow(pid, fd_name(setgroups), &nd), 1);
	close_all();
	assert_string_equal(link_of(pid, fd_name(file)), "the host's");
	close_guest(setgroups);
}

static void emulated_files_of_others(void **state)
{
	int setgroups = proc_open(vfs_task(), rel_of(getpid(), "setgroups"), O_RDONLY), ns;
	char want[64];
	pid_t pid;

	ns = proc_open(vfs_task(), rel_of(getpid(), "ns/uts"), O_RDONLY);
	pid = other_begin(NULL);
	snprintf(want, sizeof(want), "/proc/%d/setgroups", getpid());
	assert_string_equal(link_of(pid, fd_name(setgroups)), want);
	snprintf(want, sizeof(want), "uts:[%lu]", vfs_task()->nsproxy->uts->inum);
	assert_string_equal(link_of(pid, fd_name(ns)), want);
	other_end(pid);
	close_guest(setgroups);
	close_guest(ns);
}

/* ---- fdinfo ---- */

static u64 mount_in(const char *fdinfo)
{
	const char *value = line_of(fdinfo, "mnt_id:\t");

	return value ? strtoul(value, NULL, 10) : 0;
}

static void fdinfo_has_the_mount_of_here(void **state)
{
	char name[32];
	pid_t pid;

	mount_elsewhere();
	open_some();
	pid = other_begin(NULL);
	snprintf(name, sizeof(name), "fdinfo/%d", directory);
	assert_int_equal(mount_in(guest_text(rel_of(getpid(), name))), elsewhere);
	assert_int_equal(mount_in(guest_text(rel_of(pid, name))), elsewhere);
	assert_non_null(line_of(guest_text(rel_of(pid, name)), "pos:\t0"));
	snprintf(name, sizeof(name), "fdinfo/%d", plain);
	assert_int_equal(mount_in(guest_text(rel_of(pid, name))), vfs_task()->nsproxy->mnt->root);
	assert_int_equal(proc_open(vfs_task(), rel_of(pid, name), O_WRONLY), -EAGAIN);
	assert_int_equal(proc_open(vfs_task(), rel_of(pid, "fdinfo/x"), O_RDONLY), -EAGAIN);
	other_end(pid);
	close_all();
}

/* ---- namespaces ---- */

static void namespaces_are_told(void **state)
{
	struct nsproxy *ns = vfs_task()->nsproxy;
	const char *rel = rel_of(getpid(), "ns/uts");
	struct fd_info note;
	struct stat st;
	u64 dev, ino;
	char want[64];
	int fd;

	assert_int_equal(stat("/proc/self/ns/mnt", &st), 0);
	assert_int_equal(proc_ns_stat(vfs_task(), rel, &dev, &ino), 0);
	assert_int_equal(ino, ns->uts->inum);
	assert_int_equal(dev, st.st_dev);
	assert_int_equal(proc_ns_stat(vfs_task(), "version", &dev, &ino), -EAGAIN);
	assert_int_equal(proc_ns_stat(vfs_task(), rel_of(getpid(), "ns/net"), &dev, &ino), -EAGAIN);
	snprintf(want, sizeof(want), "uts:[%lu]", ns->uts->inum);
	assert_string_equal(link_of(getpid(), "ns/uts"), want);
	assert_int_equal(proc_open(vfs_task(), rel, O_RDONLY | O_DIRECTORY), -ENOTDIR);
	assert_int_equal(proc_open(vfs_task(), rel, O_RDONLY | O_NOFOLLOW), -ELOOP);
	fd = proc_open(vfs_task(), rel, O_RDONLY);
	assert_true(files_get(vfs_task()->files, fd, &note));
	assert_false(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(proc_ns_fstat(&note, &dev, &ino), 0);
	assert_int_equal(ino, ns->uts->inum);
	assert_string_equal(link_of(getpid(), fd_name(fd)), want);
	/* Through the descriptor's own link, once more. */
	close_guest(proc_open(vfs_task(), rel_of(getpid(), fd_name(fd)), O_RDONLY | O_CLOEXEC));
	handle_at(1)->inode = 0;
	assert_int_equal(proc_ns_fstat(&note, &dev, &ino), -EBADF);
	assert_string_equal(link_of(getpid(), fd_name(fd)), "the host's");
	close_guest(fd);
}

/* ---- what is not to be seen ---- */

static void what_is_ours_is_hidden(void **state)
{
	int fd, high;
	char rel[64];

	vfs_hidden_pid = 4242;
	assert_true(proc_hides("4242"));
	assert_false(proc_hides("4243"));
	assert_false(proc_hides("x"));
	assert_false(proc_hides("sys/kernel"));
	vfs_own_range = (struct mm_range){0x550000000000, 0x550000008000};
	assert_true(proc_hides(rel_of(1, "map_files/550000000000-550000008000")));
	assert_false(proc_hides(rel_of(1, "map_files/560000000000-560000008000")));
	assert_false(proc_hides(rel_of(1, "status")));
	assert_false(proc_hides(rel_of(1, "ns/uts")));
	assert_true(proc_hides(rel_of(1, "ns/net")));
	assert_true(proc_hides(rel_of(1, "ns/pid_for_children")));
	/* The handle; another descriptor that is as high; the arena. */
	high = fcntl(vfs_task()->nsproxy->handle, F_DUPFD_CLOEXEC, 500);
	mm.fd_base = 500;
	snprintf(rel, sizeof(rel), "%d/fd/%d", getpid(), high);
	assert_true(proc_hides(rel));
	snprintf(rel, sizeof(rel), "%d/fdinfo/%d", getpid(), high);
	assert_true(proc_hides(rel));
	snprintf(rel, sizeof(rel), "%d/fdinfo/%d", getpid(), vfs_task()->nsproxy->handle);
	assert_false(proc_hides(rel));
	assert_int_equal(dup2(open("/etc", O_RDONLY), high), high);
	snprintf(rel, sizeof(rel), "%d/fd/%d", getpid(), high);
	assert_false(proc_hides(rel));
	fd = memfd_create("secede-arena", 0);
	assert_int_equal(dup2(fd, high), high);
	assert_true(proc_hides(rel));
	close(fd);
	close(high);
	assert_false(proc_hides(rel));
}

static int denied(u32 hides, const char *rel, bool entered)
{
	struct proc_view view = {.hides = hides, .gid = 9};

	return proc_denies(vfs_task(), &view, rel, entered);
}

static void be_another_user(void)
{
	struct cred *c = vfs_task()->cred;

	c->uid = c->euid = c->suid = 1001;
	c->cap_permitted = 0;
}

static void be_without_ptrace(void)
{
	vfs_task()->cred->cap_permitted &= ~(1ULL << CAP_SYS_PTRACE);
}

static void mounts_of_proc_hide(void **state)
{
	struct task *task = vfs_task();
	pid_t pid = other_begin(be_another_user), like = other_begin(NULL), less = other_begin(be_without_ptrace);
	char number[16];

	snprintf(number, sizeof(number), "%d", pid);
	task->cred->cap_effective = 0;
	assert_int_equal(denied(0, number, true), 0);
	assert_int_equal(denied(HIDEPID_NO_ACCESS, number, false), 0);
	assert_int_equal(denied(HIDEPID_NO_ACCESS, number, true), -EPERM);
	assert_int_equal(denied(HIDEPID_INVISIBLE, number, false), -ENOENT);
	assert_int_equal(denied(HIDEPID_INVISIBLE, rel_of(pid, "status"), false), -ENOENT);
	assert_int_equal(denied(HIDEPID_NOT_PTRACEABLE, number, false), -ENOENT);
	/* Its own; what is no process; and in the group that may. */
	assert_int_equal(denied(HIDEPID_INVISIBLE, rel_of(getpid(), "status"), false), 0);
	assert_int_equal(denied(HIDEPID_INVISIBLE, "uptime", false), 0);
	assert_int_equal(denied(SUBSET_PID, "uptime", false), -ENOENT);
	assert_int_equal(denied(SUBSET_PID, "self", false), 0);
	assert_int_equal(denied(SUBSET_PID, number, false), 0);
	put_group_info(task->cred->groups);
	task->cred->groups = groups_alloc(2);
	task->cred->groups->gid[1] = 9;
	assert_int_equal(denied(HIDEPID_INVISIBLE, number, false), 0);
	assert_int_equal(denied(HIDEPID_NOT_PTRACEABLE, number, false), -ENOENT);
	task->cred->groups->gid[1] = 8;
	/* Who has its ids, and all that it may do; or may look into any. */
	snprintf(number, sizeof(number), "%d", like);
	assert_int_equal(denied(HIDEPID_INVISIBLE, number, false), -ENOENT);
	task->cred->cap_effective = CAP_FULL_SET & ~(1ULL << CAP_SYS_PTRACE);
	assert_int_equal(denied(HIDEPID_INVISIBLE, number, false), -ENOENT);
	assert_int_equal(denied(HIDEPID_INVISIBLE, rel_of(less, "status"), false), 0);
	task->cred->cap_effective = CAP_FULL_SET;
	assert_int_equal(denied(HIDEPID_INVISIBLE, number, false), 0);
	assert_int_equal(denied(HIDEPID_INVISIBLE, rel_of(pid, "status"), false), 0);
	other_end(pid);
	other_end(like);
	other_end(less);
	/* One who is no guest: the host's owner counts. */
	task->cred->fsuid = getuid() + 1;
	assert_int_equal(denied(HIDEPID_INVISIBLE, "1", false), -ENOENT);
}

/* ---- numbers ---- */

static void assert_said(const char *rel, const char *want)
{
	char buf[128];
	struct fmt f;

	fmt_init(&f, buf, sizeof(buf));
	proc_rel_to_guest(rel, &f);
	assert_string_equal(buf, want);
}

static void numbers_in_names(void **state)
{
	struct component c = {"77", 2}, other = {"78x", 3};
	char buf[PROC_NUMBER_SIZE], path[64], want[64];
	struct nameidata nd;
	struct fmt f;
	int n;

	assert_false(proc_numbers_differ());
	assert_int_equal(proc_self_text("self", text, sizeof(text)), -EAGAIN);
	assert_int_equal(pid_reserve(&arena()->pids, 77), 0);
	assert_int_equal(pid_move(&arena()->pids, 77, getpid(), false), 0);
	assert_true(proc_numbers_differ());
	assert_true(proc_lists_tasks(""));
	assert_true(proc_lists_tasks("12/task"));
	assert_false(proc_lists_tasks("12/fd"));
	assert_false(proc_lists_tasks("sys"));
	assert_said(rel_of(getpid(), "fd/3"), "77/fd/3");
	snprintf(path, sizeof(path), "5/task/%d/stat", getpid());
	assert_said(path, "5/task/77/stat");
	assert_said("sys/kernel", "sys/kernel");
	n = proc_self_text("self", text, sizeof(text));
	assert_int_equal(n, 2);
	assert_string_equal(text, "77");
	assert_int_equal(proc_self_text("thread-self", text, sizeof(text)), (int)strlen("77/task/77"));
	assert_string_equal(text, "77/task/77");
	assert_int_equal(proc_self_text("self", text, 2), -ENAMETOOLONG);
	assert_int_equal(proc_self_text("mounts", text, sizeof(text)), -EAGAIN);
	fmt_init(&f, path, sizeof(path));
	snprintf(want, sizeof(want), "/proc/%d/cwd", getpid());
	assert_true(proc_path_to_guest(want, &f));
	assert_string_equal(path, "/proc/77/cwd");
	assert_false(proc_path_to_guest("/procedure", &f));
	/* The way in, below proc's root. */
	nd_init(&nd);
	nd.len = (u32)sprintf(nd.host, "/proc");
	snprintf(want, sizeof(want), "%d", getpid());
	n = (int)proc_number_to_host(vfs_task(), &nd, &c, buf);
	assert_int_equal(n, strlen(want));
	assert_memory_equal(buf, want, (size_t)n);
	assert_int_equal(proc_number_to_host(vfs_task(), &nd, &other, buf), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    VFS_TEST(links_of_another_process),
	    VFS_TEST(links_of_a_task_that_cannot_be_looked_at),
	    VFS_TEST(links_of_our_own),
	    VFS_TEST(emulated_files_of_others),
	    VFS_TEST(fdinfo_has_the_mount_of_here),
	    VFS_TEST(namespaces_are_told),
	    VFS_TEST(what_is_ours_is_hidden),
	    VFS_TEST(mounts_of_proc_hide),
	    VFS_TEST(numbers_in_names),
	};

	return cmocka_run_group_tests_name("vfs/proc: links", tests, NULL, NULL);
}
