/* SPDX-License-Identifier: MIT */
/* secede map: its command line, and the order of things. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include "cli/cli.h"
#include "map/map.h"

enum form { FORM_TABLE, FORM_JSON, FORM_SVG };

static void print_map_help(void)
{
	fputs("Usage: secede map [options] [session]\n"
	      "Show which tasks of a running session share which contexts.\n"
	      "\n"
	      " -J, --json     the table as JSON\n"
	      "     --svg      a drawing\n"
	      " -h, --help     show this\n"
	      "\n"
	      "A session is named by the number of any process of it, or by a program that runs\n"
	      "in it. In each column, tasks with the same number have the same object; shared\n"
	      "ones are coloured on a terminal, unless NO_COLOR is set. See secede(1).\n",
	      stdout);
}

static enum form parse(int argc, char **argv, const char **session)
{
	static const struct option options[] = {
	    {"json", no_argument, NULL, 'J'},
	    {"svg", no_argument, NULL, 's'},
	    {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0},
	};
	enum form form = FORM_TABLE;
	int option;

	while ((option = getopt_long(argc, argv, "Jh", options, NULL)) != -1) {
		if (option == 'h') {
			print_map_help();
			end_output();
		}
		if (option == '?') {
			fputs("Try 'secede map --help' for more information.\n", stderr);
			exit(EXIT_FAILURE);
		}
		if (form != FORM_TABLE)
			die("one of --json and --svg can be given");
		form = option == 'J' ? FORM_JSON : FORM_SVG;
	}
	if (argc - optind > 1)
		die("one session can be named, not %d", argc - optind);
	*session = argv[optind];
	return form;
}

struct reading {
	const struct session *session;
	struct map *map;
};

static bool take_process(int pid, void *arg)
{
	const struct reading *r = arg;

	if (session_has(r->session, pid))
		read_process(r->session, r->map, pid);
	return true;
}

static void say_what_is_unknown(const struct map *map)
{
	for (size_t i = 0; i < map->nr; i++) {
		if (map->task[i].object[CTX_FS] == OBJECT_UNKNOWN) {
			fputs("secede: what is marked ? the host does not let you see (kernel.yama.ptrace_scope?)\n",
			      stderr);
			return;
		}
	}
}

int main(int argc, char **argv)
{
	struct session session;
	struct map map = {0};
	struct reading reading = {&session, &map};
	const char *name;
	enum form form;

	form = parse(argc, argv, &name);
	session_find(name, &session);
	for_each_number("/proc", take_process, &reading);
	if (!map.nr)
		die("the session has ended");
	number_objects(&map);
	if (form == FORM_SVG)
		print_svg(&map);
	else
		print_table(&map, form == FORM_JSON);
	if (fflush(stdout) || ferror(stdout))
		die_errno("cannot write");
	session_warn(&session);
	say_what_is_unknown(&map);
	return EXIT_SUCCESS;
}
