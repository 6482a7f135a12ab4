/* SPDX-License-Identifier: MIT */
/* The command line: unshare(1)'s names and meanings, then secede's own. */
#include <getopt.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>
#include "cli/cli.h"

/* Long options without a letter. */
enum {
	OPT_MAP_USER = OPT_OWN,
	OPT_MAP_GROUP,
	OPT_PROPAGATION,
	OPT_SETGROUPS,
	OPT_KEEP_CAPS,
	OPT_KILL_CHILD,
	OPT_MOUNT_PROC,
	OPT_BIND,
	OPT_RO_BIND,
	OPT_TMPFS,
	OPT_HOSTNAME,
	OPT_LOG,
	OPT_STRICT_LINUX,
	OPT_NO_PATCH,
	OPT_STATS,
};

static const struct option long_options[] = {
    {"mount", optional_argument, NULL, 'm'},
    {"uts", optional_argument, NULL, 'u'},
    {"user", optional_argument, NULL, 'U'},
    {"map-root-user", no_argument, NULL, 'r'},
    {"map-current-user", no_argument, NULL, 'c'},
    {"map-user", required_argument, NULL, OPT_MAP_USER},
    {"map-group", required_argument, NULL, OPT_MAP_GROUP},
    {"propagation", required_argument, NULL, OPT_PROPAGATION},
    {"root", required_argument, NULL, 'R'},
    {"wd", required_argument, NULL, 'w'},
    {"setgroups", required_argument, NULL, OPT_SETGROUPS},
    {"keep-caps", no_argument, NULL, OPT_KEEP_CAPS},
    {"setuid", required_argument, NULL, 'S'},
    {"setgid", required_argument, NULL, 'G'},
    {"fork", no_argument, NULL, 'f'},
    {"kill-child", optional_argument, NULL, OPT_KILL_CHILD},
    {"mount-proc", optional_argument, NULL, OPT_MOUNT_PROC},
    {"bind", required_argument, NULL, OPT_BIND},
    {"ro-bind", required_argument, NULL, OPT_RO_BIND},
    {"tmpfs", required_argument, NULL, OPT_TMPFS},
    {"hostname", required_argument, NULL, OPT_HOSTNAME},
    {"log", required_argument, NULL, OPT_LOG},
    {"strict-linux", no_argument, NULL, OPT_STRICT_LINUX},
    {"no-patch", no_argument, NULL, OPT_NO_PATCH},
    {"stats", no_argument, NULL, OPT_STATS},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    /* unshare(1) knows these; see UNBUILT. */
    {"ipc", optional_argument, NULL, OPT_UNBUILT},
    {"net", optional_argument, NULL, OPT_UNBUILT},
    {"pid", optional_argument, NULL, OPT_UNBUILT},
    {"cgroup", optional_argument, NULL, OPT_UNBUILT},
    {"time", optional_argument, NULL, OPT_UNBUILT},
    {"map-users", required_argument, NULL, OPT_UNBUILT},
    {"map-groups", required_argument, NULL, OPT_UNBUILT},
    {"map-auto", no_argument, NULL, OPT_UNBUILT},
    {"monotonic", required_argument, NULL, OPT_UNBUILT},
    {"boottime", required_argument, NULL, OPT_UNBUILT},
    {NULL, 0, NULL, 0},
};
#define UNBUILT_LETTERS "inpCT"

unsigned parse_number(const char *text, const char *what)
{
	char *end;
	unsigned long v = strtoul(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end || v >= ID_NONE)
		die("%s is not a %s (a number is wanted)", text, what);
	return (unsigned)v;
}

static unsigned parse_user(const char *text)
{
	const struct passwd *entry;

	if (text[0] >= '0' && text[0] <= '9')
		return parse_number(text, "user id");
	entry = getpwnam(text);
	if (!entry)
		die("there is no user %s", text);
	return entry->pw_uid;
}

static unsigned parse_group(const char *text)
{
	const struct group *entry;

	if (text[0] >= '0' && text[0] <= '9')
		return parse_number(text, "group id");
	entry = getgrnam(text);
	if (!entry)
		die("there is no group %s", text);
	return entry->gr_gid;
}

static unsigned long parse_propagation(const char *text)
{
	static const struct {
		const char *name;
		unsigned long flags;
	} modes[] = {
	    {"slave", MS_REC | MS_SLAVE},
	    {"private", MS_REC | MS_PRIVATE},
	    {"shared", MS_REC | MS_SHARED},
	    {"unchanged", 0},
	};

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (!strcmp(text, modes[i].name))
			return modes[i].flags;
	}
	die("unsupported propagation mode: %s (private, shared, slave or unchanged is wanted)", text);
}

static enum setgroups parse_setgroups(const char *text)
{
	if (!strcmp(text, "allow"))
		return SETGROUPS_ALLOW;
	if (!strcmp(text, "deny"))
		return SETGROUPS_DENY;
	die("unsupported --setgroups argument: %s (allow or deny is wanted)", text);
}

static void add_mount(struct options *o, int option, char *argument)
{
	struct mount_option *m;

	o->mounts = reallocarray(o->mounts, (size_t)o->nr_mounts + 1, sizeof(*o->mounts));
	if (!o->mounts)
		die_errno("cannot read the options");
	m = &o->mounts[o->nr_mounts++];

	o->namespaces |= CLONE_NEWNS;
	m->target = argument;
	if (option == OPT_TMPFS) {
		m->kind = MOUNT_TMPFS;
		return;
	}
	m->kind = option == OPT_BIND ? MOUNT_BIND : MOUNT_RO_BIND;
	m->source = argument;
	m->target = strchr(argument, ':');
	if (!m->target || m->target == argument || !m->target[1])
		die("%s does not say what to bind where (SRC:DST is wanted)", argument);
	*m->target++ = '\0';
}

static void add_namespace(struct options *o, int flag, const char *file)
{
	if (file)
		die("a namespace that lasts, at %s, is not implemented yet", file);
	o->namespaces |= flag;
}

/* Options whose argument is a value to keep. */
static bool parse_value(struct options *o, int option, char *argument)
{
	switch (option) {
	case 'R':
		o->root = argument;
		return true;
	case 'w':
		o->directory = argument;
		return true;
	case 'S':
		o->setuid = parse_number(argument, "user id");
		return true;
	case 'G':
		o->setgid = parse_number(argument, "group id");
		return true;
	case OPT_PROPAGATION:
		o->propagation = parse_propagation(argument);
		return true;
	case OPT_SETGROUPS:
		o->setgroups = parse_setgroups(argument);
		return true;
	case OPT_KILL_CHILD:
		o->fork = true;
		o->kill_child = argument ? parse_signal(argument) : SIGKILL;
		if (!o->kill_child)
			die("there is no signal %s", argument);
		return true;
	case OPT_LOG:
		o->log = argument;
		return true;
	case OPT_STRICT_LINUX:
		o->strict_linux = true;
		return true;
	default:
		return false;
	}
}

/* Options that ask for namespaces, by themselves or by what they imply. */
static bool parse_namespace(struct options *o, int option, char *argument)
{
	switch (option) {
	case 'm':
		add_namespace(o, CLONE_NEWNS, argument);
		return true;
	case 'u':
		add_namespace(o, CLONE_NEWUTS, argument);
		return true;
	case 'U':
		add_namespace(o, CLONE_NEWUSER, argument);
		return true;
	case 'r':
		o->map_user = o->map_group = 0;
		break;
	case 'c':
		o->map_user = geteuid();
		o->map_group = getegid();
		break;
	case OPT_MAP_USER:
		o->map_user = parse_user(argument);
		break;
	case OPT_MAP_GROUP:
		o->map_group = parse_group(argument);
		break;
	case OPT_MOUNT_PROC:
		o->namespaces |= CLONE_NEWNS;
		o->proc = argument ? argument : "/proc";
		return true;
	case OPT_HOSTNAME:
		o->namespaces |= CLONE_NEWUTS;
		o->hostname = argument;
		return true;
	case OPT_BIND:
	case OPT_RO_BIND:
	case OPT_TMPFS:
		add_mount(o, option, argument);
		return true;
	default:
		return false;
	}
	o->namespaces |= CLONE_NEWUSER;
	return true;
}

/* Everything else: switches, and what ends the command. */
static void parse_rest(struct options *o, int option, const char *name)
{
	switch (option) {
	case 'f':
		o->fork = true;
		break;
	case OPT_KEEP_CAPS:
		o->keep_caps = true;
		break;
	case OPT_NO_PATCH:
		o->no_patch = true;
		break;
	case OPT_STATS:
		o->stats = true;
		break;
	default:
		end_command(option, name, print_help, "secede");
	}
}

void parse_options(int argc, char **argv, struct options *out)
{
	int option, which = 0;

	*out = (struct options){
	    .propagation = MS_REC | MS_PRIVATE,
	    .map_user = ID_NONE,
	    .map_group = ID_NONE,
	    .setuid = ID_NONE,
	    .setgid = ID_NONE,
	};
	/* '+': what follows the program is the program's. */
	while ((option = getopt_long(argc, argv, "+hVmuUrcfR:w:S:G:" UNBUILT_LETTERS, long_options, &which)) != -1) {
		if (!parse_value(out, option, optarg) && !parse_namespace(out, option, optarg))
			parse_rest(out, option, long_options[which].name);
	}
	if (out->map_group != ID_NONE && out->setgroups == SETGROUPS_ALLOW)
		die("--setgroups=allow cannot go with a mapped group: an unprivileged map needs deny");
	if (out->stats && !out->log)
		die("--stats writes into the log: --log=FILE is wanted as well");
	out->program = argv + optind;
}
