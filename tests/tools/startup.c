/* SPDX-License-Identifier: MIT */
/* What a program is given when it starts, and what it is called: auxiliary vector, arguments, names. */
#include <elf.h>
#include <fcntl.h>
#include <linux/prctl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/param.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "tests/tools/lines.h"

static int arg_count;
static char **args;
extern char _end[], _start[] __attribute__((weak));

/* Reads a file whole; "" when that fails. */
static ssize_t slurp(const char *name, char *text, size_t size)
{
	int fd = open(name, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	return n;
}

/* With NUL bytes made visible. */
static void show_file(const char *name)
{
	char text[4096];
	ssize_t n = slurp(name, text, sizeof(text)), i;

	printf("%s: ", strrchr(name, '/') + 1);
	if (n < 0) {
		printf("%s; ", strerrorname_np(errno));
		return;
	}
	for (i = 0; i < n && i < 300; i++)
		putchar(text[i] ? text[i] == '\n' ? '$' : text[i] : '|');
	printf("; ");
}

/* ---- the auxiliary vector ---- */

static const char *place_of(uint64_t value)
{
	uint64_t stack = (uint64_t)(uintptr_t)args;

	if (!value)
		return "0";
	if (value > stack - 65536 && value < stack + (1 << 20))
		return "stack";
	return "mapped";
}

static void show_entry(uint64_t type, uint64_t value)
{
	switch (type) {
	case AT_EXECFN:
	case AT_PLATFORM:
		printf("%lu=%s(%s) ", (unsigned long)type, (char *)value, place_of(value));
		break;
	case AT_RANDOM:
	case AT_SYSINFO_EHDR:
		printf("%lu=%s ", (unsigned long)type, place_of(value));
		break;
	case AT_BASE:
		printf("%lu=%s ", (unsigned long)type, value ? memcmp((char *)value, ELFMAG, 4) ? "bad" : "ELF" : "0");
		break;
	case AT_PHDR:
		printf("%lu=ELF+%lx ", (unsigned long)type, (unsigned long)(value & 0xfff));
		break;
	case AT_ENTRY:
		printf("%lu=%s ", (unsigned long)type, value == (uint64_t)(uintptr_t)_start ? "_start" : "bad");
		break;
	default:
		printf("%lu=%lx ", (unsigned long)type, (unsigned long)value);
	}
}

static void auxv(void)
{
	const uint64_t *v;
	char **e = environ;

	while (*e)
		e++;
	for (v = (uint64_t *)(e + 1); v[0]; v += 2)
		show_entry(v[0], v[1]);
	printf("end=%lx; ", (unsigned long)v[1]);
}

/* The file says the same as the stack. */
static void auxv_file(void)
{
	char text[4096];
	ssize_t n = slurp("/proc/self/auxv", text, sizeof(text));
	char **e = environ;
	const uint64_t *v;

	while (*e)
		e++;
	v = (uint64_t *)(e + 1);
	printf("%ld bytes, %s; ", (long)n, n > 0 && memcmp(v, text, (size_t)n - 16) == 0 ? "equal" : "DIFFERENT");
}

/* Where the stack's parts stand: arguments one after the other, then the environment, then the program's name. */
static void stack_layout(void)
{
	const char *end = args[0], *name = (const char *)getauxval(AT_EXECFN);
	int i;

	for (i = 0; i < arg_count; i++) {
		printf("arg+%ld ", (long)(args[i] - end));
		end = args[i] + strlen(args[i]) + 1;
	}
	for (i = 0; environ[i]; i++) {
		printf("env+%ld ", (long)(environ[i] - end));
		end = environ[i] + strlen(environ[i]) + 1;
	}
	printf("name+%ld; alignment %lx; ", (long)(name - end), (unsigned long)((uintptr_t)(args - 1) & 15));
	end = name + strlen(name) + 1;
	printf("zeros behind it %d; ", end[0] == 0 && end[7] == 0);
}

static void heap(void)
{
	char *brk = (char *)syscall(SYS_brk, 0);

	printf("heap behind the program %d, aligned %d, ", brk >= _end && brk < _end + (64UL << 30),
	       ((uintptr_t)brk & 0xfff) == 0);
	printf("grows %d; ", (char *)syscall(SYS_brk, brk + 4096) == brk + 4096);
}

/* ---- names ---- */

static void names(void)
{
	char name[17] = "";

	prctl(PR_GET_NAME, name);
	printf("%s; ", name);
	show_file("/proc/self/comm");
	show_file("/proc/self/cmdline");
	show_file("/proc/self/environ");
	tell("PR_SET_NAME", prctl(PR_SET_NAME, "a name that is too long"));
	show_file("/proc/self/comm");
	show_file("/proc/thread-self/comm");
	tell("bad name", prctl(PR_SET_NAME, 8));
	tell("bad name", prctl(PR_GET_NAME, 8));
}

static void *rename_thread(void *arg)
{
	char path[64];
	int fd;

	prctl(PR_SET_NAME, "thread");
	snprintf(path, sizeof(path), "/proc/self/task/%ld/comm", syscall(SYS_gettid));
	show_file(path);
	show_file("/proc/self/comm");
	fd = open(path, O_WRONLY);
	tell("write", write(fd, "written", 7));
	close(fd);
	show_file("/proc/thread-self/comm");
	return NULL;
}

static void thread_names(void)
{
	pthread_t thread;
	char path[64];

	pthread_create(&thread, NULL, rename_thread, NULL);
	pthread_join(thread, NULL);
	show_file("/proc/self/comm");
	snprintf(path, sizeof(path), "/proc/%d/comm", (int)getppid());
	tell("open our parent's", open(path, O_WRONLY));
}

/* As setproctitle(3) does: over the arguments, and over the environment behind them. */
static void title(void)
{
	size_t room = strlen(args[0]);

	memset(args[0], 0, room);
	memcpy(args[0], "title", MIN(room, (size_t)6));
	show_file("/proc/self/cmdline");
	if (environ[0]) {
		char *last = args[arg_count - 1] + strlen(args[arg_count - 1]);

		memset(args[0], 'x', (size_t)(last - args[0]) + 1);
		strcpy(environ[0], "..");
		show_file("/proc/self/cmdline");
		show_file("/proc/self/environ");
	}
}

static void set_mm(void)
{
	static char text[] = "new\0arguments";
	static const int options[] = {PR_SET_MM_START_CODE, PR_SET_MM_END_CODE, PR_SET_MM_START_DATA,
				      PR_SET_MM_START_BRK,  PR_SET_MM_BRK,	PR_SET_MM_ARG_START,
				      PR_SET_MM_ARG_END,    PR_SET_MM_AUXV,	PR_SET_MM_EXE_FILE};
	unsigned size = 0;
	size_t i;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		tell("PR_SET_MM", prctl(PR_SET_MM, options[i], text, 0, 0));
	tell("size", prctl(PR_SET_MM, PR_SET_MM_MAP_SIZE, &size, 0, 0));
	printf("%u; ", size);
	tell("map", prctl(PR_SET_MM, PR_SET_MM_MAP, text, 5, 0));
}

static const struct line lines[] = {
    {"auxiliary vector", auxv}, {"/proc/self/auxv", auxv_file},	    {"stack", stack_layout}, {"heap", heap},
    {"names", names},		{"names of threads", thread_names}, {"setproctitle", title}, {"PR_SET_MM", set_mm},
};

int main(int argc, char **argv)
{
	arg_count = argc;
	args = argv;
	if (argc > 1 && strcmp(argv[1], "--again") == 0) {
		char *again[] = {"", "two words", "", NULL}, *envp[] = {"A=1", "", "B", NULL};

		execve("/proc/self/exe", again, envp);
	}
	SHOW_LINES(lines);
	return 0;
}
