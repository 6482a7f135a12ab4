/* SPDX-License-Identifier: MIT */
/*
 * The command: reads unshare(1)'s options and its own, becomes a guest of a new session, does with
 * plain system calls what the options say, and executes the program.
 */
#ifndef SECEDE_CLI_CLI_H
#define SECEDE_CLI_CLI_H

#include <stdbool.h>
#include <sys/types.h>

#define SECEDE_VERSION "0.1.0"

/* ---- what the options say (cli/options.c) ---- */

/* --bind, --ro-bind, --tmpfs: done in the order given. */
struct mount_option {
	enum { MOUNT_BIND, MOUNT_RO_BIND, MOUNT_TMPFS } kind;
	char *source, *target;
};

enum setgroups { SETGROUPS_NONE, SETGROUPS_ALLOW, SETGROUPS_DENY };

#define ID_NONE ((unsigned)-1)

struct options {
	int namespaces;		      /* CLONE_NEW* */
	unsigned long propagation;    /* MS_* for the whole tree; 0: unchanged */
	unsigned map_user, map_group; /* ID_NONE: no map */
	enum setgroups setgroups;
	bool keep_caps;
	const char *root, *directory;
	const char *proc; /* --mount-proc; NULL: none */
	unsigned setuid, setgid;
	bool fork;
	int kill_child; /* signal; 0: none */
	const char *hostname;
	const char *log;
	bool strict_linux, no_patch, stats;
	struct mount_option *mounts;
	int nr_mounts;
	char **program; /* {NULL}: the shell */
};

/* Reads argv. Ends the process itself for --help, --version and what is wrong. */
void parse_options(int argc, char **argv, struct options *out);
/* A signal by number, name, or name with SIG in front; 0: none such. (cli/signals.c) */
int parse_signal(const char *name);
/* The number that `text` is, or the end with a message that says what is wanted. */
unsigned parse_number(const char *text, const char *what);
void print_help(void); /* cli/help.c */

/* What getopt_long(3) returns for long options without a letter: OPT_UNBUILT for those that util-linux's command of the
 * kind knows and ours does not, others from OPT_OWN on. */
enum { OPT_UNBUILT = 256, OPT_OWN };
/* The options that end a command: -h, -V, a wrong one, one that is not built (`name`: its long name). `command`: whose
 * --help is to be asked for. (cli/end.c) */
__attribute__((noreturn)) void end_command(int option, const char *name, void (*help)(void), const char *command);

/* secede map, secede ls: executes that program with these arguments, the first of which is replaced. (cli/second.c) */
__attribute__((noreturn)) void run_second(const char *word, char **argv);

/* ---- messages (cli/message.c) ---- */

/* "secede: " and the message, then exit status 1. */
__attribute__((noreturn, format(printf, 1, 2))) void die(const char *format, ...);
/* The same with what errno says behind it. */
__attribute__((noreturn, format(printf, 1, 2))) void die_errno(const char *format, ...);
/* Ends well, if what was printed has arrived. */
__attribute__((noreturn)) void end_output(void);

/* ---- the session (cli/attach.c, cli/load.c) ---- */

/* Becomes the first guest of a new session, or does nothing inside one: its runtime is there already. */
void enter_session(const struct options *options, char **argv);
/* Maps the runtime's ELF where it is linked to. 0 or -errno. */
int load_runtime(int fd);

/* secede enter: becomes a guest of a running session and executes a program there. (cli/enter.c) */
__attribute__((noreturn)) void run_enter(int argc, char **argv);

/* ---- as a guest ---- */

void make_namespaces(const struct options *options);
void write_id_maps(const struct options *options, unsigned euid, unsigned egid); /* cli/ids.c */
void change_ids(const struct options *options);
void keep_capabilities(void);
void make_mounts(const struct options *options); /* cli/mounts.c */
void change_root(const struct options *options);
void mount_proc(const struct options *options);
/* Forks; the parent waits for the child and ends as it did. Returns in the child. (cli/run.c) */
void run_in_child(void);
/* Executes the program, or the shell. Exit status 127: not there, 126: there, but cannot be run. */
__attribute__((noreturn)) void run_program(char **program);

#endif
