/* SPDX-License-Identifier: MIT */
/*
 * secede-ls, which `secede ls` executes: the sessions of this user, by what /proc and their arenas say. It also takes
 * away what sessions left behind whose warden was killed.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <libsmartcols/libsmartcols.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "cli/cli.h"
#include "map/session.h"
#include "warden/warden.h"

struct row {
	struct session session;
	struct guests guests;
	bool kept;  /* its warden lives */
	u64 age;    /* seconds */
	s64 mounts; /* of the first process; -1: unknown */
};

struct list {
	struct row *row;
	size_t nr, room;
};

/* ---- which sessions there are ---- */

static bool is_known(const struct list *list, const struct stat *st)
{
	for (size_t i = 0; i < list->nr; i++) {
		if (list->row[i].session.ino == st->st_ino && list->row[i].session.dev == st->st_dev)
			return true;
	}
	return false;
}

static void add_session(struct list *list, const struct session *session)
{
	if (list->nr == list->room) {
		list->room = list->room ? 2 * list->room : 16;
		list->row = reallocarray(list->row, list->room, sizeof(*list->row));
		if (!list->row)
			die_errno("cannot list so many sessions");
	}
	list->row[list->nr++] = (struct row){.session = *session};
}

static bool take_session(int pid, void *arg)
{
	struct list *list = arg;
	struct arena_search search;
	struct session session;

	/* A session belongs to who owns its memory: also where root could see those of others. */
	if (!find_arena(pid, &search) && search.found && search.st.st_uid == geteuid() && !is_known(list, &search.st) &&
	    session_open(&search, &session))
		add_session(list, &session);
	return true;
}

/* ---- what is said of each ---- */

/* The mounts that a process sees, as its own table has them: for a guest, who sees no handles of others. */
static s64 count_lines(int pid)
{
	char path[64];
	s64 lines = 0;
	FILE *file;
	int c;

	snprintf(path, sizeof(path), "/proc/%d/mountinfo", pid);
	file = fopen(path, "re");
	if (!file)
		return -1;
	while ((c = fgetc(file)) != EOF)
		lines += c == '\n';
	fclose(file);
	return lines;
}

static s64 count_mounts(const struct session *s, int pid)
{
	struct handle handle;
	u32 nr;

	if (s->inside)
		return count_lines(pid);
	if (!find_any_handle(s, pid, &handle) || !session_read(s, &nr, &handle.mnt->nr, sizeof(nr)))
		return -1;
	return nr;
}

/* The session is as old as its warden, or, when that is dead, as what is left of it. */
static u64 age_of(const struct row *row)
{
	u64 start = row->guests.start, threads, hertz = (u64)sysconf(_SC_CLK_TCK), seconds;
	struct timespec now;

	if (row->kept && !row->session.inside)
		process_facts(row->session.warden, &start, &threads);
	clock_gettime(CLOCK_BOOTTIME, &now);
	seconds = start / hertz;
	return (u64)now.tv_sec > seconds ? (u64)now.tv_sec - seconds : 0;
}

static void look_at(struct row *row)
{
	find_guests(&row->session, &row->guests);
	row->kept = session_is_kept(&row->session);
	row->age = age_of(row);
	row->mounts = count_mounts(&row->session, row->guests.first);
}

static int by_age(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return (x->age < y->age) - (x->age > y->age);
}

/* ---- what was left behind ---- */

/* Guests who have lost their warden may still use its storage. */
static void keep_storage(const struct session *s)
{
	char path[sizeof(arena()->storage)];
	int fd;

	if (!session_read(s, path, arena()->storage, sizeof(path)))
		return;
	path[sizeof(path) - 1] = '\0';
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0)
		storage_lock(fd);
}

static void remove_stale(const struct list *list)
{
	const char *bases[STORAGE_BASES];

	for (size_t i = 0; i < list->nr; i++) {
		if (list->row[i].guests.first && !list->row[i].kept)
			keep_storage(&list->row[i].session);
	}
	storage_bases(bases);
	for (size_t i = 0; i < STORAGE_BASES; i++) {
		if (bases[i])
			stale_remove(bases[i], "/proc", 0);
	}
}

/* ---- the table ---- */

enum { COL_SESSION, COL_PID, COL_COMMAND, COL_TASKS, COL_AGE, COL_MOUNTS, COLUMNS };
static const char *const names[2][COLUMNS] = {{"SESSION", "PID", "COMMAND", "TASKS", "AGE", "MOUNTS"},
					      {"session", "pid", "command", "tasks", "age", "mounts"}};

static void set_cell(struct libscols_line *line, size_t n, const char *text)
{
	if (scols_line_set_data(line, n, text))
		die_errno("cannot make the table");
}

/* What is not known is "-", in JSON null. */
static void set_number(struct libscols_line *line, size_t n, s64 number, bool json)
{
	char text[24];

	snprintf(text, sizeof(text), "%ld", number);
	set_cell(line, n, number >= 0 ? text : json ? NULL : "-");
}

/* As ps(1) writes times: [[DD-]HH:]MM:SS. */
static void set_age(struct libscols_line *line, u64 age)
{
	u64 days = age / 86400, hours = age / 3600 % 24, minutes = age / 60 % 60;
	char text[64];

	if (days)
		snprintf(text, sizeof(text), "%lu-%02lu:%02lu:%02lu", days, hours, minutes, age % 60);
	else if (hours)
		snprintf(text, sizeof(text), "%02lu:%02lu:%02lu", hours, minutes, age % 60);
	else
		snprintf(text, sizeof(text), "%02lu:%02lu", minutes, age % 60);
	set_cell(line, COL_AGE, text);
}

static void add_line(struct libscols_table *table, const struct row *row, bool json)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);
	char command[16];

	if (!line)
		die_errno("cannot make the table");
	read_command(row->guests.first, row->guests.first, command);
	set_number(line, COL_SESSION, row->kept && row->session.warden ? row->session.warden : -1, json);
	set_number(line, COL_PID, row->guests.first, json);
	set_cell(line, COL_COMMAND, command);
	set_number(line, COL_TASKS, (s64)row->guests.tasks, json);
	if (json)
		set_number(line, COL_AGE, (s64)row->age, json);
	else
		set_age(line, row->age);
	set_number(line, COL_MOUNTS, row->mounts, json);
}

static void print_sessions(const struct list *list, bool json)
{
	struct libscols_table *table = scols_new_table();
	struct libscols_column *column;

	if (!table || scols_table_set_name(table, "sessions"))
		die_errno("cannot make the table");
	scols_table_enable_json(table, json);
	for (size_t i = 0; i < COLUMNS; i++) {
		column = scols_table_new_column(table, names[json][i], 0, i == COL_COMMAND ? 0 : SCOLS_FL_RIGHT);
		if (!column ||
		    scols_column_set_json_type(column, i == COL_COMMAND ? SCOLS_JSON_STRING : SCOLS_JSON_NUMBER))
			die_errno("cannot make the table");
	}
	for (size_t i = 0; i < list->nr; i++) {
		/* It may have ended meanwhile. */
		if (list->row[i].guests.first)
			add_line(table, &list->row[i], json);
	}
	if (scols_print_table(table))
		die_errno("cannot print the table");
	scols_unref_table(table);
}

/* ---- the command line ---- */

static void print_ls_help(void)
{
	fputs("Usage: secede ls [options]\n"
	      "List your running sessions, and remove what killed ones have left behind.\n"
	      "\n"
	      " -J, --json     the list as JSON\n"
	      " -h, --help     show this\n"
	      "\n"
	      "SESSION is the number of the session's warden, or - when that is dead; PID and\n"
	      "COMMAND are its first process, MOUNTS how many of them that process has. Both\n"
	      "numbers name the session for secede enter and map. See secede(1).\n",
	      stdout);
}

static bool parse(int argc, char **argv)
{
	static const struct option options[] = {
	    {"json", no_argument, NULL, 'J'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	bool json = false;
	int option;

	while ((option = getopt_long(argc, argv, "Jh", options, NULL)) != -1) {
		if (option == 'h') {
			print_ls_help();
			end_output();
		}
		if (option == '?') {
			fputs("Try 'secede ls --help' for more information.\n", stderr);
			exit(EXIT_FAILURE);
		}
		json = true;
	}
	if (optind < argc)
		die("%s is one too many: all sessions are listed", argv[optind]);
	return json;
}

int main(int argc, char **argv)
{
	bool json = parse(argc, argv), inside;
	struct list list = {0};
	struct session session;

	inside = session_own(&session);
	if (inside)
		add_session(&list, &session);
	else if (!for_each_number("/proc", take_session, &list))
		die_errno("cannot read /proc");
	for (size_t i = 0; i < list.nr; i++)
		look_at(&list.row[i]);
	/* A guest does not see which wardens live. */
	if (!inside)
		remove_stale(&list);
	qsort(list.row, list.nr, sizeof(*list.row), by_age);
	print_sessions(&list, json);
	end_output();
}
