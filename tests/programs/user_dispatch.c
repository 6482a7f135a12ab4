/* SPDX-License-Identifier: MIT */
/*
 * Syscall User Dispatch (prctl(2), PR_SET_SYSCALL_USER_DISPATCH): a program has its own system calls brought to its own
 * SIGSYS handler, as emulators of other systems do. Here the C library's calls always pass, by their address, and
 * raw() makes those that may be stopped.
 */
#include <fcntl.h>
#include <linux/audit.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "tests/programs/signals.h"

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#endif
#define OFF   0
#define ON    1
#define ALLOW 0
#define BLOCK 1
/* Where libraries and the vdso are, and the program is not. */
#define LIBRARIES     0x700000000000UL
#define LIBRARIES_LEN 0x0ffffffff000UL
#define NOT_DONE      4711
#define CODE_DISPATCH 2

static volatile char selector;
extern char raw_end[];

/* raw(nr, a, b, c): a system call from this program's own text. */
long raw(long nr, long a, long b, long c);
__asm__(".text\n"
	"raw: mov %rdi, %rax\n"
	"mov %rsi, %rdi\n"
	"mov %rdx, %rsi\n"
	"mov %rcx, %rdx\n"
	"syscall\n"
	"raw_end: ret\n");

static long dispatch(unsigned long mode, unsigned long offset, unsigned long len, volatile char *flag)
{
	return prctl(PR_SET_SYSCALL_USER_DISPATCH, mode, offset, len, flag);
}

/* An emulator's handler: lets raw calls through again, and answers this one. */
static void emulate(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	selector = ALLOW;
	look(sig, info, context);
	uc->uc_mcontext.gregs[REG_RAX] = NOT_DONE;
}

static void begin(void)
{
	handle_info(SIGSYS, emulate, 0);
	CHECK_OK(dispatch(ON, LIBRARIES, LIBRARIES_LEN, &selector));
}

static void check_seen(long nr)
{
	CHECK(last == SIGSYS && seen.si_code == CODE_DISPATCH && seen.si_errno == 0 && seen.si_syscall == nr);
	CHECK(seen.si_arch == AUDIT_ARCH_X86_64 && seen.si_call_addr == raw_end);
	CHECK(seen_uc.uc_mcontext.gregs[REG_RIP] == (greg_t)(uintptr_t)raw_end);
	CHECK(seen_uc.uc_mcontext.gregs[REG_RAX] == nr);
}

static void test_arguments(void)
{
	CHECK_FAILS(dispatch(17, 0, 0, NULL), EINVAL);
	CHECK_FAILS(dispatch(OFF, 1, 0, NULL), EINVAL);
	CHECK_FAILS(dispatch(OFF, 0, 1, NULL), EINVAL);
	CHECK_FAILS(dispatch(OFF, 0, 0, &selector), EINVAL);
	CHECK_FAILS(dispatch(ON, 4096, ~0UL, &selector), EINVAL);
	CHECK_FAILS(dispatch(ON, 4096, 0, &selector), EINVAL);
	CHECK_FAILS(dispatch(ON, 0, 0, (volatile char *)~0UL), EFAULT);
	CHECK_OK(dispatch(OFF, 0, 0, NULL));
}

/* A call that is stopped: one that takes a path, one that does not, one that does not exist. */
static void test_stopped(void)
{
	static const long calls[] = {SYS_getppid, SYS_open, SYS_read, SYS_rt_sigprocmask, 9999};
	size_t i;

	begin();
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		CHECK(raw(SYS_getpid, 0, 0, 0) == getpid() && count == (int)i);
		selector = BLOCK;
		CHECK(raw(calls[i], (long)"/dev/null", O_RDONLY, 0) == NOT_DONE);
		CHECK(count == (int)i + 1);
		check_seen(calls[i]);
	}
}

/* From the range of addresses that was given, calls go on whatever the selector says. */
static void test_range(void)
{
	int fd;

	begin();
	selector = BLOCK;
	CHECK(getppid() > 0);
	fd = (int)CHECK_OK(open("/dev/null", O_RDWR | O_CLOEXEC));
	CHECK(write(fd, "x", 1) == 1);
	CHECK(close(fd) == 0 && count == 0);
}

static void test_off(void)
{
	begin();
	CHECK_OK(dispatch(OFF, 0, 0, NULL));
	selector = BLOCK;
	CHECK(raw(SYS_getpid, 0, 0, 0) == getpid() && raw(SYS_access, (long)"/", 0, 0) == 0 && count == 0);
}

/* Without a selector everything from outside the range is stopped. The handler's return is the library's. */
static void test_no_selector(void)
{
	handle_info(SIGSYS, emulate, 0);
	CHECK_OK(dispatch(ON, LIBRARIES, LIBRARIES_LEN, NULL));
	CHECK(raw(SYS_getpid, 0, 0, 0) == NOT_DONE && raw(SYS_access, (long)"/", 0, 0) == NOT_DONE && count == 2);
}

static void block_and_call(void)
{
	CHECK_OK(dispatch(ON, LIBRARIES, LIBRARIES_LEN, &selector));
	selector = BLOCK;
	raw(SYS_access, (long)"/", 0, 0);
}

static void mask_and_call(void)
{
	handle_info(SIGSYS, emulate, 0);
	mask(SIG_BLOCK, SIGSYS);
	block_and_call();
}

static void ignore_and_call(void)
{
	handle(SIGSYS, SIG_IGN, 0);
	block_and_call();
}

static void bad_selector(void)
{
	volatile char *page = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	handle_info(SIGSEGV, emulate, 0);
	CHECK_OK(dispatch(ON, LIBRARIES, LIBRARIES_LEN, page));
	munmap((void *)page, 1);
	raw(SYS_access, (long)"/", 0, 0);
}

static void odd_selector(void)
{
	begin();
	selector = 2;
	raw(SYS_access, (long)"/", 0, 0);
}

/* The signal is one that must be taken. */
static void test_no_handler(void)
{
	CHECK(WTERMSIG(status_of(block_and_call)) == SIGSYS);
	CHECK(WTERMSIG(status_of(mask_and_call)) == SIGSYS);
	CHECK(WTERMSIG(status_of(ignore_and_call)) == SIGSYS);
	CHECK(WTERMSIG(status_of(bad_selector)) == SIGSEGV);
	CHECK(WTERMSIG(status_of(odd_selector)) == SIGSYS);
}

static void raw_in_child(void)
{
	_exit(raw(SYS_access, (long)"/", 0, 0) == 0 && count == 0 ? 7 : 1);
}

static void *raw_in_thread(void *arg)
{
	return (void *)(raw(SYS_access, (long)"/", 0, 0) + raw(SYS_getppid, 0, 0, 0) + count);
}

/* It is a thread's own, and no child, thread or program has it from another. */
static void test_not_inherited(void)
{
	pthread_t thread;
	void *result;

	begin();
	selector = BLOCK;
	CHECK(WEXITSTATUS(status_of(raw_in_child)) == 7);
	CHECK(pthread_create(&thread, NULL, raw_in_thread, NULL) == 0);
	CHECK(pthread_join(thread, &result) == 0 && (long)result == getppid());
	CHECK(system("test -d /") == 0);
	CHECK(count == 0 && raw(SYS_getpid, 0, 0, 0) == NOT_DONE);
}

/* While a file like uid_map is open for writing, an emulation may need all calls for itself. */
static void test_with_control_file(void)
{
	int fd;

	begin();
	fd = (int)CHECK_OK(open("/proc/self/uid_map", O_RDWR | O_CLOEXEC));
	CHECK(raw(SYS_getpid, 0, 0, 0) == getpid() && count == 0);
	selector = BLOCK;
	CHECK(getppid() > 0 && access("/", F_OK) == 0);
	CHECK(raw(SYS_getppid, 0, 0, 0) == NOT_DONE && count == 1);
	check_seen(SYS_getppid);
	CHECK_OK(dispatch(OFF, 0, 0, NULL));
	CHECK(raw(SYS_getpid, 0, 0, 0) == getpid());
	CHECK_OK(dispatch(ON, LIBRARIES, LIBRARIES_LEN, &selector));
	CHECK_OK(close(fd));
	selector = BLOCK;
	CHECK(raw(SYS_access, (long)"/", 0, 0) == NOT_DONE && count == 2);
	check_seen(SYS_access);
	CHECK(raw(SYS_access, (long)"/", 0, 0) == 0);
}

/* While every call is stopped, so are those that are the host's as they are: here, without a mask or an address. */
static void test_plain_calls(void)
{
	int fd = (int)CHECK_OK(open("/proc/self/uid_map", O_RDWR | O_CLOEXEC));
	int epoll = (int)CHECK_OK(epoll_create1(EPOLL_CLOEXEC)), ends[2];
	const struct timespec no_time = {0, 0};
	struct timeval no_time_either = {0, 0};
	struct epoll_event event;

	CHECK(ppoll(NULL, 0, &no_time, NULL) == 0);
	CHECK(select(0, NULL, NULL, NULL, &no_time_either) == 0);
	CHECK(pselect(0, NULL, NULL, NULL, &no_time, NULL) == 0);
	CHECK(epoll_pwait(epoll, &event, 1, 0, NULL) == 0);
	CHECK_OK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	CHECK(sendto(ends[0], "x", 1, 0, NULL, 0) == 1);
	CHECK_FAILS(accept(ends[0], NULL, NULL), EINVAL);
	close(fd);
}

/* An alarm that is in line behind the SIGSYS of a stopped call comes when that has its frame. */
static volatile int alarms;

static void on_alarm(int sig)
{
	(void)sig;
	alarms++;
}

static void test_beside_alarms(void)
{
	const struct itimerval often = {{0, 300}, {0, 300}}, never = {{0, 0}, {0, 0}};
	int calls;

	CHECK(signal(SIGALRM, on_alarm) != SIG_ERR);
	begin();
	CHECK_OK(setitimer(ITIMER_REAL, &often, NULL));
	for (calls = 0; alarms < 3000; calls++) {
		selector = BLOCK;
		CHECK(raw(SYS_getpid, 0, 0, 0) == NOT_DONE);
	}
	CHECK_OK(setitimer(ITIMER_REAL, &never, NULL));
	CHECK(calls > 1000);
}

static const struct test tests[] = {
    {"wrong arguments", test_arguments},
    {"calls are stopped", test_stopped},
    {"calls from a range of addresses are not", test_range},
    {"switched off", test_off},
    {"without a selector", test_no_selector},
    {"who cannot take the signal dies", test_no_handler},
    {"nobody inherits it", test_not_inherited},
    {"together with a control file", test_with_control_file},
    {"calls without a mask or an address", test_plain_calls},
    {"beside alarms", test_beside_alarms},
};

int main(void)
{
	return RUN_TESTS(tests);
}
