/* SPDX-License-Identifier: MIT */
/* The mount options of tmpfs(5).  */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include "warden/warden.h"

static bool parse_u32(const char *s, int base, u32 *out)
{
	char *end;
	unsigned long long v;

	if (*s < '0' || *s > '9')
		return false;
	errno = 0;
	v = strtoull(s, &end, base);
	if (errno || *end || v > UINT32_MAX)
		return false;
	*out = (u32)v;
	return true;
}

/* A number with k, m, g ... for the powers of 1024; *end is what follows. */
static u64 parse_amount(const char *s, const char **end)
{
	static const char units[] = "kmgtpe";
	char *rest = (char *)s;
	u64 v = *s >= '0' && *s <= '9' ? strtoull(s, &rest, 0) : 0; /* which takes signs and blanks as well */
	const char *unit = *rest ? strchr(units, *rest | 0x20) : NULL;

	if (unit && rest != s) {
		v <<= 10 * (unit - units + 1);
		rest++;
	}
	*end = rest;
	return v;
}

static bool parse_size(const char *s, u64 scale, u64 *out)
{
	const char *end;
	u64 v = parse_amount(s, &end);
	struct sysinfo info;

	if (scale == 1 && *end == '%' && end != s && sysinfo(&info) == 0) {
		v = (u64)info.totalram * info.mem_unit / 100 * v;
		end++;
	}
	if (end == s || *end)
		return false;
	*out = ALIGN_UP(v * scale, 4096);
	return true;
}

static bool parse_inodes(const char *s, u64 *out)
{
	const char *end;

	*out = parse_amount(s, &end);
	return end != s && !*end;
}

bool one_of(const char *word, const char *const *list)
{
	for (; *list; list++) {
		if (!strcmp(word, *list))
			return true;
	}
	return false;
}

static bool parse_owner(const char *value, u32 (*make)(const struct user_ns *, u32), const struct user_ns *ns, u32 *out)
{
	u32 id;

	if (!parse_u32(value, 10, &id))
		return false;
	*out = make(ns, id);
	return *out != INVALID_KID;
}

static bool parse_mode(const char *value, u32 *mode)
{
	if (!parse_u32(value, 8, mode))
		return false;
	*mode &= 07777;
	return true;
}

static bool parse_value(const char *name, const char *value, const struct user_ns *ns, struct tmpfs_options *out)
{
	static const char *const huge[] = {"never", "always", "within_size", "advise", NULL};

	if (!strcmp(name, "size"))
		return parse_size(value, 1, &out->size);
	if (!strcmp(name, "nr_blocks"))
		return parse_size(value, 4096, &out->size);
	if (!strcmp(name, "nr_inodes"))
		return parse_inodes(value, &out->nr_inodes);
	if (!strcmp(name, "huge"))
		return one_of(value, huge);
	if (!strcmp(name, "mpol"))
		return !strcmp(value, "default");
	if (!strcmp(name, "mode"))
		return parse_mode(value, &out->mode);
	out->chown = true;
	if (!strcmp(name, "uid"))
		return parse_owner(value, make_kuid, ns, &out->uid);
	return parse_owner(value, make_kgid, ns, &out->gid);
}

int tmpfs_option(const char *name, const char *value, const struct user_ns *ns, struct tmpfs_options *out)
{
	static const char *const flags[] = {"inode32", "inode64", "noswap", NULL};
	static const char *const names[] = {"size", "nr_blocks", "nr_inodes", "huge", "mpol",
					    "mode", "uid",	 "gid",	      NULL};

	if (one_of(name, flags))
		return value ? -EINVAL : 0;
	if (!one_of(name, names))
		return -ENOENT;
	return value && parse_value(name, value, ns, out) ? 0 : -EINVAL;
}

void tmpfs_show(const struct tmpfs_options *options, char *buf, size_t size)
{
	int n = 0;

	buf[0] = '\0';
	if (options->size != TMPFS_UNSET)
		n += snprintf(buf + n, size - (size_t)n, ",size=%lluk", (unsigned long long)options->size / 1024);
	if (options->nr_inodes != TMPFS_UNSET)
		n += snprintf(buf + n, size - (size_t)n, ",nr_inodes=%llu", (unsigned long long)options->nr_inodes);
	if (options->mode != 01777)
		n += snprintf(buf + n, size - (size_t)n, ",mode=%03o", options->mode);
	if (options->uid)
		n += snprintf(buf + n, size - (size_t)n, ",uid=%u", options->uid);
	if (options->gid)
		n += snprintf(buf + n, size - (size_t)n, ",gid=%u", options->gid);
	if (n)
		memmove(buf, buf + 1, (size_t)n);
}
