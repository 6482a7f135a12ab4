/* SPDX-License-Identifier: MIT */
/* Which text may be patched, and what else the host is asked about that (sys/patch_internal.h). */
#include <linux/mman.h>
#include "host/host.h"
#include "lib/string.h"
#include "sys/patch_internal.h"
#include "vfs/proc_internal.h"

#define PAGE 4096UL

/* A line of /proc/PID/maps: "start-end r-xp offset dev inode /path". */
struct mapping {
	struct mm_range range;
	u64 offset;
	const char *protection; /* with what follows, */
	const char *file;	/* and this is its device and inode, with what follows */
};

static bool parse_mapping(const char *line, struct mapping *m)
{
	const char *p = line;

	if (!parse_hex(&p, &m->range.start) || *p++ != '-' || !parse_hex(&p, &m->range.end) || *p++ != ' ')
		return false;
	m->protection = p;
	p = strchr(p, ' ');
	if (!p++ || !parse_hex(&p, &m->offset) || *p != ' ')
		return false;
	m->file = p;
	return true;
}

/*
 * Only a file's text, mapped privately and not to be written to: nobody else sees the change, and no compiler that
 * writes code as the program runs has it in its hands. So none that has no name any more, either.
 */
static bool is_text(const struct mapping *m)
{
	const char *path = strchr(m->file, '/');
	size_t len = path ? strlen(path) : 0;
	static const char deleted[] = " (deleted)";

	if (!path || strncmp(m->protection, "r-xp ", 5) != 0 || !strncmp(path, "/dev/", 5))
		return false;
	return len < sizeof(deleted) || strcmp(path + len - (sizeof(deleted) - 1), deleted) != 0;
}

/* Device and inode are two words. */
static size_t file_length(const char *file)
{
	const char *inode = strchr(file + 1, ' '), *end = inode ? strchr(inode + 1, ' ') : NULL;

	return end ? (size_t)(end - file) : strlen(file);
}

/* What is written to a file through such a mapping is to be seen in others, but for pages that they have of their own.
 */
static bool is_written(const struct mapping *m)
{
	return m->protection[1] == 'w' && m->protection[3] == 's';
}

static bool is_of(const struct mapping *m, const char *file)
{
	size_t len = strlen(file);

	return file_length(m->file) == len && !memcmp(m->file, file, len);
}

/* The text itself was found. */
static bool take_text(const struct mapping *m, struct text *text)
{
	size_t len = file_length(m->file);

	if (!is_text(m) || len >= FILE_MAX)
		return false;
	memcpy(text->file, m->file, len);
	text->range = m->range;
	text->offset = m->offset;
	return true;
}

/* Looks at all mappings. *again: before the text stood one that is written to, which may be of the same file. */
static bool look_at_maps(const struct task *task, u64 at, struct text *text, bool *again)
{
	bool good = true;
	struct mapping m;
	struct lines l;
	char *line;

	if (lines_begin(&l, task->host_tgid, "maps"))
		return false;
	while (good && (line = next_line(&l))) {
		if (!parse_mapping(line, &m))
			continue;
		if (is_written(&m)) {
			good = !*text->file || !is_of(&m, text->file);
			*again = *again || !*text->file;
		} else if (!*text->file && at >= m.range.start && at < m.range.end) {
			good = take_text(&m, text);
		}
	}
	lines_end(&l);
	return good && *text->file;
}

bool text_find(const struct task *task, u64 at, struct text *text)
{
	bool again = false;

	*text = (struct text){0};
	return look_at_maps(task, at, text, &again) && (!again || look_at_maps(task, at, text, &again));
}

void text_leave_out_of_core(const struct text *text)
{
	u64 start = text->range.start + (text->offset ? 0 : PAGE);

	if (start < text->range.end)
		host_call3(__NR_madvise, start, text->range.end - start, MADV_DONTDUMP);
}

bool text_is_watched(const struct task *task)
{
	static const char field[] = "TracerPid:\t";
	bool traced = true;
	struct lines l;
	char *line;

	if (lines_begin(&l, task->host_tid, "status"))
		return true;
	while ((line = next_line(&l)))
		if (!strncmp(line, field, sizeof(field) - 1)) {
			traced = strcmp(line + sizeof(field) - 1, "0") != 0;
			break;
		}
	lines_end(&l);
	return traced;
}
