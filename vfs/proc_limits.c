/* SPDX-License-Identifier: MIT */
/* /proc/PID/limits: the host's table, with the guest's number of files. */
#include <asm/errno.h>
#include "host/limit.h"
#include "lib/string.h"
#include "vfs/proc_internal.h"

#define LIMITS_SIZE  4096
#define LIMIT_COLUMN 26 /* where the soft one stands; the hard one and the unit follow at the same distance */
#define LIMIT_WIDTH  21

static bool parse_column(const char *line, u32 column, u64 *out)
{
	const char *p = line + LIMIT_COLUMN + column * LIMIT_WIDTH;
	u64 n;

	if (!parse_u64(&p, &n))
		return false;
	*out = n;
	return true;
}

static void put_column(struct fmt *out, u64 n)
{
	size_t from = out->len;

	fmt_udec(out, n, 0);
	while (out->len - from < LIMIT_WIDTH)
		fmt_char(out, ' ');
}

static void put_line(const char *line, struct fmt *out)
{
	static const char files[] = "Max open files ";
	u64 soft, hard;
	struct rlimit64 limit;

	if (strncmp(line, files, sizeof(files) - 1) != 0 || strlen(line) < LIMIT_COLUMN + 2UL * LIMIT_WIDTH ||
	    !parse_column(line, 0, &soft) || !parse_column(line, 1, &hard)) {
		fmt_print(out, "%s\n", line);
		return;
	}
	limit = limit_for_guest((struct rlimit64){soft, hard});
	fmt_bytes(out, line, LIMIT_COLUMN);
	put_column(out, limit.rlim_cur);
	put_column(out, limit.rlim_max);
	fmt_print(out, "%s\n", line + LIMIT_COLUMN + 2UL * LIMIT_WIDTH);
}

int show_limits(struct task *task, const struct proc_task *who, struct fmt *out)
{
	char text[LIMITS_SIZE], *line, *next;
	long n = proc_host_read(who->pid, "limits", text, sizeof(text));

	for (line = text; n > 0 && (next = strchr(line, '\n')); line = next + 1) {
		*next = '\0';
		put_line(line, out);
	}
	return n > 0 ? 0 : n < 0 ? (int)n : -ESRCH;
}
