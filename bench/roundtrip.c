/* SPDX-License-Identifier: MIT */
/*
 * The warden's round trip: CALLERS processes change the host name as fast as they can; prints
 * "NAME NANOSECONDS", what one call takes for its caller on average.
 *
 *	roundtrip NAME CALLERS
 */
#include <sys/wait.h>
#include <unistd.h>
#include "bench/measure.h"

#define CALLS 20000

static void call(int count)
{
	int i;

	for (i = 0; i < count; i++)
		if (sethostname(i & 1 ? "one" : "two", 3) != 0)
			_exit(1);
}

int main(int argc, char **argv)
{
	int callers = argc == 3 ? atoi(argv[2]) : 0, calls, i, status, failed = 0;
	double start;

	if (callers < 1)
		return 2;
	calls = CALLS / callers;
	call(100);
	start = now_ns();
	for (i = 0; i < callers; i++) {
		if (fork() == 0) {
			call(calls);
			_exit(0);
		}
	}
	while (wait(&status) > 0)
		failed |= status;
	if (failed)
		return 1;
	print_ns(argv[1], (now_ns() - start) / calls);
	return 0;
}
