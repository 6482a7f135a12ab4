/* SPDX-License-Identifier: MIT */
/*
 * Every system call that secede traps, with a bad pointer in each place where it takes one. Prints
 * a line a call: name, argument, kind of bad pointer, result. Run natively and under secede, the two
 * lists say whether bad pointers are EFAULT here as there, and that nothing crashes.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/sys.h"

/* The table points to functions: here are some. */
#undef SYSCALL
#define SYSCALL(name)                                                                                                  \
	s64 sys_##name(struct task *task, struct regs *regs)                                                           \
	{                                                                                                              \
		return 0;                                                                                              \
	}                                                                                                              \
	extern int no_semicolon_##name
#include "sys/calls.h"
#include "sys/table.c"

/*
 * The arguments of a call, a letter each. Pointers: p a path, x a program, b a buffer, n may be NULL. Others: d
 * AT_FDCWD, f a file, u a socket, e an epoll, i an inotify, N no descriptor; s the size of a signal set, z 64, m 4096,
 * P SO_PEERCRED, A a signal, Q a quota command, a digit itself. "" has no pointers, "-" is not for this test.
 */
static const struct signature {
	const char *name, *args;
} signatures[] = {
    {"open", "p00"},
    {"creat", "p0"},
    {"openat", "dp00"},
    {"openat2", "dpbz"},
    {"close", ""},
    {"ioctl", ""},
    {"dup", ""},
    {"dup2", ""},
    {"dup3", ""},
    {"fcntl", ""},
    {"timer_create", "-"},
    {"fallocate", ""},
    {"futex", "-"},
    {"close_range", ""},
    {"stat", "pb"},
    {"fstat", "fb"},
    {"getdents64", "fbm"},
    {"getdents", "fbm"},
    {"kill", "-"},
    {"getrlimit", "7b"},
    {"setrlimit", "7b"},
    {"prlimit64", "07nn"},
    {"lstat", "pb"},
    {"access", "p0"},
    {"readlink", "pbm"},
    {"statfs", "pb"},
    {"fstatfs", "fb"},
    {"newfstatat", "dpb0"},
    {"readlinkat", "dpbm"},
    {"faccessat", "dp0"},
    {"statx", "dp0zb"},
    {"faccessat2", "dp00"},
    {"mmap", ""},
    {"mprotect", ""},
    {"munmap", ""},
    {"mremap", ""},
    {"madvise", ""},
    {"remap_file_pages", ""},
    {"pkey_mprotect", ""},
    {"mseal", ""},
    {"msync", ""},
    {"mincore", ""},
    {"mlock", ""},
    {"munlock", ""},
    {"mlock2", ""},
    {"mbind", ""},
    {"map_shadow_stack", ""},
    {"shmat", ""},
    {"process_madvise", "-"},
    {"rt_sigaction", "Anns"},
    {"rt_sigprocmask", "2nns"},
    {"rt_sigreturn", "-"},
    {"rt_sigpending", "bs"},
    {"rt_sigtimedwait", "bnbs"},
    {"rt_sigsuspend", "bs"},
    {"sigaltstack", "nn"},
    {"pselect6", "1nnnbb"},
    {"ppoll", "b1bbs"},
    {"io_pgetevents", ""},
    {"epoll_pwait", "eb10bs"},
    {"signalfd", "Nbs"},
    {"signalfd4", "Nbs0"},
    {"epoll_pwait2", "eb1bbs"},
    {"connect", "ubz"},
    {"sendto", "ubz0bz"},
    {"sendmsg", "ub0"},
    {"bind", "ubz"},
    {"getsockopt", "u1Pbb"},
    {"sendmmsg", "ub10"},
    {"clone", "-"},
    {"fork", "-"},
    {"vfork", "-"},
    {"exit", "-"},
    {"unshare", ""},
    {"setns", ""},
    {"clone3", "bz"},
    {"execve", "xnn"},
    {"execveat", "dxnn0"},
    {"uname", "b"},
    {"sethostname", "bz"},
    {"setdomainname", "bz"},
    {"truncate", "p0"},
    {"chmod", "p0"},
    {"fchmod", ""},
    {"chown", "p00"},
    {"fchown", ""},
    {"lchown", "p00"},
    {"utime", "pn"},
    {"setxattr", "ppbz0"},
    {"lsetxattr", "ppbz0"},
    {"fsetxattr", "fpbz0"},
    {"getxattr", "ppbz"},
    {"lgetxattr", "ppbz"},
    {"listxattr", "pbz"},
    {"llistxattr", "pbz"},
    {"removexattr", "pp"},
    {"lremovexattr", "pp"},
    {"fremovexattr", "fp"},
    {"utimes", "pn"},
    {"fchownat", "dp000"},
    {"futimesat", "dpn"},
    {"fchmodat", "dp0"},
    {"utimensat", "dpn0"},
    {"fchmodat2", "dp00"},
    {"setxattrat", "dp0pbz"},
    {"getxattrat", "dp0pbz"},
    {"listxattrat", "dp0bz"},
    {"removexattrat", "dp0p"},
    {"file_getattr", "dpbz0"},
    {"file_setattr", "dpbz0"},
    {"getcwd", "bm"},
    {"chdir", "p"},
    {"fchdir", ""},
    {"umask", ""},
    {"chroot", "p"},
    {"rename", "pp"},
    {"mkdir", "p0"},
    {"rmdir", "p"},
    {"link", "pp"},
    {"unlink", "p"},
    {"symlink", "pp"},
    {"mknod", "p00"},
    {"mkdirat", "dp0"},
    {"mknodat", "dp00"},
    {"unlinkat", "dp0"},
    {"renameat", "dpdp"},
    {"linkat", "dpdp0"},
    {"symlinkat", "pdp"},
    {"renameat2", "dpdp0"},
    {"getuid", ""},
    {"getgid", ""},
    {"setuid", ""},
    {"setgid", ""},
    {"geteuid", ""},
    {"getegid", ""},
    {"setreuid", ""},
    {"setregid", ""},
    {"getgroups", "zb"},
    {"setgroups", "zb"},
    {"setresuid", ""},
    {"getresuid", "bbb"},
    {"setresgid", ""},
    {"getresgid", "bbb"},
    {"setfsuid", ""},
    {"setfsgid", ""},
    {"capget", "bb"},
    {"capset", "bb"},
    {"prctl", ""},
    {"arch_prctl", ""},
    {"seccomp", "10b"},
    {"landlock_add_rule", "N1b0"},
    {"landlock_restrict_self", ""},
    {"pivot_root", "pp"},
    {"mount", "ppp0n"},
    {"umount2", "p0"},
    {"open_tree", "dp0"},
    {"move_mount", "dpdp0"},
    {"fsopen", "p0"},
    {"fsconfig", "f1pp0"},
    {"fsmount", ""},
    {"fspick", "dp0"},
    {"mount_setattr", "dp0bz"},
    {"statmount", "bbm0"},
    {"listmount", "bbz0"},
    {"open_tree_attr", "dp0bz"},
    {"acct", "p"},
    {"swapon", "p0"},
    {"swapoff", "p"},
    {"quotactl", "Qp0b"},
    {"inotify_add_watch", "ipz"},
    {"fanotify_mark", "f00dp"},
    {"name_to_handle_at", "dpbb0"},
    {"open_by_handle_at", "fb0"},
    {"quotactl_fd", "fQ0b"},
    {"mq_open", "p00n"},
    {"getsockname", "ubb"},
    {"fgetxattr", "fpbz"},
    {"semop", "0b1"},
    {"rt_sigqueueinfo", "NAb"},
    {"rt_tgsigqueueinfo", "NNAb"},
    {"pidfd_send_signal", "NAn0"},
    {"pidfd_getfd", ""},
    {"msgctl", "02b"},
    {"shmctl", "02b"},
    {"semctl", "002b"},
    {"setsockopt", ""},
    {"read", "-"},
    {"write", "-"},
    {"writev", "-"},
    {"accept", "unn"},
    {"accept4", "unn0"},
    {"recvfrom", "-"},
    {"recvmsg", "-"},
    {"recvmmsg", "-"},
    {"semtimedop", "0b1n"},
    {"getpeername", "ubb"},
    {"wait4", "Nn1n"},
    {"waitid", "00n5n"},
    {"ptrace", ""},
};

/* Bad pointers. The first three are made at start. */
static struct bad {
	const char *name;
	u64 address;
} bad[] = {
    {"forbidden", 0}, /* a page without permissions */
    {"edge", 0},      /* the last byte before it */
    {"unmapped", 0},  /* a page that is gone */
    {"one", 1},
    {"kernel", 0xffff800000000000},
    {"noncanonical", 0x8000000000000000},
    {"last", ~0UL},
    {"runtime", 0x550000000000},
    {"arena", 0x551000000000},
    {"heap", 0x551010000000},
    {"blocks", 0x551020000000},
};

static char buffer[65536] __attribute__((aligned(4096)));
static int file_fd, socket_fd, epoll_fd, inotify_fd;

static u64 good_value(char letter)
{
	switch (letter) {
	case 'p':
		return (u64) "file";
	case 'x':
		return (u64) "/bin/true";
	case 'b':
		return (u64)buffer;
	case 'n':
		return 0;
	case 'd':
		return (u64)AT_FDCWD;
	case 'f':
		return (u64)file_fd;
	case 'u':
		return (u64)socket_fd;
	case 'e':
		return (u64)epoll_fd;
	case 'i':
		return (u64)inotify_fd;
	case 'N':
		return ~0UL;
	case 's':
		return 8;
	case 'z':
		return 64;
	case 'm':
		return 4096;
	case 'P':
		return SO_PEERCRED;
	case 'A':
		return SIGUSR1;
	case 'Q':
		return 0x80000500; /* Q_GETINFO of user quota */
	default:
		return (u64)(letter - '0');
	}
}

static const char *signature_of(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(signatures); i++)
		if (strcmp(signatures[i].name, name) == 0)
			return signatures[i].args;
	return NULL;
}

static void try_call(int nr, const char *name, const char *args, size_t at, const struct bad *with)
{
	u64 a[6] = {0};
	size_t i;
	long result;

	for (i = 0; args[i] != 0; i++)
		a[i] = good_value(args[i]);
	a[at] = with->address;
	memset(buffer, 0, sizeof(buffer));
	alarm(5);
	result = syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
	printf("%s %zu %s: %s\n", name, at, with->name, result == -1 ? strerrorname_np(errno) : "success");
	fflush(stdout);
}

static void try_each_pointer(int nr, const char *name, const char *args)
{
	size_t at, i;

	for (at = 0; args[at] != 0; at++) {
		if (strchr("pxbn", args[at]) == NULL)
			continue;
		for (i = 0; i < ARRAY_SIZE(bad); i++)
			try_call(nr, name, args, at, &bad[i]);
	}
}

static void try_in_child(int nr, const char *name, const char *args)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();

	if (pid == 0) {
		try_each_pointer(nr, name, args);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	if (WIFSIGNALED(status))
		printf("%s: CRASH: %s\n", name, strsignal(WTERMSIG(status)));
	fflush(stdout);
}

static void make_bad_pointers(void)
{
	char *pages = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(pages, 'a', 3 * 4096);
	mprotect(pages + 4096, 4096, PROT_NONE);
	munmap(pages + 2 * 4096, 4096);
	bad[0].address = (u64)pages + 4096;
	bad[1].address = (u64)pages + 4095;
	bad[2].address = (u64)pages + 2 * 4096;
}

int main(void)
{
	int nr, unknown = 0;

	make_bad_pointers();
	file_fd = open("file", O_RDWR | O_CREAT, 0666);
	socket_fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	epoll_fd = epoll_create1(0);
	inotify_fd = inotify_init();
	for (nr = 0; nr < SYS_MAX; nr++) {
		const struct sys_entry *entry = &sys_table[nr];
		const char *args;

		if (entry->name == NULL || entry->fn == NULL)
			continue;
		args = signature_of(entry->name);
		if (args == NULL) {
			printf("%s: UNKNOWN to this test\n", entry->name);
			unknown++;
		} else if (strcmp(args, "-") != 0) {
			try_in_child(nr, entry->name, args);
		}
	}
	return unknown != 0;
}
