#!/bin/sh
# SPDX-License-Identifier: MIT
# needs: gcc setarch
# mmap(2) and its kin at the ends of the address space, in low memory, with hints beyond 47 bits, huge, growing down,
# locked, and until no mapping is left.
cat >program.c <<'END'
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/mman.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static const char *error(int failed)
{
	const char *name = strerrorname_np(errno);

	return !failed ? "ok" : name ? name : "an error that no error has";
}

static void at(uint64_t addr, uint64_t len, int how)
{
	char *p = mmap((void *)addr, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | how, -1, 0);

	printf("%lx+%lx %s: ", addr, len, how == MAP_FIXED ? "fixed" : how ? "noreplace" : "hint");
	if (p == MAP_FAILED) {
		puts(error(1));
		return;
	}
	p[0] = p[len - 1] = 1;
	puts(p == (void *)addr ? "there" : (uintptr_t)p >> 47 ? "high" : "elsewhere");
	munmap(p, len);
}

static void addresses(void)
{
	static const uint64_t addr[] = {
	    0, 0x1000, 0x8000, 0xf000, 0x10000, 0x11000, 0x400000, 0x7fff8000, 0x100000000, 0x100000000000, 0x200000000000,
	    0x500000000000, 0x54ff00000000, 0x552000000000, 0x600000000000, 0x7b0000000000, 0x7e0000000000, 0x7ffffffff000,
	    0x800000000000, 0xffffffffe000, 0x1000000000000, 0x100000000000000, 0x1fffffffffff000, 0x8000000000000000,
	    0xfffffffffffff000, 0xffffffffff600000,
	};

	for (size_t i = 0; i < ARRAY_SIZE(addr); i++) {
		at(addr[i], 0x1000, 0);
		at(addr[i], 0x1000, MAP_FIXED_NOREPLACE);
		at(addr[i], 0x1000, MAP_FIXED);
		at(addr[i], 0x40000000, MAP_FIXED_NOREPLACE);
		at(addr[i] + 0x800, 0x1000, 0);
		at(addr[i] + 0x800, 0x1000, MAP_FIXED);
	}
	at(0x10000000000, 1UL << 45, 0);
	at(0x10000000000, 1UL << 46, MAP_FIXED_NOREPLACE);
	at(0, 1UL << 46, 0);
	at(0, 1UL << 47, 0);
	at(0, 1UL << 60, 0);
	at(0, 0, 0);
	at(0, UINT64_MAX, 0);
}

static void kinds(void)
{
	static const int huge[] = {0, 21 << 26, 30 << 26};
	void *p = NULL;
	char *q;
	long fd;

	for (size_t i = 0; i < ARRAY_SIZE(huge); i++) {
		p = mmap(NULL, 1 << 21, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | huge[i], -1, 0);
		printf("huge: %s\n", error(p == MAP_FAILED));
	}
	p = mmap(NULL, 8 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	printf("transparent huge: %s\n", error(madvise(p, 8 << 20, MADV_HUGEPAGE)));
	memset(p, 1, 8 << 20);
	q = mmap((void *)0x300000000000, 8192, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED, -1, 0);
	q[0] = q[-4096] = q[-262144] = 1;
	puts("grew");
	fd = syscall(SYS_userfaultfd, 0);
	printf("userfaultfd: %s\n", error(fd < 0));
	fd = syscall(SYS_userfaultfd, 1 /* UFFD_USER_MODE_ONLY */);
	printf("userfaultfd for user mode: %s\n", error(fd < 0));
	printf("personality %x\n", personality(0xffffffff));
}

static void run(const char *what)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		if (fopen("/etc/passwd", "r"))
			execl("/bin/echo", "echo", what, NULL);
		printf("%s\n", error(1));
		exit(1);
	}
	waitpid(pid, &status, 0);
	printf("%x\n", status);
}

static void *thread(void *arg)
{
	return arg;
}

static void locked(int flags)
{
	void *p;
	int err;
	pthread_t t;

	err = mlockall(flags);
	printf("mlockall %d: %s\n", flags, error(err));
	p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	printf("a MiB: %s\n", error(p == MAP_FAILED));
	err = pthread_create(&t, NULL, thread, NULL);
	if (!err)
		pthread_join(t, NULL);
	printf("a thread: %s\n", err ? strerrorname_np(err) : "ok");
	run("under locks");
	munlockall();
}

static void limited(int resource, rlim_t limit)
{
	struct rlimit old, new = {limit, RLIM_INFINITY};
	void *p;

	getrlimit(resource, &old);
	new.rlim_max = old.rlim_max;
	printf("limit %d: %s\n", resource, error(setrlimit(resource, &new)));
	p = mmap(NULL, 64 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	printf("64 MiB: %s\n", error(p == MAP_FAILED));
	if (p != MAP_FAILED)
		munmap(p, 64 << 20);
	run("within limits");
	setrlimit(resource, &old);
}

/* Neighbours differ, so that each is one of its own. */
static void until_none_is_left(void)
{
	long n = 0;

	while (mmap(NULL, 4096, n & 1 ? PROT_READ : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
		n++;
	printf("about %ld00 mappings, then %s\n", (n + 60) / 100, error(1));
	run("with no mapping left");
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	addresses();
	kinds();
	locked(MCL_FUTURE);
	locked(MCL_CURRENT | MCL_FUTURE);
	limited(RLIMIT_AS, 40 << 20);
	limited(RLIMIT_DATA, 16 << 20);
	until_none_is_left();
	return 0;
}
END
gcc -w -O1 -pthread program.c -o program || exit 1
./program
echo "exit $?"
(ulimit -s unlimited && ./program | md5sum)
setarch -R ./program | md5sum
for limit in 64 256 65536 unlimited; do
	(ulimit -s $limit && ls / | wc -l && ulimit -s)
done
# Who randomizes nothing sees the same addresses each time.
# shellcheck disable=SC2016
setarch -R sh -c 'cat /proc/self/personality; grep -E "heap|stack" /proc/self/maps | cut -d" " -f1,2
	exec setarch x86_64 cat /proc/self/personality'
