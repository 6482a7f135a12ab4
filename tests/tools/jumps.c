/* SPDX-License-Identifier: MIT */
/*
 * Handlers that do not return: they jump out, a million times, in every way that programs have. Nothing may grow by
 * that, and the last rounds are as fast as the first.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

static long rounds = 1000000;

static char stack[1 << 16] __attribute__((aligned(4096)));
static sigjmp_buf back;
static ucontext_t main_context, handler_context;
static volatile long count;
static int bad;
static volatile char *volatile nowhere = (volatile char *)8;

static long resident_kb(void)
{
	long pages = 0, skip;
	FILE *f = fopen("/proc/self/statm", "r");

	if (f && fscanf(f, "%ld %ld", &skip, &pages) != 2)
		pages = -1;
	if (f)
		fclose(f);
	return pages * 4;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void send(int sig)
{
	syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), sig);
}

static void handle(int sig, void (*handler)(int), int flags)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = flags};

	sigaction(sig, &action, NULL);
}

static void use_altstack(void)
{
	stack_t ss = {.ss_sp = stack, .ss_size = sizeof(stack)};

	sigaltstack(&ss, NULL);
}

static void jump(int sig)
{
	count++;
	siglongjmp(back, 1);
}

/* A jump out of a handler that is at work in a call itself. */
static void call_and_jump(int sig)
{
	struct stat st;

	stat("/", &st);
	jump(sig);
}

static void switch_context(int sig)
{
	count++;
	swapcontext(&handler_context, &main_context);
}

/* ---- ways to be interrupted and to get out ---- */

static void by_signal(void)
{
	if (sigsetjmp(back, 1) == 0)
		send(SIGUSR1);
}

/* The mask is not restored: the program unblocks by itself, or never blocked. */
static void by_signal_plain(void)
{
	if (sigsetjmp(back, 0) == 0)
		send(SIGUSR1);
}

static void by_fault(void)
{
	if (sigsetjmp(back, 1) == 0)
		*nowhere = 1;
}

static void by_fault_plain(void)
{
	if (sigsetjmp(back, 0) == 0)
		*nowhere = 1;
}

/* As the switchers of user threads do: out of the handler with swapcontext(3), never back. */
static void by_swapcontext(void)
{
	long before = count;

	getcontext(&main_context);
	if (count == before)
		send(SIGUSR1);
}

static void loop(const char *name, void (*step)(void), long n)
{
	long i, before, after, half = n / 2;
	double start, first, second;
	int grows, slower;

	count = 0;
	for (i = 0; i < 1000; i++)
		step();
	before = resident_kb();
	start = now();
	for (i = 0; i < half; i++)
		step();
	first = now() - start;
	start = now();
	for (; i < n; i++)
		step();
	second = now() - start;
	after = resident_kb();
	grows = after - before >= 256;
	slower = second > 2 * first + 0.1;
	printf("%-36s %ld jumps, memory %s, %s\n", name, count - 1000, grows ? "GROWS" : "constant",
	       slower ? "SLOWER" : "as fast at the end");
	bad |= grows || slower;
	fprintf(stderr, "%s: %.2f us, %ld kB\n", name, (first + second) / (double)n * 1e6, after);
}

int main(int argc, char **argv)
{
	if (argc == 2)
		rounds = atol(argv[1]);
	use_altstack();
	handle(SIGUSR1, jump, 0);
	loop("siglongjmp", by_signal, rounds);
	handle(SIGUSR1, jump, SA_NODEFER);
	loop("longjmp, SA_NODEFER", by_signal_plain, rounds);
	handle(SIGUSR1, jump, SA_ONSTACK);
	loop("siglongjmp off the alternate stack", by_signal, rounds);
	handle(SIGUSR1, call_and_jump, SA_ONSTACK);
	loop("siglongjmp after a call", by_signal, rounds / 2);
	handle(SIGSEGV, jump, SA_ONSTACK);
	loop("siglongjmp out of a fault", by_fault, rounds / 2);
	handle(SIGSEGV, jump, SA_NODEFER);
	loop("longjmp out of a fault", by_fault_plain, rounds / 2);
	handle(SIGUSR1, switch_context, SA_ONSTACK);
	loop("swapcontext off the alternate stack", by_swapcontext, rounds / 2);
	return bad;
}
