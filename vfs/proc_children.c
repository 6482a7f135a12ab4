/* SPDX-License-Identifier: MIT */
/* Which thread made which child: only /proc says so. For the runtime's own purposes, in the host's numbers. */
#include "kernel/mm.h"
#include "lib/fmt.h"
#include "vfs/proc_internal.h"

#define TEXT_FIRST 4096UL
#define TEXT_MOST  (8UL << 20)

static long read_text(s32 tid, char *text, size_t size)
{
	struct fmt f;
	char name[48];

	fmt_init(&f, name, sizeof(name));
	fmt_print(&f, "task/%d/children", tid);
	return proc_host_read(tid, name, text, size);
}

/* The file's text, with its length in *len, for kfree(). */
static char *children_text(s32 tid, size_t *len)
{
	char *text;
	size_t size;
	long n;

	for (size = TEXT_FIRST; (text = kzalloc(size)); size *= 2) {
		n = read_text(tid, text, size);
		*len = n < 0 ? 0 : (size_t)n;
		if (*len + 1 < size || size == TEXT_MOST)
			break;
		kfree(text);
	}
	return text;
}

s32 *proc_children(s32 tid, u32 *nr)
{
	size_t len = 0;
	char *text = children_text(tid, &len);
	const char *at = text;
	s32 *pids = text ? kzalloc((len / 2 + 1) * sizeof(*pids)) : NULL;
	u64 pid;

	*nr = 0;
	while (pids && parse_u64(&at, &pid)) {
		pids[(*nr)++] = (s32)pid;
		at += *at == ' ';
	}
	kfree(text);
	return pids;
}
