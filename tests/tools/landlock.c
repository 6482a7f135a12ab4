/* SPDX-License-Identifier: MIT */
/*
 * Runs a command in a Landlock domain (landlock(7)).
 *
 *	landlock HANDLED RULE... -- COMMAND [ARGUMENT]...
 *
 * HANDLED and the part of a RULE (LETTERS=PATH) before the = are letters: x executing, r reading, w writing, making and
 * removing, f renaming and linking between directories, b binding to TCP ports, s signals to the outside. What is
 * handled is denied, but for the rules.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define READ	 (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITE	 0x5ff2 /* from WRITE_FILE and REMOVE_DIR to TRUNCATE, but for REFER */
#define REFER	 0x2000
#define OF_FILES 0x4007 /* EXECUTE, WRITE_FILE, READ_FILE, TRUNCATE */

/* struct landlock_ruleset_attr as it is today: older headers have less. */
struct attr {
	uint64_t fs, net, scoped;
};

static void die(const char *what)
{
	fprintf(stderr, "landlock: %s: %s\n", what, strerror(errno));
	exit(125);
}

static uint64_t fs_rights(const char *letters, size_t n)
{
	uint64_t rights = 0;

	for (size_t i = 0; i < n; i++)
		rights |= letters[i] == 'x'   ? LANDLOCK_ACCESS_FS_EXECUTE
			  : letters[i] == 'r' ? READ
			  : letters[i] == 'w' ? WRITE
			  : letters[i] == 'f' ? REFER
					      : 0;
	return rights;
}

/* Rights that are not handled, or are for directories, may not be part of a rule: they are left out. */
static void add_rule(int ruleset, const char *rule, uint64_t handled)
{
	const char *path = strchr(rule, '=');
	struct landlock_path_beneath_attr beneath;
	struct stat st;

	if (!path)
		die(rule);
	beneath.parent_fd = open(path + 1, O_PATH | O_CLOEXEC);
	if (beneath.parent_fd < 0 || fstat(beneath.parent_fd, &st))
		die(path + 1);
	beneath.allowed_access = fs_rights(rule, (size_t)(path - rule)) & handled;
	if (!S_ISDIR(st.st_mode))
		beneath.allowed_access &= OF_FILES;
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0))
		die(rule);
	close(beneath.parent_fd);
}

int main(int argc, char **argv)
{
	struct attr attr = {0};
	int ruleset, i;

	if (argc < 4)
		return 125;
	attr.fs = fs_rights(argv[1], strlen(argv[1]));
	attr.net = strchr(argv[1], 'b') ? 1 : 0;
	attr.scoped = strchr(argv[1], 's') ? 2 : 0;
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (ruleset < 0)
		die("ruleset");
	for (i = 2; i < argc && strcmp(argv[i], "--"); i++)
		add_rule(ruleset, argv[i], attr.fs);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || syscall(SYS_landlock_restrict_self, ruleset, 0))
		die("restrict");
	execvp(argv[i + 1], argv + i + 1);
	die(argv[i + 1]);
	return 125;
}
