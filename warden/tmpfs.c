/* SPDX-License-Identifier: MIT */
/* The mount options of tmpfs(5).  */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include "warden/warden.h"

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

const struct fs_parameter_spec tmpfs_rules[] = {
    {"size", OPTION_STRING},  {"nr_blocks", OPTION_STRING}, {"nr_inodes", OPTION_STRING}, {"huge", OPTION_STRING},
    {"mpol", OPTION_STRING},  {"mode", OPTION_OCTAL},	    {"uid", OPTION_UID},	  {"gid", OPTION_GID},
    {"inode32", OPTION_FLAG}, {"inode64", OPTION_FLAG},	    {"noswap", OPTION_FLAG},	  {NULL},
};

static bool take_string(const char *name, const char *value, struct tmpfs_options *out)
{
	static const char *const huge[] = {"never", "always", "within_size", "advise", NULL};

	if (!strcmp(name, "size"))
		return parse_size(value, 1, &out->size);
	if (!strcmp(name, "nr_blocks"))
		return parse_size(value, 4096, &out->size);
	if (!strcmp(name, "nr_inodes"))
		return parse_inodes(value, &out->nr_inodes);
	return !strcmp(name, "huge") ? one_of(value, huge) : !strcmp(value, "default") /* mpol */;
}

int tmpfs_option(const struct fs_parameter *o, struct tmpfs_options *out)
{
	if (!o->value) /* a flag */
		return 0;
	if (!strcmp(o->name, "mode")) {
		out->mode = o->number & 07777;
		return 0;
	}
	if (!strcmp(o->name, "uid") || !strcmp(o->name, "gid")) {
		*(*o->name == 'u' ? &out->uid : &out->gid) = o->number;
		out->chown = true;
		return 0;
	}
	return take_string(o->name, o->value, out) ? 0 : bad_value(o);
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

int tmpfs_fits(const struct tmpfs_options *old, const struct tmpfs_options *new, const struct request *used,
	       const struct handle *log)
{
	if (new->size != TMPFS_UNSET &&new->size) {
		if (!old->size)
			return refuse(log, "tmpfs: Cannot retroactively limit size");
		if (used->used_bytes > new->size)
			return refuse(log, "tmpfs: Too small a size for current use");
	}
	if (new->nr_inodes != TMPFS_UNSET &&new->nr_inodes) {
		if (!old->nr_inodes)
			return refuse(log, "tmpfs: Cannot retroactively limit inodes");
		if (used->used_inodes > new->nr_inodes)
			return refuse(log, "tmpfs: Too few inodes for current use");
	}
	return 0;
}
