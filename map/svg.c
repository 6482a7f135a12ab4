/* SPDX-License-Identifier: MIT */
/*
 * The drawing: a row a task, a column a context, a box an object. Rows that follow each other and share an object have
 * one box together; where others stand between, the colour and the number tell.
 */
#include <ctype.h>
#include "map/map.h"

#define ROW	26
#define TOP	40
#define COLUMN	72
#define LEFT	270 /* of the first context */
#define BOX	60
#define MARGIN	16
#define COLOURS 12

static const char style[] =
    "<style>\n"
    "text { font: 13px ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace; fill: #1f2328; }\n"
    ".page { fill: #ffffff; } .head { font-weight: bold; } .rule { stroke: #d0d7de; }\n"
    ".box { stroke: #57606a; stroke-width: 1; } .alone { fill: none; stroke: #8c959f; stroke-dasharray: 3 2; }\n"
    ".on { fill: #1f2328; text-anchor: middle; } .off { text-anchor: middle; } .number { text-anchor: end; }\n"
    "@media (prefers-color-scheme: dark) {\n"
    "text { fill: #e6edf3; } .page { fill: #0d1117; } .rule { stroke: #30363d; } .on { fill: #1f2328; }\n"
    "}\n"
    "</style>\n";

/* Light enough for dark letters in both schemes. */
static const char *const colours[COLOURS] = {"#8ecbff", "#ffb86b", "#8ddb8c", "#ff9eb5", "#f2e05c", "#b8b5ff",
					     "#63d8d8", "#d9b48a", "#d0d0d0", "#dd9be0", "#bfe36b", "#ff8f66"};

static int rows_y(size_t row)
{
	return TOP + ROW * (int)row;
}

static void print_escaped(const char *text)
{
	for (; *text; text++) {
		if (*text == '<')
			fputs("&lt;", stdout);
		else if (*text == '>') /* "]]>" is no text */
			fputs("&gt;", stdout);
		else if (*text == '&')
			fputs("&amp;", stdout);
		else
			putchar(*text);
	}
}

static void print_tasks(const struct map *map, int width)
{
	for (size_t i = 0; i < map->nr; i++) {
		const struct map_task *task = &map->task[i];
		int y = rows_y(i), base = y + ROW / 2 + 5;

		printf("<path class=\"rule\" d=\"M%d %dH%d\"/>\n", MARGIN, y, width - MARGIN);
		printf("<text class=\"number\" x=\"70\" y=\"%d\">%d</text>", base, task->pid);
		printf("<text class=\"number\" x=\"134\" y=\"%d\">%d</text>", base, task->tid);
		printf("<text x=\"146\" y=\"%d\">", base);
		print_escaped(task->command);
		printf("</text>\n");
	}
}

/* One box for rows [from, to). */
static void print_box(const struct map *map, enum context c, int x, size_t from, size_t to)
{
	const struct map_task *task = &map->task[from];
	int colour = object_colour(map, task, c), y = rows_y(from) + 3, height = ROW * (int)(to - from) - 6;
	int base = y + height / 2 + 5;

	if (task->object[c] <= 0) {
		printf("<text class=\"off\" x=\"%d\" y=\"%d\">%c</text>\n", x + BOX / 2, base,
		       task->object[c] == OBJECT_NONE ? '-' : '?');
		return;
	}
	if (colour < 0)
		printf("<rect class=\"alone\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"5\"/>", x, y, BOX,
		       height);
	else
		printf("<rect class=\"box\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"5\" fill=\"%s\"/>", x, y,
		       BOX, height, colours[colour % COLOURS]);
	printf("<text class=\"%s\" x=\"%d\" y=\"%d\">%d</text>\n", colour < 0 ? "off" : "on", x + BOX / 2, base,
	       task->object[c]);
}

static void print_column(const struct map *map, enum context c, int x)
{
	size_t to;

	printf("<text class=\"head off\" x=\"%d\" y=\"%d\">", x + BOX / 2, TOP - 12);
	for (const char *p = context_names[c]; *p; p++)
		putchar(toupper((unsigned char)*p));
	printf("</text>\n");
	for (size_t from = 0; from < map->nr; from = to) {
		for (to = from + 1; to < map->nr; to++) {
			if (map->task[to].object[c] != map->task[from].object[c] || map->task[from].object[c] <= 0)
				break;
		}
		print_box(map, c, x, from, to);
	}
}

void print_svg(const struct map *map)
{
	int columns = 0, height = rows_y(map->nr) + MARGIN, width;

	for (enum context c = 0; c < CONTEXTS; c++)
		columns += column_matters(map, c);
	width = LEFT + COLUMN * columns + MARGIN - (COLUMN - BOX);
	printf("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
	       "role=\"img\">\n",
	       width, height, width, height);
	printf("<title>Which tasks of a session share which contexts</title>\n%s", style);
	printf("<rect class=\"page\" width=\"%d\" height=\"%d\" rx=\"8\"/>\n", width, height);
	printf("<text class=\"head number\" x=\"70\" y=\"%d\">PID</text>", TOP - 12);
	printf("<text class=\"head number\" x=\"134\" y=\"%d\">TID</text>", TOP - 12);
	printf("<text class=\"head\" x=\"146\" y=\"%d\">COMMAND</text>\n", TOP - 12);
	print_tasks(map, width);
	for (enum context c = 0, x = LEFT; c < CONTEXTS; c++) {
		if (!column_matters(map, c))
			continue;
		print_column(map, c, (int)x);
		x += COLUMN;
	}
	printf("</svg>\n");
}
