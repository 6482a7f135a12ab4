/* SPDX-License-Identifier: MIT */
/* The first line of a script, taken apart as the kernel does it. */
#include "unit.h"

#include <errno.h>
#include "exec/script.h"

/* Exactly so many bytes of the file are there; the rest of the line reads as zero. */
static int parse(struct script *s, const char *text, size_t len)
{
	memset(s, 0, sizeof(*s));
	memcpy(s->line, text, len < SCRIPT_LINE ? len : SCRIPT_LINE);
	return script_parse(s);
}

static void test_lines(void **state)
{
	static const struct {
		const char *text, *interp, *arg; /* interp NULL: ENOEXEC */
	} cases[] = {
	    {"#!/bin/sh\n", "/bin/sh", NULL},
	    {"#! \t/bin/sh \t\nexit", "/bin/sh", NULL},
	    {"#!/bin/sh -e\n", "/bin/sh", "-e"},
	    {"#!/bin/sh\t -e  two words \t\n", "/bin/sh", "-e  two words"},
	    {"#!/bin/sh", "/bin/sh", NULL},
	    {"#!/bin/sh -e", "/bin/sh", "-e"},
	    {"#!/bin/sh -e ", "/bin/sh", "-e "}, /* without a newline nothing is trimmed */
	    {"#!/bin/sh ", "/bin/sh", ""},
	    {"#!sh\r\n", "sh\r", NULL},
	    {"#!\n", NULL, NULL},
	    {"#!  \t \n/bin/sh\n", NULL, NULL},
	};
	struct script s;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		int err = parse(&s, cases[i].text, strlen(cases[i].text));

		assert_int_equal(err, cases[i].interp ? 0 : -ENOEXEC);
		if (err)
			continue;
		assert_string_equal(s.interp, cases[i].interp);
		if (cases[i].arg)
			assert_string_equal(s.arg, cases[i].arg);
		else
			assert_null(s.arg);
	}
}

/* A NUL ends the line's search for a newline. */
static void test_nul(void **state)
{
	struct script s;

	assert_int_equal(parse(&s, "#!/bin/sh\0 -e\n", 14), 0);
	assert_string_equal(s.interp, "/bin/sh");
	assert_null(s.arg);
	/* an empty name, as the kernel has it too: opening it will fail */
	assert_int_equal(parse(&s, "#!\0/bin/sh\n", 11), 0);
	assert_string_equal(s.interp, "");
}

/* Lines longer than what is looked at: an argument may be cut, a name may not. */
static void test_long(void **state)
{
	char text[300];
	struct script s;

	memset(text, 'x', sizeof(text));
	memcpy(text, "#!/", 3);
	assert_int_equal(parse(&s, text, sizeof(text)), -ENOEXEC);
	text[SCRIPT_LINE - 1] = '\n';
	assert_int_equal(parse(&s, text, sizeof(text)), 0);
	assert_int_equal(strlen(s.interp), SCRIPT_LINE - 3);
	text[SCRIPT_LINE - 1] = ' ';
	assert_int_equal(parse(&s, text, sizeof(text)), 0);
	assert_int_equal(strlen(s.interp), SCRIPT_LINE - 3);
	text[SCRIPT_LINE - 1] = 'x';
	text[10] = ' ';
	assert_int_equal(parse(&s, text, sizeof(text)), 0);
	assert_int_equal(strlen(s.interp), 8);
	assert_int_equal(strlen(s.arg), SCRIPT_LINE - 12);
	memset(text + 2, ' ', sizeof(text) - 2);
	assert_int_equal(parse(&s, text, sizeof(text)), -ENOEXEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(test_lines), TEST(test_nul), TEST(test_long)};

	return cmocka_run_group_tests_name("script", tests, NULL, NULL);
}
