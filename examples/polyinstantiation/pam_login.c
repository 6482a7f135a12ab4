/* SPDX-License-Identifier: MIT */
/*
 * What login(1) does with PAM, and no more: opens a session of the service secede-login for user root, runs a program
 * in it, and closes it.
 *
 *	cc -o pam_login pam_login.c -lpam
 *	pam_login PROGRAM [ARGUMENT]...
 */
#include <security/pam_appl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* PAM's modules have something to say, and nothing to ask. */
static int say(int nr, const struct pam_message **messages, struct pam_response **responses, void *unused)
{
	(void)responses;
	(void)unused;
	for (int i = 0; i < nr; i++) {
		if (messages[i]->msg_style != PAM_ERROR_MSG && messages[i]->msg_style != PAM_TEXT_INFO)
			return PAM_CONV_ERR;
		fprintf(stderr, "%s\n", messages[i]->msg);
	}
	return PAM_SUCCESS;
}

/* Exit status as a shell would say it. */
static int run(char **argv)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		execvp(argv[0], argv);
		perror(argv[0]);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0) {
		perror("pam_login");
		return 1;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	const struct pam_conv conv = {say, NULL};
	pam_handle_t *pam;
	int err, status = 1;

	if (argc < 2) {
		fputs("usage: pam_login PROGRAM [ARGUMENT]...\n", stderr);
		return 2;
	}
	err = pam_start("secede-login", "root", &conv, &pam);
	if (err != PAM_SUCCESS) {
		fprintf(stderr, "pam_login: cannot start PAM: %d\n", err);
		return 1;
	}
	err = pam_open_session(pam, 0);
	if (err == PAM_SUCCESS) {
		status = run(argv + 1);
		err = pam_close_session(pam, 0);
	}
	if (err != PAM_SUCCESS)
		fprintf(stderr, "pam_login: %s (the reason goes to the syslog)\n", pam_strerror(pam, err));
	pam_end(pam, err);
	return status;
}
