/* SPDX-License-Identifier: MIT */
/*
 * Executes programs and says how that went: the name of execve(2)'s error, or how the program ended.
 *
 *	tryexec PROGRAM...            each with no argument
 *	tryexec -n COUNT SIZE         /bin/true with COUNT arguments of SIZE bytes
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void try(const char *program, char *const *argv)
{
	char *const envp[] = {"A=1", NULL};
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		execve(program, argv, envp);
		printf("%s\n", strerrorname_np(errno));
		fflush(stdout);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		printf("%s\n", strerrorname_np(errno));
	else if (WIFSIGNALED(status))
		printf("signal %d\n", WTERMSIG(status));
	else
		printf("status %d\n", WEXITSTATUS(status));
}

static void try_arguments(size_t count, size_t size)
{
	char **argv = calloc(count + 2, sizeof(*argv)), *text = malloc(size);
	size_t i;

	if (argv == NULL || text == NULL || size == 0)
		exit(2);
	memset(text, 'x', size);
	text[size - 1] = 0;
	argv[0] = "true";
	for (i = 1; i <= count; i++)
		argv[i] = text;
	printf("%zu arguments of %zu bytes: ", count, size);
	try("/bin/true", argv);
	free(argv);
	free(text);
}

int main(int argc, char **argv)
{
	int i;

	if (argc == 4 && strcmp(argv[1], "-n") == 0) {
		try_arguments(strtoul(argv[2], NULL, 10), strtoul(argv[3], NULL, 10));
		return 0;
	}
	for (i = 1; i < argc; i++) {
		const char *name = strrchr(argv[i], '/');

		printf("%.40s: ", name != NULL ? name + 1 : argv[i]);
		try(argv[i], (char *const[]){argv[i], NULL});
	}
	return 0;
}
