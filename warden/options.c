/* SPDX-License-Identifier: MIT */
/* Options of file systems as text: which kind of value each takes, and what is said of a wrong one, in Linux's words.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "warden/warden.h"

const char no_string[] = "";

int refuse(const struct handle *log, const char *format, ...)
{
	char text[768] = "e ";
	va_list args;

	va_start(args, format);
	vsnprintf(text + 2, sizeof(text) - 3, format, args);
	va_end(args);
	strcat(text, "\n");
	if (log)
		loop_tell(log, text);
	return -EINVAL;
}

int bad_value(const struct fs_parameter *o)
{
	return refuse(o->log, "%s: Bad value for '%s'", o->fstype, o->name);
}

bool one_of(const char *word, const char *const *list)
{
	for (; *list; list++) {
		if (!strcmp(word, *list))
			return true;
	}
	return false;
}

bool fs_parse_u32(const char *s, int base, u32 *out)
{
	char *end;
	unsigned long long v;

	s += *s == '+';
	if (*s < '0' || *s > '9')
		return false;
	errno = 0;
	v = strtoull(s, &end, base);
	if (errno || *end || v > UINT32_MAX)
		return false;
	*out = (u32)v;
	return true;
}

static bool parse_s32(const char *s, s32 *out)
{
	bool minus = *s == '-';
	u32 n;

	if (!fs_parse_u32(s + minus, 0, &n) || n > (u32)INT32_MAX + minus)
		return false;
	*out = minus ? (s32) - (s64)n : (s32)n;
	return true;
}

/* An id as the namespace counts it becomes a kid. */
static int take_id(struct fs_parameter *o, u32 (*make)(const struct user_ns *, u32))
{
	if (!fs_parse_u32(o->value, 0, &o->number)) {
		bad_value(o); /* Linux says it twice */
		return bad_value(o);
	}
	o->number = make(o->ns, o->number);
	return o->number == INVALID_KID ? refuse(o->log, "%s: Invalid %s '%s'", o->fstype, o->name, o->value) : 0;
}

static int take_value(struct fs_parameter *o, enum option_kind kind)
{
	bool good = *o->value;

	switch (kind) {
	case OPTION_S32:
		good = parse_s32(o->value, (s32 *)&o->number);
		break;
	case OPTION_U32:
		good = fs_parse_u32(o->value, 0, &o->number);
		break;
	case OPTION_OCTAL:
		good = fs_parse_u32(o->value, 8, &o->number);
		break;
	case OPTION_UID:
		return take_id(o, make_kuid);
	case OPTION_GID:
		return take_id(o, make_kgid);
	case OPTION_STRING:
	case OPTION_FLAG:
		break;
	}
	return good ? 0 : bad_value(o);
}

int fs_parse(struct fs_parameter *o, const struct fs_parameter_spec *rules)
{
	while (rules && rules->name && strcmp(rules->name, o->name) != 0)
		rules++;
	if (!rules || !rules->name)
		return -ENOENT;
	if (rules->kind != OPTION_FLAG) {
		if (!o->value)
			o->value = "";
		return take_value(o, rules->kind);
	}
	return o->value ? refuse(o->log, "%s: Unexpected value for '%s'", o->fstype, o->name) : 0;
}

bool vfs_parse_sb_flag(const struct fs_parameter *o, u32 *flags, u32 *given)
{
	static const struct {
		const char *name;
		u32 flag;
		bool set;
	} names[] = {
	    {"dirsync", MS_DIRSYNC, true},	{"lazytime", MS_LAZYTIME, true},
	    {"mand", MS_MANDLOCK, true},	{"ro", MS_RDONLY, true},
	    {"sync", MS_SYNCHRONOUS, true},	{"async", MS_SYNCHRONOUS, false},
	    {"nolazytime", MS_LAZYTIME, false}, {"nomand", MS_MANDLOCK, false},
	    {"rw", MS_RDONLY, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(names[i].name, o->name) != 0)
			continue;
		*flags = names[i].set ? *flags | names[i].flag : *flags & ~names[i].flag;
		*given |= names[i].flag;
		return true;
	}
	return false;
}
