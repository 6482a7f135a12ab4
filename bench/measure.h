/* SPDX-License-Identifier: MIT */
/* What the benchmarks share: time, repeated calls, medians, and their one line of output, "NAME NANOSECONDS". */
#ifndef SECEDE_BENCH_MEASURE_H
#define SECEDE_BENCH_MEASURE_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SLICE_NS 10000000.0 /* how long report() calls in a row, about */
#define SLICES	 3

/* Set to CLOCK_PROCESS_CPUTIME_ID where nobody else works for the calls that are measured. */
static clockid_t measure_clock = CLOCK_MONOTONIC;

__attribute__((noreturn)) static inline void die(const char *what)
{
	perror(what);
	exit(1);
}

static inline double now_ns(void)
{
	struct timespec t;

	clock_gettime(measure_clock, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static inline int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static inline void print_ns(const char *name, double ns)
{
	printf("%s %.1f\n", name, ns);
	fflush(stdout);
}

static inline void print_median(const char *name, double *ns, int n)
{
	qsort(ns, (size_t)n, sizeof(*ns), by_size);
	print_ns(name, ns[n / 2]);
}

/* Nanoseconds a call, of `count` calls in a row. */
static inline double per_call(void (*call)(void), long count)
{
	double start = now_ns();

	for (long i = 0; i < count; i++)
		call();
	return (now_ns() - start) / (double)count;
}

/* Prints the median of some slices, each of as many calls as take SLICE_NS after `few` have shown how long one takes.
 */
static inline void report_few(const char *name, void (*call)(void), long few)
{
	double slices[SLICES], once = per_call(call, few);
	long count = (long)(SLICE_NS / once) + 1;

	for (int i = 0; i < SLICES; i++)
		slices[i] = per_call(call, count);
	print_median(name, slices, SLICES);
}

static inline void report(const char *name, void (*call)(void))
{
	report_few(name, call, 200);
}

#endif
