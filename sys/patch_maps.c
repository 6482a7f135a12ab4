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

/* What is written to that file through a mapping is to be seen in another one, unless that has a page of its own. */
static bool is_written(const struct mapping *m, const char *file)
{
	size_t len = strlen(file);

	return m->protection[1] == 'w' && m->protection[3] == 's' && file_length(m->file) == len &&
	       !memcmp(m->file, file, len);
}

/* Looks at all mappings, twice, since what is sought may stand before or behind the text: at first there is no text
 * yet. */
static bool look_at_maps(const struct task *task, u64 at, struct text *text)
{
	bool found = *text->file, good = true;
	struct mapping m;
	struct lines l;
	char *line;

	if (lines_begin(&l, task->host_tgid, "maps"))
		return false;
	while (good && (line = next_line(&l))) {
		if (!parse_mapping(line, &m))
			continue;
		if (found) {
			good = !is_written(&m, text->file);
		} else if (at >= m.range.start && at < m.range.end) {
			size_t len = file_length(m.file);

			good = is_text(&m) && len < FILE_MAX;
			if (good)
				memcpy(text->file, m.file, len);
			text->range = m.range;
			text->offset = m.offset;
		}
	}
	lines_end(&l);
	return good && *text->file;
}

bool text_find(const struct task *task, u64 at, struct text *text)
{
	*text = (struct text){0};
	for (int pass = 0; pass < 2; pass++)
		if (!look_at_maps(task, at, text))
			return false;
	return true;
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
