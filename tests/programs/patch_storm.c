/* SPDX-License-Identifier: MIT */
/*
 * A thousand call sites in a few pages, which become patched while threads run through them, signals come at any
 * instruction, and children are forked and run through them as well. Of either kind: five bytes that change before the
 * syscall instruction, or the two of that itself and padding.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include "tests/programs/patch.h"
#include "tests/spec/tap.h"

#define PAGE	 4096UL
#define NR_SITES 1000
#define THREADS	 8
#define AT_FIRST 40 /* a site is executed so often in a row, to be patched */

static bool under_secede;
static int nr_rounds = 100;

/* Site i asks for the user id, which is in rax; those of the first kind are not aligned to 8. */
extern unsigned char mov_sites[], short_sites[];
__asm__(".text\n.balign 4096\n.globl mov_sites, short_sites\n"
	"	.skip 3, 0x90\n"
	"mov_sites:\n"
	"	.rept 1000\n"
	"	mov $102, %eax\n"
	"	syscall\n"
	"	ret\n"
	"	.skip 8, 0x90\n"
	"	.endr\n"
	"	.balign 32\n"
	"short_sites:\n"
	"	.rept 1000\n"
	"	mov $102, %eax\n"
	"	xor %edi, %edi\n"
	"	syscall\n"
	"	ret\n"
	"	.balign 32\n"
	"	.endr\n");

static const struct kind {
	unsigned char *sites;
	int step, changes; /* bytes from one to the next, and to the first that changes */
	unsigned char patched;
} mov_kind = {mov_sites, 16, 0, 0xff}, short_kind = {short_sites, 32, 7, 0xeb};
static const struct kind *kind;

static long run_site(int i)
{
	return ((long (*)(void))(uintptr_t)(kind->sites + i * kind->step))();
}

static _Atomic int go;
static _Atomic long nr_signals;

static void *run_all(void *arg)
{
	long uid = (long)getuid();
	int round, i, n;

	while (!go)
		sched_yield();
	for (round = 0; round < nr_rounds; round++)
		for (i = 0; i < NR_SITES; i++)
			for (n = round ? 1 : AT_FIRST; n; n--)
				if (run_site(i) != uid)
					_exit(3);
	return NULL;
}

static void count(int sig)
{
	nr_signals++;
}

static void begin_signals(void)
{
	struct sigaction action = {.sa_handler = count, .sa_flags = SA_RESTART};
	struct itimerval every = {{0, 200}, {0, 200}};

	CHECK_OK(sigaction(SIGALRM, &action, NULL));
	CHECK_OK(setitimer(ITIMER_REAL, &every, NULL));
}

static int nr_patched(void)
{
	int i, n = 0;

	for (i = 0; i < NR_SITES; i++)
		n += kind->sites[i * kind->step + kind->changes] == kind->patched;
	return n;
}

/* A few cross the border of a page, or are forgotten while others are counted. */
static void check_patched(void)
{
	if (patches_are_made(under_secede))
		CHECK(nr_patched() > NR_SITES * 9 / 10);
	else
		CHECK(nr_patched() == 0);
}

static void start(pthread_t threads[THREADS])
{
	for (int i = 0; i < THREADS; i++)
		CHECK(!pthread_create(&threads[i], NULL, run_all, NULL));
}

static void join(pthread_t threads[THREADS])
{
	for (int i = 0; i < THREADS; i++)
		CHECK(!pthread_join(threads[i], NULL));
}

static void fork_and_run(void)
{
	int status, i;
	pid_t pid;

	pid = fork();
	if (!pid) {
		for (i = 0; i < NR_SITES; i++)
			if (run_site(i) != (long)getuid())
				_exit(3);
		_exit(0);
	}
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
}

static void threads_run_through(void)
{
	pthread_t threads[THREADS];

	start(threads);
	begin_signals();
	go = 1;
	join(threads);
	CHECK(nr_signals > 0);
	check_patched();
}

static void threads_and_forks(void)
{
	pthread_t threads[THREADS];

	start(threads);
	begin_signals();
	go = 1;
	for (int i = 0; i < nr_rounds / 2; i++)
		fork_and_run();
	join(threads);
	check_patched();
}

/* vfork children share the memory for a moment, and end by being killed. */
static void threads_and_vforks(void)
{
	pthread_t threads[THREADS];
	int i, status;
	pid_t pid;

	start(threads);
	begin_signals();
	go = 1;
	for (i = 0; i < 2 * nr_rounds; i++) {
		pid = vfork();
		if (!pid) {
			for (int site = 0; site < NR_SITES; site += 1 + site % 7)
				run_site(site);
			kill((pid_t)syscall(SYS_getpid), SIGKILL);
		}
		CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && WTERMSIG(status) == SIGKILL);
	}
	join(threads);
}

/* The addresses are wanted back while threads run through the sites. */
static void threads_lose_the_table(void)
{
	pthread_t threads[THREADS];
	void *low;

	start(threads);
	begin_signals();
	go = 1;
	while (patches_are_made(under_secede) && nr_patched() < NR_SITES / 2)
		sched_yield();
	low = mmap((void *)0x050f0000, 65536, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	CHECK(low == (void *)0x050f0000);
	CHECK(nr_patched() == 0);
	join(threads);
	CHECK(nr_patched() == 0);
}

/* What is made writable, page by page, gets its own bytes back, and may be patched once more. */
static void threads_and_writable_text(void)
{
	uintptr_t first = (uintptr_t)kind->sites & -PAGE;
	pthread_t threads[THREADS];
	int i;

	start(threads);
	begin_signals();
	go = 1;
	for (i = 0; i < 2 * nr_rounds; i++) {
		void *page = (void *)(first + (uintptr_t)i * 7 % ((uintptr_t)(NR_SITES * kind->step) / PAGE) * PAGE);

		CHECK_OK(mprotect(page, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC));
		if (i % 20 == 0)
			fork_and_run();
		CHECK_OK(mprotect(page, PAGE, PROT_READ | PROT_EXEC));
	}
	join(threads);
}

/* Each test is a process of its own. */
#define OF_KIND(of, what)                                                                                              \
	static void of##_##what(void)                                                                                  \
	{                                                                                                              \
		kind = &of##_kind;                                                                                     \
		what();                                                                                                \
	}
OF_KIND(mov, threads_run_through)
OF_KIND(mov, threads_and_forks)
OF_KIND(mov, threads_and_vforks)
OF_KIND(mov, threads_and_writable_text)
OF_KIND(mov, threads_lose_the_table)
OF_KIND(short, threads_run_through)
OF_KIND(short, threads_and_forks)
OF_KIND(short, threads_and_vforks)
OF_KIND(short, threads_and_writable_text)
OF_KIND(short, threads_lose_the_table)

/* All of it so often, each time in a program that begins anew, and shorter. */
static int repeat(int times, char **argv)
{
	int i, status;
	pid_t pid;

	for (i = 1; i <= times; i++) {
		pid = fork();
		if (!pid) {
			execl(argv[0], argv[0], argv[1], argv[2], "0", (char *)NULL);
			_exit(9);
		}
		if (waitpid(pid, &status, 0) != pid || status) {
			printf("# time %d: status %x\n", i, (unsigned)status);
			return 1;
		}
	}
	printf("%d times\n", times);
	return 0;
}

static const struct test tests[] = {
    {"8 threads and signals", mov_threads_run_through},
    {"8 threads, signals and forks", mov_threads_and_forks},
    {"8 threads, signals and vfork children that are killed", mov_threads_and_vforks},
    {"8 threads, signals, forks, and text that is made writable", mov_threads_and_writable_text},
    {"8 threads, and the addresses that are needed are taken away", mov_threads_lose_the_table},
    {"short jumps: 8 threads and signals", short_threads_run_through},
    {"short jumps: 8 threads, signals and forks", short_threads_and_forks},
    {"short jumps: 8 threads, signals and vfork children that are killed", short_threads_and_vforks},
    {"short jumps: 8 threads, signals, forks, and text that is made writable", short_threads_and_writable_text},
    {"short jumps: 8 threads, and the addresses that are needed are taken away", short_threads_lose_the_table},
};

int main(int argc, char **argv)
{
	under_secede = argc > 2;
	if (argc > 3 && atoi(argv[3]))
		return repeat(atoi(argv[3]), argv);
	if (argc > 3)
		nr_rounds = 4;
	return RUN_TESTS(tests);
}
