/* SPDX-License-Identifier: MIT */
/* The command line of secede enter: nsenter(1)'s names and meanings. */
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include "cli/enter.h"

const char FROM_TARGET[] = "";

const struct enter_kind enter_kinds[ENTER_KINDS] = {
    {CLONE_NEWNS, "ns/mnt", "mount"},
    {CLONE_NEWUTS, "ns/uts", "UTS"},
    {CLONE_NEWUSER, "ns/user", "user"},
};
enum { KIND_MNT, KIND_UTS, KIND_USER };

enum { OPT_PRESERVE = OPT_OWN };

static const struct option long_options[] = {
    {"all", no_argument, NULL, 'a'},
    {"target", required_argument, NULL, 't'},
    {"mount", optional_argument, NULL, 'm'},
    {"uts", optional_argument, NULL, 'u'},
    {"user", optional_argument, NULL, 'U'},
    {"root", optional_argument, NULL, 'r'},
    {"wd", optional_argument, NULL, 'w'},
    {"wdns", required_argument, NULL, 'W'},
    {"setuid", required_argument, NULL, 'S'},
    {"setgid", required_argument, NULL, 'G'},
    {"preserve-credentials", no_argument, NULL, OPT_PRESERVE},
    {"no-fork", no_argument, NULL, 'F'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    /* nsenter(1) knows these. */
    {"ipc", optional_argument, NULL, OPT_UNBUILT},
    {"net", optional_argument, NULL, OPT_UNBUILT},
    {"pid", optional_argument, NULL, OPT_UNBUILT},
    {"cgroup", optional_argument, NULL, OPT_UNBUILT},
    {"time", optional_argument, NULL, OPT_UNBUILT},
    {"follow-context", no_argument, NULL, OPT_UNBUILT},
    {NULL, 0, NULL, 0},
};
static const char letters[] = "+ahVFt:m::u::U::r::w::W:S:G:i::n::p::C::T::Z";

static void print_enter_help(void)
{
	fputs("Usage: secede enter [options] [session] [options] [program [arguments]]\n"
	      "Run a program in a running session: in all contexts of one of its processes, or\n"
	      "in those that are chosen, like nsenter(1).\n"
	      "\n"
	      " -t, --target=PID          the same as naming the session by it\n"
	      " -a, --all                 all namespaces\n"
	      " -m, --mount[=FILE]        mount namespace\n"
	      " -u, --uts[=FILE]          UTS namespace (host name)\n"
	      " -U, --user[=FILE]         user namespace\n"
	      " -r, --root[=DIR]          root directory\n"
	      " -w, --wd[=DIR]            working directory      -W, --wdns=DIR   one in there\n"
	      " -S, --setuid=UID          user id                -G, --setgid=GID   group id\n"
	      "     --preserve-credentials, -F, --no-fork        as is done anyway\n"
	      " -h, --help                show this              -V, --version\n"
	      "\n"
	      "A session is named by the number of a process of it, whose contexts are taken.\n"
	      "Or by its number in secede ls, or by a program that runs in it: then those of\n"
	      "its first process are. Without a program, $SHELL is run (default: /bin/sh).\n",
	      stdout);
}

static const char *from(const char *argument)
{
	if (argument && !argument[0])
		die("an option that takes a file or a directory has an empty one");
	return argument ? argument : FROM_TARGET;
}

/* What is to be entered. False: the option says something else. */
static bool parse_context(struct enter_options *o, int option, const char *argument)
{
	switch (option) {
	case 'a':
		for (int i = 0; i < ENTER_KINDS; i++)
			o->file[i] = o->file[i] ? o->file[i] : FROM_TARGET;
		break;
	case 'm':
		o->file[KIND_MNT] = from(argument);
		break;
	case 'u':
		o->file[KIND_UTS] = from(argument);
		break;
	case 'U':
		o->file[KIND_USER] = from(argument);
		break;
	case 'r':
		o->root = from(argument);
		break;
	case 'w':
		o->directory = from(argument);
		break;
	default:
		return false;
	}
	o->everything = false;
	return true;
}

static void parse_other(struct enter_options *o, int option, char *argument, const char *name)
{
	switch (option) {
	case 't':
		o->session = argument;
		break;
	case 'W':
		o->inner_directory = argument;
		break;
	case 'S':
		o->setuid = parse_number(argument, "user id");
		break;
	case 'G':
		o->setgid = parse_number(argument, "group id");
		break;
	case 'F':
	case OPT_PRESERVE:
		break;
	default:
		end_command(option, name, print_enter_help, "secede enter");
	}
}

/* Options up to the first argument that is none. */
static void parse_some(struct enter_options *o, int argc, char **argv)
{
	int option, which = 0;

	while ((option = getopt_long(argc, argv, letters, long_options, &which)) != -1) {
		if (!parse_context(o, option, optarg))
			parse_other(o, option, optarg, long_options[which].name);
	}
}

void parse_enter(int argc, char **argv, struct enter_options *out)
{
	*out = (struct enter_options){.everything = true, .setuid = ID_NONE, .setgid = ID_NONE};
	argv[0] = "secede enter";
	parse_some(out, argc, argv);
	if (!out->session && argv[optind]) {
		out->session = argv[optind++];
		parse_some(out, argc, argv);
	}
	out->program = argv + optind;
	if (!out->everything)
		return;
	for (int i = 0; i < ENTER_KINDS; i++)
		out->file[i] = FROM_TARGET;
	out->root = out->directory = FROM_TARGET;
}
