/* SPDX-License-Identifier: MIT */
/* Looks at / often: enough for its call sites to be patched, whichever C library it is linked with. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define OFTEN 200

int main(void)
{
	struct stat st;
	int i, fd;

	for (i = 0; i < OFTEN; i++) {
		if (stat("/", &st) || !S_ISDIR(st.st_mode))
			return 1;
		fd = open("/", O_RDONLY | O_DIRECTORY);
		if (fd < 0 || fstat(fd, &st) || close(fd))
			return 1;
	}
	return 0;
}
