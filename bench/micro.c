/* SPDX-License-Identifier: MIT */
/*
 * What one system call costs: prints "NAME NANOSECONDS" for calls that pass through and for calls that
 * take a path below DIRECTORY.
 *
 *	micro DIRECTORY
 */
#include <fcntl.h>
#include <linux/futex.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SLICE_NS 20000000.0 /* how long one measurement lasts, about */
#define SLICES	 5

static int zero_fd, null_fd, word;
static char path[4096];

static void call_read(void)
{
	char c;

	if (read(zero_fd, &c, 1) != 1)
		abort();
}

static void call_write(void)
{
	if (write(null_fd, "x", 1) != 1)
		abort();
}

static void call_futex(void)
{
	syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void call_getppid(void)
{
	syscall(SYS_getppid);
}

static void call_stat(void)
{
	struct stat st;

	if (stat(path, &st) != 0)
		abort();
}

static void call_open_close(void)
{
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		abort();
	close(fd);
}

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Nanoseconds a call, of `count` calls in a row. */
static double measure(void (*call)(void), long count)
{
	double start = now_ns();
	long i;

	for (i = 0; i < count; i++)
		call();
	return (now_ns() - start) / (double)count;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void report(const char *name, void (*call)(void))
{
	double slices[SLICES], once = measure(call, 200);
	long count = (long)(SLICE_NS / once) + 1;
	int i;

	for (i = 0; i < SLICES; i++)
		slices[i] = measure(call, count);
	qsort(slices, SLICES, sizeof(slices[0]), compare);
	printf("%s %.1f\n", name, slices[SLICES / 2]);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	snprintf(path, sizeof(path), "%s/some/where/below/file", argv[1]);
	zero_fd = open("/dev/zero", O_RDONLY);
	null_fd = open("/dev/null", O_WRONLY);
	report("read", call_read);
	report("write", call_write);
	report("futex", call_futex);
	report("getppid", call_getppid);
	report("stat", call_stat);
	report("open+close", call_open_close);
	return 0;
}
