/* SPDX-License-Identifier: MIT */
/*
 * The hostile host: runs a command as an ordinary user in a sandbox that denies everything that
 * secede gives back. That is what a default container profile does: EPERM to everything that
 * makes namespaces or changes mounts and names, ENOSYS to clone3 (whose flags a filter cannot see).
 *
 *	tests/hostile COMMAND [ARGUMENT]...
 *
 * Started by root it becomes uid 1000, gid 1000, without groups and capabilities. Started by
 * anybody else it keeps the user, says so (unless HOSTILE_QUIET is set), and does the rest. With HOSTILE_OLD set it is
 * one that cannot be asked for a single mapping, as those before Linux 6.11.
 */
#include <errno.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define HOSTILE_ID    1000
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* CLONE_NEW* but CLONE_NEWTIME, whose bit is part of the exit signal in clone(2). */
#define CLONE_NEW_FLAGS 0x7e020000U

static const int denied[] = {
    SYS_unshare,     SYS_setns,		SYS_mount,  SYS_umount2,   SYS_pivot_root, SYS_fsopen,
    SYS_fsconfig,    SYS_fsmount,	SYS_fspick, SYS_open_tree, SYS_move_mount, SYS_mount_setattr,
    SYS_sethostname, SYS_setdomainname, SYS_chroot, SYS_keyctl,
};

static void die(const char *what)
{
	fprintf(stderr, "hostile: %s: %s\n", what, strerror(errno));
	exit(125);
}

static void become_ordinary(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {{0}};
	int cap;

	if (geteuid() != 0) {
		if (getenv("HOSTILE_QUIET") == NULL)
			fprintf(stderr, "hostile: not started by root: running as uid %d\n", (int)getuid());
		return;
	}
	for (cap = 0; prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0; cap++)
		;
	if (setgroups(0, NULL) != 0 || setresgid(HOSTILE_ID, HOSTILE_ID, HOSTILE_ID) != 0 ||
	    setresuid(HOSTILE_ID, HOSTILE_ID, HOSTILE_ID) != 0)
		die("becoming uid 1000");
	if (syscall(SYS_capset, &header, none) != 0)
		die("dropping capabilities");
}

/* PROCMAP_QUERY, which older headers have not. */
#define MAP_QUERY 0xc0686611U

/* Room for the architecture check, a test and an answer a call, the look into arguments, the end. */
#define FILTER_MAX (2 * ARRAY_SIZE(denied) + 20)

static size_t build_filter(struct sock_filter *f)
{
	const struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	const struct sock_filter refuse = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
	const struct sock_filter unknown = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS);
	const struct sock_filter no_ioctl = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOTTY);
	size_t n = 0, i;

	/* Other entries of the kernel (32 bits) stay open: closing them is up to secede. */
	f[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
	f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0);
	f[n++] = allow;
	f[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (i = 0; i < ARRAY_SIZE(denied); i++) {
		f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)denied[i], 0, 1);
		f[n++] = refuse;
	}
	if (getenv("HOSTILE_OLD")) {
		f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 4);
		f[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1]));
		f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MAP_QUERY, 0, 1);
		f[n++] = no_ioctl;
		f[n++] = allow;
	}
	f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1);
	f[n++] = unknown;
	f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 3);
	f[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0]));
	f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_NEW_FLAGS, 0, 1);
	f[n++] = refuse;
	f[n++] = allow;
	return n;
}

static void deny_namespaces(void)
{
	struct sock_filter filter[FILTER_MAX];
	struct sock_fprog program = {.filter = filter};

	program.len = (unsigned short)build_filter(filter);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		die("no_new_privs");
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) != 0)
		die("seccomp");
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: hostile COMMAND [ARGUMENT]...\n");
		return 125;
	}
	become_ordinary();
	deny_namespaces();
	execvp(argv[1], argv + 1);
	fprintf(stderr, "hostile: %s: %s\n", argv[1], strerror(errno));
	return errno == ENOENT ? 127 : 126;
}
