/* SPDX-License-Identifier: MIT */
/* vfs/proc_status.c, proc_facts.c, proc_peek.c, proc_limits.c, proc_lists.c, proc_text.c, proc.c: the host's texts with
 * what is the guest's in them. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "sys/control.h"
#include "vfs.h"
#include "vfs/proc.h"

/* ---- status and stat ---- */

/* What the runtime knows and the host does not. */
static void give_facts(void)
{
	struct task *task = vfs_task();
	struct cred *c = task->cred;

	c->gid = 21;
	c->egid = 22;
	c->sgid = 23;
	c->fsgid = 24;
	c->cap_inheritable = 0x11;
	c->cap_permitted = 0x3333;
	c->cap_effective = 0x2222;
	c->cap_bset = 0x7777;
	c->cap_ambient = 0x10;
	put_group_info(c->groups);
	c->groups = groups_alloc(2);
	c->groups->gid[0] = 5;
	c->groups->gid[1] = 6;
	task->sighand->action[0].handler = HANDLER_IGN;
	task->sig_mask = SIGBIT(SIGUSR2);
	task->seccomp.no_new_privs = NO_NEW_PRIVS;
	task->seccomp.mode = 2;
	task->sig_held = task->blocked_hidden = SIGBIT(SIGBUS) | SIGBIT(SIGSEGV);
	task->held[0] = (struct siginfo_raw){.signo = SIGBUS, .code = SI_TKILL};
	task->held[1] = (struct siginfo_raw){.signo = SIGSEGV, .code = SI_USER};
	mm.nr_held = 1;
}

static void assert_line(const char *text, const char *label, const char *want)
{
	const char *value = line_of(text, label);

	assert_non_null(value);
	assert_string_equal(value, want);
}

static void assert_status(const char *text)
{
	assert_line(text, "Uid:", "\t1000\t1000\t1000\t1000");
	assert_line(text, "Gid:", "\t21\t22\t23\t24");
	assert_line(text, "Groups:", "\t5 6 ");
	assert_line(text, "CapInh:", "\t0000000000000011");
	assert_line(text, "CapPrm:", "\t0000000000003333");
	assert_line(text, "CapEff:", "\t0000000000002222");
	assert_line(text, "CapBnd:", "\t0000000000007777");
	assert_line(text, "CapAmb:", "\t0000000000000010");
	assert_line(text, "SigPnd:", "\t0000000000000040");
	assert_line(text, "ShdPnd:", "\t0000000000000400");
	assert_line(text, "SigBlk:", "\t0000000000000800");
	assert_line(text, "SigIgn:", "\t0000000000000001");
	assert_line(text, "SigCgt:", "\t0000000000000200");
	assert_line(text, "NoNewPrivs:", "\t1");
	assert_line(text, "Seccomp:", "\t2");
}

/* All other lines are the host's, in its order. */
static void assert_rest(const char *guest, const char *host)
{
	static const char *const others[] = {"Uid:",	"Gid:",	       "Groups:",     "Cap",	"Sig",
					     "ShdPnd:", "NoNewPrivs:", "Seccomp",     "State:", "Vm",
					     "Rss",	"voluntary",   "nonvoluntary"};
	size_t i;

	while (*guest) {
		size_t len = strcspn(guest, "\n") + 1, host_len = strcspn(host, "\n") + 1;

		for (i = 0; i < ARRAY_SIZE(others) && strncmp(guest, others[i], strlen(others[i])) != 0; i++)
			;
		if (i == ARRAY_SIZE(others)) {
			assert_int_equal(len, host_len);
			assert_memory_equal(guest, host, len);
		}
		guest += len;
		host += host_len;
	}
	assert_int_equal(*host, '\0');
}

static void status_says_what_the_runtime_knows(void **state)
{
	pid_t pid = getpid();

	give_facts();
	assert_status(guest_text(rel_of(pid, "status")));
	assert_rest(guest_text(rel_of(pid, "status")), host_text(rel_of(pid, "status")));
}

static void status_of_others_is_read_out_of_their_memory(void **state)
{
	pid_t pid = other_begin(give_facts);
	const char *rel = rel_of(pid, "status");

	assert_status(guest_text(rel));
	assert_rest(guest_text(rel), host_text(rel));
	other_end(pid);
	/* A zombie's is the host's. */
	assert_int_equal(proc_open(vfs_task(), rel, O_RDONLY), -EAGAIN);
}

static void forget_itself(void)
{
	struct sigaction caught = {.sa_handler = _exit};

	sigaction(SIGSEGV, &caught, NULL);
	sigaction(SIGTERM, &caught, NULL);
	vfs_task()->state = TASK_FREE;
}

/* Whose memory says nothing is a guest by its descriptors; what the host says of its signals stays, less ours. */
static void status_of_a_task_that_cannot_be_looked_at(void **state)
{
	pid_t pid = other_begin(forget_itself);
	const char *guest = guest_text(rel_of(pid, "status")), *host = host_text(rel_of(pid, "status"));
	u64 caught;

	assert_rest(guest, host);
	caught = strtoul(line_of(host, "SigCgt:"), NULL, 16);
	assert_true(caught & SIGBIT(SIGSEGV));
	assert_int_equal(strtoul(line_of(guest, "SigCgt:"), NULL, 16),
			 caught & ~(SIGBIT(SIGSEGV) | SIGBIT(SIGBUS) | SIGBIT(SIGSYS)));
	other_end(pid);
}

/* Fields are counted from behind the name. */
static u64 stat_field(const char *text, int nr)
{
	const char *p = strrchr(text, ')') + 1;

	for (; nr > 2; nr--)
		p = strchr(p, ' ') + 1;
	return strtoul(p, NULL, 10);
}

static void assert_stat(const char *guest, const char *host)
{
	assert_int_equal(stat_field(guest, 31), SIGBIT(SIGBUS));
	assert_int_equal(stat_field(guest, 32), SIGBIT(SIGUSR2));
	assert_int_equal(stat_field(guest, 33), 1);
	assert_int_equal(stat_field(guest, 34), SIGBIT(10));
	for (int nr = 35; nr <= 52; nr++)
		assert_int_equal(stat_field(guest, nr), stat_field(host, nr));
	assert_int_equal(stat_field(guest, 4), stat_field(host, 4));
	assert_int_equal(atoi(guest), atoi(host));
}

static void stat_says_the_same(void **state)
{
	pid_t pid = other_begin(give_facts), mute = other_begin(forget_itself);
	const char *rel = rel_of(pid, "stat");

	assert_stat(guest_text(rel), host_text(rel));
	other_end(pid);
	rel = rel_of(mute, "stat");
	assert_int_equal(stat_field(guest_text(rel), 34) & (SIGBIT(SIGTERM) | SIGBIT(SIGSEGV)), SIGBIT(SIGTERM));
	other_end(mute);
	give_facts();
	rel = rel_of(getpid(), "stat");
	assert_stat(guest_text(rel), host_text(rel));
}

static void numbers_are_the_guests(void **state)
{
	pid_t pid = other_begin(NULL);
	const char *text;

	assert_int_equal(pid_reserve(&arena()->pids, 77), 0);
	assert_int_equal(pid_move(&arena()->pids, 77, pid, false), 0);
	text = guest_text(rel_of(pid, "status"));
	assert_line(text, "Pid:", "\t77");
	assert_line(text, "Tgid:", "\t77");
	assert_int_equal(atoi(line_of(text, "PPid:")), getpid());
	text = guest_text(rel_of(pid, "stat"));
	assert_int_equal(atoi(text), 77);
	assert_int_equal(stat_field(text, 4), getpid());
	other_end(pid);
	/* Of who is no guest only the numbers are other ones. */
	assert_line(guest_text("1/status"), "Pid:", "\t1");
	assert_int_equal(stat_field(guest_text("1/stat"), 4), 0);
}

static void own_pending_signals(void **state)
{
	sigset_t set;
	u64 pending;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	assert_int_equal(proc_own_pending(&pending), 0);
	assert_int_equal(pending, 0);
	raise(SIGUSR1);
	assert_int_equal(proc_own_pending(&pending), 0);
	assert_int_equal(pending, SIGBIT(SIGUSR1));
	signal(SIGUSR1, SIG_IGN);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

/* ---- limits, locks, children ---- */

static void limits_are_the_guests(void **state)
{
	struct rlimit files = {200, 300};
	const char *guest, *host, *line;

	assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
	guest = guest_text(rel_of(getpid(), "limits"));
	host = host_text(rel_of(getpid(), "limits"));
	line = line_of(guest, "Max open files");
	assert_int_equal(strlen(line), strlen("            199                  292                  files     "));
	assert_string_equal(line, "            199                  292                  files     ");
	assert_int_equal(strlen(guest), strlen(host));
	line = strstr(host, "Max locked memory");
	assert_memory_equal(strstr(guest, "Max locked memory"), line, strlen(line));
}

static void lock_file(void)
{
	int fd = open(scratch(), O_RDONLY);

	flock(fd, LOCK_EX);
}

/* Of those that others may take meanwhile only these are looked at. */
static void locks_of_the_hidden_are_not_shown(void **state)
{
	pid_t pid = other_begin(lock_file);
	char number[16];

	snprintf(number, sizeof(number), " %d ", pid);
	if (strstr(host_text("locks"), number)) {
		assert_non_null(strstr(guest_text("locks"), number));
		vfs_hidden_pid = pid;
		assert_null(strstr(guest_text("locks"), number));
		vfs_hidden_pid = 0;
		pid_reserve(&arena()->pids, 77);
		pid_move(&arena()->pids, 77, pid, false);
		assert_non_null(strstr(guest_text("locks"), " 77 "));
	}
	other_end(pid);
}

static void children_are_told(void **state)
{
	pid_t first = other_begin(NULL), second = other_begin(NULL);
	char rel[64], want[64];
	u32 nr;
	s32 *pids = proc_children(getpid(), &nr);

	snprintf(rel, sizeof(rel), "%d/task/%d/children", getpid(), getpid());
	if (!access("/proc/self/task", F_OK) && nr) {
		assert_int_equal(nr, 2);
		assert_int_equal(pids[0], first);
		assert_int_equal(pids[1], second);
		snprintf(want, sizeof(want), "%d %d ", first, second);
		assert_string_equal(guest_text(rel), want);
		vfs_hidden_pid = first;
		snprintf(want, sizeof(want), "%d ", second);
		assert_string_equal(guest_text(rel), want);
	}
	kfree(pids);
	other_end(first);
	other_end(second);
}

/* ---- namespaces ---- */

static void names_and_maps(void **state)
{
	struct user_ns *user = vfs_task()->nsproxy->user;

	strcpy(arena()->filesystems, "nodev\ttmpfs\n");
	assert_string_equal(guest_text("filesystems"), "nodev\ttmpfs\n");
	assert_string_equal(guest_text(rel_of(getpid(), "uid_map")), "         0          0 4294967295\n");
	assert_string_equal(guest_text(rel_of(getpid(), "gid_map")), "         0          0 4294967295\n");
	assert_string_equal(guest_text(rel_of(getpid(), "setgroups")), "allow\n");
	user->deny_setgroups = true;
	assert_string_equal(guest_text(rel_of(getpid(), "setgroups")), "deny\n");
	uts_write(vfs_task()->nsproxy->uts, false, "house", 5);
	uts_write(vfs_task()->nsproxy->uts, true, "street", 6);
	assert_string_equal(guest_text("sys/kernel/hostname"), "house\n");
	assert_string_equal(guest_text("sys/kernel/domainname"), "street\n");
	user->max[NS_MNT] = 1;
	user->max[NS_UTS] = 2;
	user->max[NS_USER] = 3;
	assert_string_equal(guest_text("sys/user/max_mnt_namespaces"), "1\n");
	assert_string_equal(guest_text("sys/user/max_uts_namespaces"), "2\n");
	assert_string_equal(guest_text("sys/user/max_user_namespaces"), "3\n");
}

/* ---- open(2) and what becomes of it ---- */

static void what_may_be_opened(void **state)
{
	struct task *task = vfs_task();
	const char *status = rel_of(getpid(), "status");
	struct fd_info note;
	int fd;

	assert_int_equal(proc_open(task, status, O_RDONLY | O_DIRECTORY), -ENOTDIR);
	assert_int_equal(proc_open(task, status, O_RDONLY | O_CREAT | O_EXCL), -EEXIST);
	assert_int_equal(proc_open(task, status, O_WRONLY), -EACCES);
	assert_int_equal(proc_open(task, status, O_PATH), -EAGAIN);
	assert_int_equal(proc_open(task, "sys/kernel/hostname", O_WRONLY), -EACCES);
	assert_int_equal(proc_open(task, "uptime", O_RDONLY), -EAGAIN);
	task->cred->euid = 0;
	vfs_control = false;
	assert_int_equal(proc_open(task, "sys/kernel/hostname", O_WRONLY), -EPERM);
	vfs_control = true;
	fd = proc_open(task, "sys/kernel/hostname", O_RDWR | O_TRUNC);
	assert_true(fd >= 0);
	/* What does not come to us is lost nowhere. */
	assert_int_equal(write(fd, "x", 1), -1);
	assert_true(files_get(task->files, fd, &note));
	assert_int_equal(proc_control(&note), CONTROL_HOSTNAME);
	assert_true(note.sub & PROC_CAPABLE);
	close_guest(fd);
	for (int i = 0; i < 2; i++) {
		fd = proc_open(task, "sys/user/max_mnt_namespaces", O_WRONLY);
		assert_true(i ? fd == -EACCES : fd >= 0);
		if (fd >= 0)
			close_guest(fd);
		fd = proc_open(task, rel_of(getpid(), "setgroups"), O_WRONLY);
		assert_true(i ? fd == -EACCES : fd >= 0);
		if (fd >= 0)
			close_guest(fd);
		task->cred->cap_effective = 0;
		task->cred->euid = 99;
	}
	fd = proc_open(task, rel_of(getpid(), "uid_map"), O_WRONLY);
	assert_true(files_get(task->files, fd, &note));
	assert_int_equal(proc_control(&note), CONTROL_UID_MAP);
	assert_false(note.sub & PROC_CAPABLE);
	close_guest(fd);
}

static void a_live_file_is_made_anew(void **state)
{
	struct task *task = vfs_task();
	char path[PROC_PATH_SIZE], want[PROC_PATH_SIZE];
	struct fd_info note;
	int fd = proc_open(task, rel_of(getpid(), "status"), O_RDONLY), maps;

	assert_true(files_get(task->files, fd, &note));
	assert_true(proc_is_live(&note));
	assert_true(proc_path(&note, path, sizeof(path)));
	snprintf(want, sizeof(want), "/proc/%d/status", getpid());
	assert_string_equal(path, want);
	assert_false(proc_path(&note, path, 5));
	assert_line(fd_text(fd), "SigBlk:", "\t0000000000000000");
	task->sig_mask = 1;
	assert_int_equal(proc_refresh(task, &note), 0);
	assert_line(fd_text(fd), "SigBlk:", "\t0000000000000001");
	maps = proc_open(task, rel_of(getpid(), "maps"), O_RDONLY | O_NONBLOCK);
	assert_true(fcntl(maps, F_GETFL) & O_NONBLOCK);
	assert_true(*fd_text(maps));
	proc_forget_memory(task);
	assert_string_equal(fd_text(maps), "");
	assert_false(files_get(task->files, maps, &note));
	assert_true(files_get(task->files, fd, &note));
	close(maps);
	/* One that was named as a thread's. */
	snprintf(want, sizeof(want), "/proc/%d/task/%d/status", getpid(), getpid());
	maps = proc_open(task, want + strlen("/proc/"), O_RDONLY);
	assert_true(files_get(task->files, maps, &note));
	assert_true(proc_path(&note, path, sizeof(path)));
	assert_string_equal(path, want);
	close_guest(maps);
	/* The process has gone. */
	note.mnt = 0x7ffffffe;
	assert_int_equal(proc_refresh(task, &note), -ESRCH);
	close_guest(fd);
}

static void an_open_file_is_opened_once_more(void **state)
{
	struct task *task = vfs_task();
	int fd = proc_open(task, rel_of(getpid(), "setgroups"), O_RDONLY);
	int again;
	char rel[64];

	snprintf(rel, sizeof(rel), "%d/fd/%d", getpid(), fd);
	vfs_task()->nsproxy->user->deny_setgroups = true;
	assert_string_equal(fd_text(fd), "allow\n");
	again = proc_open(task, rel, O_RDONLY);
	assert_string_equal(fd_text(again), "deny\n");
	assert_int_equal(proc_open(task, rel, O_RDONLY | O_NOFOLLOW), -ELOOP);
	close_guest(again);
	close_guest(fd);
	assert_int_equal(proc_open(task, rel, O_RDONLY), -EAGAIN);
	assert_int_equal(proc_open(task, rel_of(getpid(), "fd/x"), O_RDONLY), -EAGAIN);
}

/* Where the limit of file sizes is lower than the text, it comes in a pipe. */
static void a_text_may_not_be_a_file(void **state)
{
	struct rlimit was, none = {0, RLIM_INFINITY};
	struct fd_info note;
	char text[16] = "";
	int fd, live = proc_open(vfs_task(), rel_of(getpid(), "status"), O_RDONLY);

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	none.rlim_max = was.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	fd = proc_open(vfs_task(), rel_of(getpid(), "setgroups"), O_RDONLY);
	assert_int_equal(read(fd, text, sizeof(text)), 6);
	assert_string_equal(text, "allow\n");
	assert_int_equal(read(fd, text, sizeof(text)), 0);
	assert_false(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close_guest(fd);
	/* The old text is the best there is. */
	assert_true(files_get(vfs_task()->files, live, &note));
	assert_int_equal(proc_refresh(vfs_task(), &note), 0);
	assert_non_null(line_of(fd_text(live), "Name:"));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	close_guest(live);
}

static void memory_runs_out(void **state)
{
	static const char *const names[] = {"status", "stat", "limits", "maps", "smaps", "smaps_rollup", "mountinfo"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		int fd = -1;

		for (unsigned n = 1; fd < 0 && n < 20; n++) {
			kzalloc_fail_at = n;
			fd = proc_open(vfs_task(), rel_of(getpid(), names[i]), O_RDONLY);
			assert_true(fd >= 0 || fd == -ENOMEM);
		}
		kzalloc_fail_at = 0;
		assert_true(fd >= 0);
		close_guest(fd);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    VFS_TEST(status_says_what_the_runtime_knows),
	    VFS_TEST(status_of_others_is_read_out_of_their_memory),
	    VFS_TEST(status_of_a_task_that_cannot_be_looked_at),
	    VFS_TEST(stat_says_the_same),
	    VFS_TEST(numbers_are_the_guests),
	    VFS_TEST(own_pending_signals),
	    VFS_TEST(locks_of_the_hidden_are_not_shown),
	    VFS_TEST(children_are_told),
	    VFS_TEST(names_and_maps),
	    VFS_TEST(what_may_be_opened),
	    VFS_TEST(a_live_file_is_made_anew),
	    VFS_TEST(an_open_file_is_opened_once_more),
	    VFS_TEST(a_text_may_not_be_a_file),
	    VFS_TEST(memory_runs_out),
	    VFS_TEST(limits_are_the_guests),
	};

	return cmocka_run_group_tests_name("vfs/proc: texts", tests, NULL, NULL);
}
