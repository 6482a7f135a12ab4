/* SPDX-License-Identifier: MIT */
/*
 * Credentials in a user namespace that maps many ids: set*id, capabilities, securebits, and what execve makes of
 * them (credentials(7), capabilities(7)).
 */
#include <grp.h>
#include <pthread.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>

#include "tests/spec/world.h"

#define FULL_SET ((1UL << (CAP_LAST_CAP + 1)) - 1)
#define FS_CAPS	 (1UL << CAP_CHOWN | 1UL << CAP_DAC_OVERRIDE)

/* linux/securebits.h */
#define NOROOT		 0x01UL
#define NOROOT_LOCKED	 0x02UL
#define NO_SETUID_FIXUP	 0x04UL
#define KEEP_CAPS_LOCKED 0x20UL
#define NO_AMBIENT_RAISE 0x40UL

static void write_file(pid_t pid, const char *name, const char *text)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

/* Root of a user namespace with ids 0 to 65535: a child that stays outside writes the maps. */
static void enter(void)
{
	pid_t self = getpid(), helper;
	int ready[2];
	char byte;

	CHECK_OK(pipe(ready));
	helper = fork();
	if (helper == 0) {
		close(ready[1]);
		CHECK(read(ready[0], &byte, 1) == 1);
		write_file(self, "uid_map", "0 0 65536\n");
		write_file(self, "gid_map", "0 0 65536\n");
		_exit(0);
	}
	CHECK_OK(unshare(CLONE_NEWUSER));
	CHECK(write(ready[1], "x", 1) == 1);
	close(ready[0]);
	close(ready[1]);
	check_child(helper);
	CHECK_OK(syscall(SYS_setresuid, 0, 0, 0));
	CHECK_OK(syscall(SYS_setresgid, 0, 0, 0));
}

struct caps {
	unsigned long effective, permitted, inheritable;
};

static struct caps get_caps(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	CHECK_OK(syscall(SYS_capget, &header, data));
	return (struct caps){
	    data[0].effective | (unsigned long)data[1].effective << 32,
	    data[0].permitted | (unsigned long)data[1].permitted << 32,
	    data[0].inheritable | (unsigned long)data[1].inheritable << 32,
	};
}

static long set_caps(struct caps caps)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	for (int i = 0; i < 2; i++) {
		data[i].effective = (unsigned)(caps.effective >> 32 * i);
		data[i].permitted = (unsigned)(caps.permitted >> 32 * i);
		data[i].inheritable = (unsigned)(caps.inheritable >> 32 * i);
	}
	return syscall(SYS_capset, &header, data);
}

static int uids_are(uid_t r, uid_t e, uid_t s)
{
	uid_t real, effective, saved;

	return getresuid(&real, &effective, &saved) == 0 && real == r && effective == e && saved == s &&
	       getuid() == r && geteuid() == e && (uid_t)setfsuid((uid_t)-1) == e;
}

static int gids_are(gid_t r, gid_t e, gid_t s)
{
	gid_t real, effective, saved;

	return getresgid(&real, &effective, &saved) == 0 && real == r && effective == e && saved == s &&
	       getgid() == r && getegid() == e && (gid_t)setfsgid((gid_t)-1) == e;
}

/* ---- user ids ---- */

static void setuid_root(void)
{
	enter();
	CHECK_OK(setuid(5));
	CHECK(uids_are(5, 5, 5));
	CHECK_FAILS(setuid(0), EPERM);
	CHECK_OK(setuid(5));
	CHECK_FAILS(setuid(70000), EINVAL);
}

static void setuid_saved(void)
{
	enter();
	CHECK_OK(setresuid(1, 2, 3));
	CHECK(uids_are(1, 2, 3));
	CHECK_OK(setuid(3));
	CHECK(uids_are(1, 3, 3));
	CHECK_OK(setuid(1));
	CHECK(uids_are(1, 1, 3));
	CHECK_FAILS(setuid(2), EPERM);
}

static void setreuid_rules(void)
{
	enter();
	CHECK_OK(setreuid(-1, 7));
	CHECK(uids_are(0, 7, 7)); /* the effective id differs from the real one: saved follows */
	CHECK_OK(setreuid(7, 0));
	CHECK(uids_are(7, 0, 0));
	CHECK_OK(setreuid(-1, -1));
	CHECK(uids_are(7, 0, 0));
	CHECK_OK(setreuid(-1, 7));
	CHECK(uids_are(7, 7, 0));
	CHECK_FAILS(setreuid(0, -1), EPERM); /* the saved id does not make a real one */
	CHECK_OK(setreuid(-1, 0));
	CHECK(uids_are(7, 0, 0));
	CHECK_FAILS(setreuid(70000, -1), EINVAL);
}

static void setresuid_rules(void)
{
	enter();
	CHECK_OK(setresuid(1, 2, 3));
	CHECK_OK(setresuid(3, 1, 2));
	CHECK(uids_are(3, 1, 2));
	CHECK_FAILS(setresuid(-1, 4, -1), EPERM);
	CHECK_FAILS(setresuid(-1, -1, 70000), EINVAL);
	CHECK_OK(setresuid(-1, -1, 3));
	CHECK(uids_are(3, 1, 3));
	CHECK_FAILS(setresuid(2, 2, 2), EPERM);
}

static void setfsuid_rules(void)
{
	enter();
	CHECK(setfsuid(9) == 0);
	CHECK(setfsuid((uid_t)-1) == 9);
	CHECK((get_caps().effective & FS_CAPS) == 0);
	CHECK(get_caps().effective & 1UL << CAP_SYS_ADMIN);
	CHECK(setfsuid(0) == 9);
	CHECK((get_caps().effective & FS_CAPS) == FS_CAPS);
	CHECK_OK(setuid(5));
	CHECK(setfsuid(6) == 5);
	CHECK(setfsuid((uid_t)-1) == 5);
}

/* ---- group ids ---- */

static void group_ids(void)
{
	enter();
	CHECK_OK(setresgid(1, 2, 3));
	CHECK(gids_are(1, 2, 3));
	CHECK_OK(setregid(-1, 4));
	CHECK(gids_are(1, 4, 4));
	CHECK_FAILS(setgid(70000), EINVAL);
	CHECK_OK(setgid(8));
	CHECK(gids_are(8, 8, 8));
	CHECK(get_caps().effective == FULL_SET);
	drop_capability(CAP_SETGID);
	CHECK_FAILS(setgid(9), EPERM);
	CHECK_FAILS(setresgid(-1, 9, -1), EPERM);
	CHECK_FAILS(setregid(9, -1), EPERM);
	CHECK_OK(setgid(8));
	CHECK(setfsgid(9) == 8);
	CHECK(setfsgid((gid_t)-1) == 8);
}

static void groups(void)
{
	gid_t list[] = {30, 10, 20}, got[4] = {0};

	enter();
	CHECK_OK(syscall(SYS_setgroups, 3, list));
	CHECK(getgroups(0, NULL) == 3);
	CHECK(getgroups(4, got) == 3 && got[0] == 10 && got[1] == 20 && got[2] == 30);
	CHECK_FAILS(getgroups(2, got), EINVAL);
	CHECK_FAILS(syscall(SYS_getgroups, -1, got), EINVAL);
	CHECK_FAILS(syscall(SYS_getgroups, 3, 8L), EFAULT);
	CHECK_FAILS(syscall(SYS_setgroups, 65537, list), EINVAL);
	CHECK_FAILS(syscall(SYS_setgroups, -1, list), EINVAL);
	CHECK_FAILS(syscall(SYS_setgroups, 3, 8L), EFAULT);
	list[1] = 70000;
	CHECK_FAILS(syscall(SYS_setgroups, 3, list), EINVAL);
	CHECK(getgroups(0, NULL) == 3);
	drop_capability(CAP_SETGID);
	CHECK_FAILS(syscall(SYS_setgroups, 70000, list), EPERM);
	CHECK_FAILS(syscall(SYS_setgroups, 0, NULL), EPERM);
}

/* ---- what ids do to capabilities ---- */

static void leave_root(void)
{
	enter();
	CHECK(get_caps().effective == FULL_SET && get_caps().permitted == FULL_SET);
	CHECK_OK(setresuid(-1, 5, -1));
	CHECK(get_caps().effective == 0 && get_caps().permitted == FULL_SET);
	CHECK_OK(setresuid(-1, 0, -1));
	CHECK(get_caps().effective == FULL_SET);
	CHECK_OK(setresuid(5, 5, 5));
	CHECK(get_caps().effective == 0 && get_caps().permitted == 0);
}

static void keep_caps(void)
{
	struct caps caps;

	enter();
	CHECK_FAILS(prctl(PR_SET_KEEPCAPS, 2, 0, 0, 0), EINVAL);
	CHECK_OK(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0));
	CHECK(prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0) == 1);
	caps = get_caps();
	caps.inheritable = 1UL << CAP_CHOWN;
	CHECK_OK(set_caps(caps));
	CHECK_OK(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0));
	CHECK_OK(setuid(5));
	CHECK(get_caps().effective == 0 && get_caps().permitted == FULL_SET);
	CHECK(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_CHOWN, 0, 0) == 0);
}

static void no_setuid_fixup(void)
{
	enter();
	CHECK_OK(prctl(PR_SET_SECUREBITS, NO_SETUID_FIXUP, 0, 0, 0));
	CHECK_OK(setuid(5));
	CHECK(get_caps().effective == FULL_SET && get_caps().permitted == FULL_SET);
	CHECK_OK(setuid(6)); /* with the capability still there */
}

static void securebits(void)
{
	enter();
	CHECK_OK(prctl(PR_SET_SECUREBITS, NOROOT | NOROOT_LOCKED, 0, 0, 0));
	CHECK_FAILS(prctl(PR_SET_SECUREBITS, NOROOT_LOCKED, 0, 0, 0), EPERM);
	CHECK_FAILS(prctl(PR_SET_SECUREBITS, NOROOT, 0, 0, 0), EPERM);
	CHECK_FAILS(prctl(PR_SET_SECUREBITS, NOROOT | NOROOT_LOCKED | 1UL << 20, 0, 0, 0), EPERM);
	CHECK_OK(prctl(PR_SET_SECUREBITS, NOROOT | NOROOT_LOCKED | KEEP_CAPS_LOCKED | NO_AMBIENT_RAISE, 0, 0, 0));
	CHECK_FAILS(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0), EPERM);
	CHECK(prctl(PR_GET_SECUREBITS, 0, 0, 0, 0) == (NOROOT | NOROOT_LOCKED | KEEP_CAPS_LOCKED | NO_AMBIENT_RAISE));
	drop_capability(CAP_SETPCAP);
	CHECK_FAILS(prctl(PR_SET_SECUREBITS, 0, 0, 0, 0), EPERM);
}

/* ---- capget, capset ---- */

static void capget_versions(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_1};
	struct __user_cap_data_struct data[2] = {{0}};

	enter();
	data[1].effective = 0x55;
	CHECK_OK(syscall(SYS_capget, &header, data));
	CHECK(data[0].effective == 0xffffffff && data[1].effective == 0x55);
	header.version = 0;
	CHECK_FAILS(syscall(SYS_capget, &header, data), EINVAL);
	CHECK(header.version == _LINUX_CAPABILITY_VERSION_3);
	header.version = 1;
	CHECK_OK(syscall(SYS_capget, &header, NULL));
	CHECK(header.version == _LINUX_CAPABILITY_VERSION_3);
	header.pid = -1;
	CHECK_FAILS(syscall(SYS_capget, &header, data), EINVAL);
	header.pid = getpid();
	CHECK_OK(syscall(SYS_capget, &header, data));
	CHECK(data[1].effective == FULL_SET >> 32);
	header.pid = 0x3ffffff;
	CHECK_FAILS(syscall(SYS_capget, &header, data), ESRCH);
	CHECK_FAILS(syscall(SYS_capget, 8L, data), EFAULT);
	header.pid = 0;
	CHECK_FAILS(syscall(SYS_capget, &header, 8L), EFAULT);
}

static void capset_rules(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 1};
	struct caps caps;

	enter();
	caps = get_caps();
	caps.permitted = 1UL << CAP_CHOWN | 1UL << CAP_KILL;
	CHECK_FAILS(set_caps(caps), EPERM); /* effective is not below permitted */
	caps.effective = 1UL << CAP_CHOWN;
	CHECK_OK(set_caps(caps));
	CHECK(get_caps().permitted == caps.permitted && get_caps().effective == caps.effective);
	caps.permitted |= 1UL << CAP_SETUID;
	CHECK_FAILS(set_caps(caps), EPERM); /* nothing comes back */
	caps.permitted &= ~(1UL << CAP_SETUID);
	caps.inheritable = 1UL << CAP_SETUID;
	CHECK_FAILS(set_caps(caps), EPERM); /* not without CAP_SETPCAP */
	caps.inheritable = 1UL << CAP_KILL;
	CHECK_OK(set_caps(caps));
	CHECK_FAILS(syscall(SYS_capset, &header, 8L), EPERM);
	header.pid = 0;
	CHECK_FAILS(syscall(SYS_capset, &header, 8L), EFAULT);
}

static void ambient(void)
{
	struct caps caps;

	enter();
	CHECK_FAILS(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0), EPERM); /* not inheritable */
	caps = get_caps();
	caps.inheritable = 1UL << CAP_KILL;
	CHECK_OK(set_caps(caps));
	CHECK_OK(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0));
	CHECK(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_KILL, 0, 0) == 1);
	CHECK_FAILS(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 1, 0), EINVAL);
	CHECK_FAILS(prctl(PR_CAP_AMBIENT, 99, CAP_KILL, 0, 0), EINVAL);
	CHECK_FAILS(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, CAP_KILL, 0, 0), EINVAL);
	caps.inheritable = 0;
	CHECK_OK(set_caps(caps));
	CHECK(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_KILL, 0, 0) == 0);
	caps.inheritable = 1UL << CAP_KILL;
	CHECK_OK(set_caps(caps));
	CHECK_OK(prctl(PR_SET_SECUREBITS, NO_AMBIENT_RAISE, 0, 0, 0));
	CHECK_FAILS(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0), EPERM);
	CHECK_FAILS(prctl(PR_CAPBSET_READ, 64, 0, 0, 0), EINVAL);
	CHECK_FAILS(prctl(PR_CAPBSET_DROP, 64, 0, 0, 0), EINVAL);
}

/* ---- execve ---- */

/* Runs this program again, which then checks itself against the arguments. */
static void exec_and_check(uid_t euid, unsigned long permitted, unsigned long effective)
{
	char a[32], b[32], c[32];

	snprintf(a, sizeof(a), "%u", euid);
	snprintf(b, sizeof(b), "%lx", permitted);
	snprintf(c, sizeof(c), "%lx", effective);
	execl("/proc/self/exe", "ids", "check", a, b, c, NULL);
	CHECK(!"execve");
}

static int check_after_exec(char **argv)
{
	struct caps caps = get_caps();
	uid_t r, e, s;

	CHECK_OK(getresuid(&r, &e, &s));
	CHECK(e == (uid_t)atoi(argv[2]) && s == e && (uid_t)setfsuid((uid_t)-1) == e);
	CHECK(caps.permitted == strtoul(argv[3], NULL, 16));
	CHECK(caps.effective == strtoul(argv[4], NULL, 16));
	CHECK(prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0) == 0);
	return 0;
}

static void exec_root(void)
{
	enter();
	CHECK_OK(prctl(PR_CAPBSET_DROP, CAP_KILL, 0, 0, 0));
	CHECK_OK(set_caps((struct caps){0, 0, 0}));
	exec_and_check(0, FULL_SET & ~(1UL << CAP_KILL), FULL_SET & ~(1UL << CAP_KILL));
}

static void exec_user(void)
{
	enter();
	CHECK_OK(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0));
	CHECK_OK(setresuid(5, 6, 7));
	exec_and_check(6, 0, 0);
}

static void exec_ambient(void)
{
	struct caps caps;

	enter();
	CHECK_OK(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0));
	CHECK_OK(setuid(5));
	caps = get_caps();
	caps.inheritable = 1UL << CAP_KILL | 1UL << CAP_CHOWN;
	CHECK_OK(set_caps(caps));
	CHECK_OK(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0));
	exec_and_check(5, 1UL << CAP_KILL, 1UL << CAP_KILL);
}

static void exec_real_root(void)
{
	enter();
	CHECK_OK(setresuid(0, 5, 5));
	exec_and_check(5, FULL_SET, 0);
}

static void exec_noroot(void)
{
	enter();
	CHECK_OK(prctl(PR_SET_SECUREBITS, NOROOT, 0, 0, 0));
	exec_and_check(0, 0, 0);
}

/* ---- who sees it ---- */

static void *change_thread(void *arg)
{
	CHECK_OK(syscall(SYS_setresuid, 5, 5, 5));
	CHECK(getuid() == 5);
	return NULL;
}

/* The system call changes one thread; the C library's setuid(3) all of them. */
static void threads(void)
{
	pthread_t thread;

	enter();
	CHECK(pthread_create(&thread, NULL, change_thread, NULL) == 0);
	CHECK(pthread_join(thread, NULL) == 0);
	CHECK(getuid() == 0);
}

static void forked(void)
{
	pid_t pid;

	enter();
	pid = fork();
	if (pid == 0) {
		CHECK_OK(setuid(5));
		CHECK(getuid() == 5);
		_exit(0);
	}
	check_child(pid);
	CHECK(getuid() == 0 && get_caps().effective == FULL_SET);
}

static void status_line(const char *label, char *value, size_t size)
{
	char line[512];
	FILE *f = fopen("/proc/self/status", "re");

	CHECK(f != NULL);
	value[0] = 0;
	while (fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, label, strlen(label)) == 0)
			snprintf(value, size, "%s", line + strlen(label));
	fclose(f);
}

static void status(void)
{
	gid_t list[] = {10, 20};
	char value[256];

	enter();
	CHECK_OK(syscall(SYS_setgroups, 2, list));
	CHECK_OK(setresgid(4, 5, 6));
	CHECK_OK(setresuid(1, 2, 3));
	status_line("Uid:", value, sizeof(value));
	CHECK(strcmp(value, "\t1\t2\t3\t2\n") == 0);
	status_line("Gid:", value, sizeof(value));
	CHECK(strcmp(value, "\t4\t5\t6\t5\n") == 0);
	status_line("Groups:", value, sizeof(value));
	CHECK(strcmp(value, "\t10 20 \n") == 0);
	status_line("CapPrm:", value, sizeof(value));
	CHECK(strtoul(value, NULL, 16) == 0);
	status_line("CapBnd:", value, sizeof(value));
	CHECK(strtoul(value, NULL, 16) == FULL_SET);
}

/* PR_SET_PDEATHSIG(2const) */
static void parents_death(void)
{
	int sig = -1;

	enter();
	CHECK_OK(prctl(PR_SET_PDEATHSIG, SIGHUP));
	CHECK_OK(setresuid(7, -1, -1));
	CHECK_OK(prctl(PR_GET_PDEATHSIG, &sig));
	CHECK(sig == SIGHUP);
	CHECK_OK(setresgid(-1, 5, -1));
	CHECK_OK(prctl(PR_GET_PDEATHSIG, &sig));
	CHECK(sig == 0);
	CHECK_OK(prctl(PR_SET_PDEATHSIG, SIGHUP));
	CHECK_OK(setresuid(-1, 5, -1));
	CHECK_OK(prctl(PR_GET_PDEATHSIG, &sig));
	CHECK(sig == 0);
}

static const struct test tests[] = {
    {"setuid of root sets all ids", setuid_root},
    {"setuid of a user: real and saved id", setuid_saved},
    {"setreuid and the saved id", setreuid_rules},
    {"setresuid", setresuid_rules},
    {"setfsuid and its capabilities", setfsuid_rules},
    {"group ids", group_ids},
    {"supplementary groups", groups},
    {"leaving uid 0 drops capabilities", leave_root},
    {"PR_SET_KEEPCAPS", keep_caps},
    {"SECBIT_NO_SETUID_FIXUP", no_setuid_fixup},
    {"securebits and their locks", securebits},
    {"capget: versions, pids, bad pointers", capget_versions},
    {"capset: what may be raised", capset_rules},
    {"the ambient set", ambient},
    {"execve as root gives the bounding set", exec_root},
    {"execve as a user gives nothing", exec_user},
    {"execve keeps the ambient set", exec_ambient},
    {"execve with a real uid of 0", exec_real_root},
    {"execve with SECBIT_NOROOT", exec_noroot},
    {"credentials belong to a thread", threads},
    {"a child's credentials are its own", forked},
    {"/proc/self/status", status},
    {"who becomes another is not told of the parent's death", parents_death},
};

int main(int argc, char **argv)
{
	if (argc == 5 && !strcmp(argv[1], "check"))
		return check_after_exec(argv);
	return RUN_TESTS(tests);
}
