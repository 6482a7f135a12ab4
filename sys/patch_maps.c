/* SPDX-License-Identifier: MIT */
/* Which text may be patched, and what else the host is asked about that (sys/patch_internal.h). */
#include <asm/errno.h>
#include <linux/ioctl.h>
#include <linux/mman.h>
#include "host/host.h"
#include "lib/string.h"
#include "sys/patch_internal.h"
#include "vfs/proc_internal.h"

#define PAGE 4096UL

/* What a mapping is, in the words of PROCMAP_QUERY (proc_pid_maps(5)). */
#define VMA_READABLE   0x01
#define VMA_WRITABLE   0x02
#define VMA_EXECUTABLE 0x04
#define VMA_SHARED     0x08
#define VMA_PROTECTION 0x0f
#define VMA_OR_NEXT    0x10 /* asks for the first that does not end below the address */

struct mapping {
	struct mm_range range;
	u64 offset;
	u64 device, inode;
	u32 protection;	  /* VMA_*, of these four */
	const char *path; /* or what else stands there; "" */
};

/*
 * Only a file's text, mapped privately and not to be written to: nobody else sees the change, and no compiler that
 * writes code as the program runs has it in its hands. So none that has no name any more, either.
 */
static bool is_text(const struct mapping *m)
{
	static const char deleted[] = " (deleted)";
	size_t len = strlen(m->path);

	if (*m->path != '/' || m->protection != (VMA_READABLE | VMA_EXECUTABLE) || !strncmp(m->path, "/dev/", 5))
		return false;
	return len < sizeof(deleted) || strcmp(m->path + len - (sizeof(deleted) - 1), deleted) != 0;
}

/* What is written to a file through such a mapping is to be seen in others, but for pages that they have of their own.
 */
static bool is_written(const struct mapping *m)
{
	return (m->protection & VMA_WRITABLE) && (m->protection & VMA_SHARED);
}

static bool is_of_same_file(const struct mapping *a, const struct mapping *b)
{
	return a->device == b->device && a->inode == b->inode;
}

/* ---- hosts that can be asked for one mapping, from Linux 6.11 on ---- */

/* linux/fs.h has it as procmap_query; older ones have not. */
struct map_query {
	u64 size, flags, address;
	u64 start, end, protection, page_size, offset, inode;
	u32 major, minor, name_size, build_id_size;
	u64 name, build_id;
};
#define MAP_QUERY _IOWR('f', 17, struct map_query)

/* 0, -ENOENT: there is none, or another -errno: this host does not say. The path is put at `path`. */
static int query(int fd, u64 at, u64 flags, char path[PATH_MAX], struct mapping *m)
{
	struct map_query q = {
	    .size = sizeof(q), .flags = flags, .address = at, .name_size = PATH_MAX, .name = (u64)(uintptr_t)path};
	int err = (int)host_call3(__NR_ioctl, fd, MAP_QUERY, &q);

	*m = (struct mapping){.range = {q.start, q.end},
			      .offset = q.offset,
			      .device = (u64)q.major << 32 | q.minor,
			      .inode = q.inode,
			      .protection = q.protection & VMA_PROTECTION,
			      .path = q.name_size ? path : ""};
	return err;
}

/* As query(); -ENOENT: it is no text, or its file is written to. */
static int query_text(int fd, u64 at, struct mapping *text)
{
	struct mapping written = {0};
	char path[PATH_MAX];
	int err = query(fd, at, 0, path, text);

	if (!err && !is_text(text))
		return -ENOENT;
	while (!err) {
		err = query(fd, written.range.end, VMA_OR_NEXT | VMA_WRITABLE | VMA_SHARED, path, &written);
		if (!err && is_of_same_file(&written, text))
			return -ENOENT;
	}
	return err == -ENOENT && text->range.end ? 0 : err;
}

/* ---- those that have to be read line by line ---- */

static u32 parse_protection(const char *p)
{
	return (p[0] == 'r' ? VMA_READABLE : 0U) | (p[1] == 'w' ? VMA_WRITABLE : 0U) |
	       (p[2] == 'x' ? VMA_EXECUTABLE : 0U) | (p[3] == 's' ? VMA_SHARED : 0U);
}

/* "start-end r-xp offset major:minor inode    /path" */
static bool parse_mapping(const char *line, struct mapping *m)
{
	const char *p = line;
	u64 major, minor;

	if (!parse_hex(&p, &m->range.start) || *p++ != '-' || !parse_hex(&p, &m->range.end) || *p++ != ' ')
		return false;
	m->protection = parse_protection(p);
	p = strchr(p, ' ');
	if (!p++ || !parse_hex(&p, &m->offset) || *p++ != ' ' || !parse_hex(&p, &major) || *p++ != ':' ||
	    !parse_hex(&p, &minor) || *p++ != ' ' || !parse_u64(&p, &m->inode))
		return false;
	m->device = major << 32 | minor;
	while (*p == ' ')
		p++;
	m->path = p;
	return true;
}

/* *again: before the text stood one that is written to, which may be of the same file. */
static bool read_text(const struct task *task, u64 at, struct mapping *text, bool *again)
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
			good = !text->range.end || !is_of_same_file(&m, text);
			*again = *again || !text->range.end;
		} else if (at >= m.range.start && at < m.range.end) {
			good = is_text(&m);
			*text = m;
		}
	}
	lines_end(&l);
	return good && text->range.end;
}

bool text_find(const struct task *task, u64 at, struct text *text)
{
	struct mapping m = {0};
	bool found, again = false;
	int fd = proc_host_open(task->host_tgid, "maps"), err;

	if (fd < 0)
		return false;
	err = query_text(fd, at, &m);
	host_close(fd);
	found = !err;
	if (err && err != -ENOENT) {
		m = (struct mapping){0};
		found = read_text(task, at, &m, &again) && (!again || read_text(task, at, &m, &again));
	}
	*text = (struct text){m.range, m.offset};
	return found;
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
