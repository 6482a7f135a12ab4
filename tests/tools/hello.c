/* SPDX-License-Identifier: MIT */
/*
 * A program that tells what the loader gave it: arguments, environment, auxiliary vector, thread-local
 * storage, its own name, and that fork, exec and threads go on from here. Linked in every way there is.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/wait.h>
#include <unistd.h>

static __thread int local = 42;
static int initialised;

__attribute__((constructor)) static void initialise(void)
{
	initialised = 1;
}

static void *thread(void *arg)
{
	local += *(int *)arg;
	*(int *)arg = local;
	return NULL;
}

static void say_threads(void)
{
	pthread_t id[4];
	int value[4], i;

	for (i = 0; i < 4; i++) {
		value[i] = i;
		if (pthread_create(&id[i], NULL, thread, &value[i]) != 0)
			return;
	}
	for (i = 0; i < 4; i++) {
		pthread_join(id[i], NULL);
		printf("thread %d: %d\n", i, value[i]);
	}
	printf("local: %d\n", local);
}

static void say_self(void)
{
	char exe[4096];
	ssize_t len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	const char *name = (const char *)getauxval(AT_EXECFN);

	exe[len > 0 ? len : 0] = 0;
	printf("exe: %s\n", strrchr(exe, '/') ? strrchr(exe, '/') + 1 : "?");
	printf("execfn: %s\n", strrchr(name, '/') ? strrchr(name, '/') + 1 : name);
	printf("page size: %lu, secure: %lu, random: %d, sysinfo: %d, phdr: %d, entry: %d\n", getauxval(AT_PAGESZ),
	       getauxval(AT_SECURE), getauxval(AT_RANDOM) != 0, getauxval(AT_SYSINFO_EHDR) != 0,
	       getauxval(AT_PHDR) != 0, getauxval(AT_ENTRY) != 0);
	printf("unset: %s\n", getenv("NO_SUCH_VARIABLE") ? "set" : "unset");
}

int main(int argc, char **argv)
{
	int i, status;
	pid_t pid;

	printf("constructor: %d, arguments: %d\n", initialised, argc);
	for (i = 1; i < argc; i++)
		printf("argument %d: <%s>\n", i, argv[i]);
	if (argc == 3 && strcmp(argv[1], "again") == 0)
		return atoi(argv[2]);
	say_self();
	say_threads();
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		execl(argv[0], argv[0], "again", "7", (char *)NULL);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	printf("child: %d\n", WEXITSTATUS(status));
	return 3;
}
