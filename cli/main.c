/* SPDX-License-Identifier: MIT */
/* The order of things, which is unshare(1)'s. */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>
#include "cli/cli.h"

void make_namespaces(const struct options *options)
{
	if (options->namespaces && unshare(options->namespaces) != 0)
		die_errno("cannot make new namespaces");
}

int main(int argc, char **argv)
{
	unsigned euid = geteuid(), egid = getegid();
	struct options options;

	if (argc > 1 && (!strcmp(argv[1], "map") || !strcmp(argv[1], "ls")))
		run_second(argv[1], argv + 1);
	if (argc > 1 && !strcmp(argv[1], "enter"))
		run_enter(argc - 1, argv + 1);
	parse_options(argc, argv, &options);
	enter_session(&options, argv);
	make_namespaces(&options);
	if (options.fork)
		run_in_child();
	if (options.kill_child && prctl(PR_SET_PDEATHSIG, options.kill_child) != 0)
		die_errno("cannot let the program die with secede");
	write_id_maps(&options, euid, egid);
	if (options.hostname && sethostname(options.hostname, __builtin_strlen(options.hostname)) != 0)
		die_errno("cannot set the host name to %s", options.hostname);
	make_mounts(&options);
	change_root(&options);
	mount_proc(&options);
	change_ids(&options);
	if (options.keep_caps && (options.namespaces & CLONE_NEWUSER))
		keep_capabilities();
	run_program(options.program);
}
