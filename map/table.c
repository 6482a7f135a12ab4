/* SPDX-License-Identifier: MIT */
/* The table, on a terminal in colours: cells of one column that have the same object have the same colour. */
#include <ctype.h>
#include <libsmartcols/libsmartcols.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli/cli.h"
#include "map/map.h"

/* Black on light backgrounds, which can be read on any terminal, and beside each other in any order. */
static const int backgrounds[] = {117, 215, 114, 211, 228, 147, 80, 180, 252, 176, 155, 209};

enum { COL_PID, COL_TID, COL_HOST, COL_COMMAND, COL_CONTEXTS };

static bool colours_wanted(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no && no[0]) && !(term && !strcmp(term, "dumb"));
}

static void add_column(struct libscols_table *table, const char *name, bool json, bool number)
{
	char title[16];
	struct libscols_column *column;
	size_t i;

	for (i = 0; name[i]; i++)
		title[i] = (char)(json ? name[i] : toupper((unsigned char)name[i]));
	title[i] = '\0';
	column = scols_table_new_column(table, title, 0, number ? SCOLS_FL_RIGHT : 0);
	if (!column || scols_column_set_json_type(column, number ? SCOLS_JSON_NUMBER : SCOLS_JSON_STRING))
		die_errno("cannot make the table");
}

/* NULL: nothing, which JSON calls null. */
static void set_cell(struct libscols_line *line, size_t n, const char *text)
{
	if (scols_line_set_data(line, n, text))
		die_errno("cannot make the table");
}

static void set_number(struct libscols_line *line, size_t n, int number)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", number);
	set_cell(line, n, text);
}

static void set_object(struct libscols_line *line, size_t n, const struct map *map, const struct map_task *task,
		       enum context c, bool json)
{
	int colour = object_colour(map, task, c);
	char sequence[32];

	if (task->object[c] > 0)
		set_number(line, n, task->object[c]);
	else if (json)
		set_cell(line, n, task->object[c] == OBJECT_NONE ? "0" : NULL);
	else
		set_cell(line, n, task->object[c] == OBJECT_NONE ? "-" : "?");
	if (colour < 0)
		return;
	snprintf(sequence, sizeof(sequence), "\033[30;48;5;%dm", backgrounds[(size_t)colour % ARRAY_SIZE(backgrounds)]);
	scols_cell_set_color(scols_line_get_cell(line, n), sequence);
}

static void add_line(struct libscols_table *table, const struct map *map, const struct map_task *task, bool json)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);
	size_t n = COL_CONTEXTS;

	if (!line)
		die_errno("cannot make the table");
	set_number(line, COL_PID, task->pid);
	set_number(line, COL_TID, task->tid);
	set_number(line, COL_HOST, task->host_tid);
	set_cell(line, COL_COMMAND, task->command);
	for (enum context c = 0; c < CONTEXTS; c++) {
		if (json || column_matters(map, c))
			set_object(line, n++, map, task, c, json);
	}
}

void print_table(const struct map *map, bool json)
{
	struct libscols_table *table = scols_new_table();

	if (!table || scols_table_set_name(table, "tasks"))
		die_errno("cannot make the table");
	scols_table_enable_json(table, json);
	scols_table_enable_colors(table, !json && colours_wanted());
	add_column(table, "pid", json, true);
	add_column(table, "tid", json, true);
	add_column(table, json ? "host_tid" : "host", json, true);
	add_column(table, "command", json, false);
	for (enum context c = 0; c < CONTEXTS; c++) {
		if (json || column_matters(map, c))
			add_column(table, json && c == CTX_PID ? "pidns" : context_names[c], json, true);
	}
	for (size_t i = 0; i < map->nr; i++)
		add_line(table, map, &map->task[i], json);
	if (scols_print_table(table))
		die_errno("cannot print the table");
	scols_unref_table(table);
}
