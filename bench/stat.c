/* SPDX-License-Identifier: MIT */
/* stat(2) of a file in a loop: for C libraries other than glibc. */
#include "bench/measure.h"
#include "bench/path.h"

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	snprintf(path, sizeof(path), "%s", argv[2]);
	report(argv[1], call_stat);
	return 0;
}
