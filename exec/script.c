/* SPDX-License-Identifier: MIT */
/* Takes a script's first line apart, with the kernel's own notion of blanks, ends and truncation. */
#include "exec/script.h"

#include <asm/errno.h>
#include "lib/string.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The first byte in [s, end] that is no blank, or NULL. */
static char *skip_blanks(char *s, char *end)
{
	while (s <= end && is_blank(*s))
		s++;
	return s <= end ? s : NULL;
}

/* The end of the word at s: the first blank or NUL in [s, end], or NULL. */
static char *word_end(char *s, char *end)
{
	while (s <= end && *s && !is_blank(*s))
		s++;
	return s <= end ? s : NULL;
}

/*
 * Where the line ends: at its newline, else at the last byte we have. Without a newline the line
 * may have been cut; that may cost a part of the argument, but not of the interpreter's name.
 */
static char *line_end(char *line)
{
	char *last = line + SCRIPT_LINE - 1, *name;
	char *end = memchr(line, '\n', strnlen(line, SCRIPT_LINE));

	if (end)
		return end;
	name = skip_blanks(line + 2, last);
	return name && word_end(name, last) ? last : NULL;
}

int script_parse(struct script *s)
{
	char *end = line_end(s->line), *name, *sep;

	if (!end)
		return -ENOEXEC;
	while (is_blank(end[-1]))
		end--;
	*end = '\0';
	name = skip_blanks(s->line + 2, end);
	if (!name || name == end)
		return -ENOEXEC;
	sep = word_end(name, end);
	s->interp = name;
	s->arg = *sep ? skip_blanks(sep, end) : NULL;
	*sep = '\0';
	return 0;
}
