/* SPDX-License-Identifier: MIT */
/* A table of tests, each run in a process of its own and judged by how that ends; prints TAP. */
#ifndef SECEDE_TESTS_SPEC_TAP_H
#define SECEDE_TESTS_SPEC_TAP_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct test {
	const char *name;
	void (*run)(void);
};

/* Ends the test when `condition` does not hold. */
#define CHECK(condition) check_that((condition), #condition, __FILE__, __LINE__)
/* The call must fail with `error`. */
#define CHECK_FAILS(call, error) check_fails((long)(call), (error), #call, __FILE__, __LINE__)
/* The call must not fail; its value. */
#define CHECK_OK(call) check_ok((long)(call), #call, __FILE__, __LINE__)

static inline void check_that(int condition, const char *text, const char *file, int line)
{
	if (condition)
		return;
	printf("# %s:%d: %s (errno: %s)\n", file, line, text, strerror(errno));
	fflush(stdout);
	_exit(1);
}

static inline long check_ok(long result, const char *text, const char *file, int line)
{
	check_that(result >= 0, text, file, line);
	return result;
}

static inline void check_fails(long result, int error, const char *text, const char *file, int line)
{
	if (result == -1 && errno == error)
		return;
	printf("# %s:%d: %s: result %ld, errno %s; wanted %s\n", file, line, text, result,
	       result == -1 ? strerrorname_np(errno) : "0", strerrorname_np(error));
	fflush(stdout);
	_exit(1);
}

/* Runs one test in a child and says how it went. */
static inline int run_test(int number, const struct test *test)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		alarm(60);
		test->run();
		fflush(stdout);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		status = -1;
	if (status > 0 && WIFSIGNALED(status))
		printf("# ended by signal %d\n", WTERMSIG(status));
	printf("%s %d - %s\n", status == 0 ? "ok" : "not ok", number, test->name);
	return status == 0;
}

static inline int run_tests(const struct test *tests, int count)
{
	int i, good = 0;

	for (i = 0; i < count; i++)
		good += run_test(i + 1, &tests[i]);
	printf("1..%d\n", count);
	return good == count ? 0 : 1;
}

#define RUN_TESTS(table) run_tests((table), (int)(sizeof(table) / sizeof((table)[0])))

#endif
