/* SPDX-License-Identifier: MIT */
/*
 * alone SECONDS COMMAND [ARGUMENT]...: runs a command, and nothing that it started outlives it.
 *
 * Daemons leave their process group and their session; only a subreaper still sees them. What is there a second after
 * the command's end is named, killed and waited for. A command that takes longer than SECONDS is killed and counts
 * as exit 124. The warden of secede goes by itself when its last guest has gone, and removes what it stored: it is
 * killed only when it does not.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TICK_MS	 20
#define GRACE_MS 1000
#define PATIENCE 15

static pid_t command;
static int command_status = -1;

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits for children until `deadline`; true when there are none left, or only_command and that one has ended. */
static bool reap_until(long deadline, bool only_command)
{
	while (true) {
		int status;
		pid_t pid = waitpid(-1, &status, WNOHANG);

		if (pid < 0)
			return true;
		if (pid == command)
			command_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
		if (only_command && command_status >= 0)
			return true;
		if (pid > 0)
			continue;
		if (now_ms() >= deadline)
			return false;
		usleep(TICK_MS * 1000);
	}
}

static void comm_of(int pid, char name[32])
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	strcpy(name, "?");
	file = fopen(path, "r");
	if (file == NULL)
		return;
	if (fgets(name, 32, file) != NULL)
		name[strcspn(name, "\n")] = '\0';
	fclose(file);
}

/* Kills all children of ours; their own children become ours by that. */
static void kill_children(bool tell, bool warden_too)
{
	char path[64], name[32];
	FILE *file;
	int pid;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	file = fopen(path, "r");
	if (file == NULL)
		return;
	while (fscanf(file, "%d", &pid) == 1) {
		comm_of(pid, name);
		if (strcmp(name, "secede-warden") == 0 && !warden_too)
			continue;
		if (tell)
			printf("not ok: left behind: %s\n", name);
		kill(pid, SIGKILL);
	}
	fclose(file);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	long seconds = argc > 2 ? strtol(argv[1], NULL, 10) : 0;
	bool in_time;
	int round;

	if (seconds <= 0) {
		fprintf(stderr, "usage: alone SECONDS COMMAND [ARGUMENT]...\n");
		return 125;
	}
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) {
		perror("alone: PR_SET_CHILD_SUBREAPER");
		return 125;
	}
	command = fork();
	if (command < 0) {
		perror("alone: fork");
		return 125;
	}
	if (command == 0) {
		execvp(argv[2], argv + 2);
		fprintf(stderr, "alone: %s: %s\n", argv[2], strerror(errno));
		_exit(127);
	}
	in_time = reap_until(now_ms() + seconds * 1000, true);
	if (!in_time) {
		printf("not ok: killed after %ld seconds\n", seconds);
		kill_children(false, false);
		reap_until(now_ms() + GRACE_MS, true);
		command_status = 124;
	}
	for (round = 0; round < PATIENCE && !reap_until(now_ms() + GRACE_MS, false); round++)
		kill_children(in_time && round == 0, round >= PATIENCE / 2);
	return command_status;
}
