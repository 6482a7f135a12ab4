/* SPDX-License-Identifier: MIT */
/*
 * /proc/PID/maps, smaps, smaps_rollup, numa_maps: the host's, without the runtime's own mappings, and with files under
 * the names that the reader has for them.
 */
#include <asm/errno.h>
#include "arch/x86_64/patch.h"
#include "host/host.h"
#include "kernel/mm.h"
#include "lib/string.h"
#include "vfs/proc_internal.h"
#include "vfs/walk.h"

/* ---- names of files ---- */

/* Files come in rows: the last name is kept, and that of the program is known from the beginning. */
struct names {
	struct task *task;
	char host[PATH_MAX], guest[PATH_MAX];
	char exe_host[PATH_MAX], exe_guest[PATH_MAX];
};

#define NAME_COLUMN 73 /* where maps has the name */
#define VSYSCALL    0xffffffffff600000UL

/* Through which mount a file was opened is known of the program alone. */
static void name_program(struct names *names, int pid)
{
	struct nameidata nd;

	nd_init(&nd);
	if (proc_exe_place(names->task, pid, &nd) ||
	    path_to_guest(names->task, nd.mnt, nd.host, names->exe_guest, sizeof(names->exe_guest)) < 0)
		return;
	memcpy(names->exe_host, nd.host, nd.len + 1);
}

/* Puts the name for names->host into names->guest. */
static void look_up(struct names *names)
{
	if (!strcmp(names->host, names->exe_host))
		memcpy(names->guest, names->exe_guest, strlen(names->exe_guest) + 1);
	else if (proc_file_text(names->task, names->host, names->guest, sizeof(names->guest)) < 0)
		memcpy(names->guest, names->host, strlen(names->host) + 1);
}

/* The name of a file for the guest, or the host's. " (deleted)" behind it is no part of it. */
static const char *guest_name(struct names *names, const char *host, const char **behind)
{
	static const char deleted[] = " (deleted)";
	size_t len = strlen(host), cut = sizeof(deleted) - 1;

	if (len > cut && !strcmp(host + len - cut, deleted))
		len -= cut;
	*behind = host + len;
	if (len >= sizeof(names->host))
		return NULL;
	if (strlen(names->host) != len || memcmp(names->host, host, len) != 0) {
		memcpy(names->host, host, len);
		names->host[len] = '\0';
		look_up(names);
	}
	return names->guest;
}

/* ---- the first line of each mapping, which is all that maps has ---- */

struct mapping {
	u64 start, end;
	const char *rest; /* of the line, from the blank behind the addresses */
};

/* The lines below it, in smaps, begin with a capital letter. */
static bool parse_mapping(const char *line, struct mapping *m)
{
	const char *p = line;

	if (!parse_hex(&p, &m->start) || *p++ != '-' || !parse_hex(&p, &m->end) || *p != ' ')
		return false;
	m->rest = p;
	return true;
}

static void put_mapping(struct names *names, const struct mapping *m, u64 start, u64 end, struct fmt *out)
{
	size_t from = out->len;
	const char *name = strchr(m->rest, '/'), *shown, *behind;

	fmt_hex(out, start, 8);
	fmt_char(out, '-');
	fmt_hex(out, end, 8);
	shown = name ? guest_name(names, name, &behind) : NULL;
	if (!shown) {
		fmt_print(out, "%s\n", m->rest);
		return;
	}
	fmt_bytes(out, m->rest, (size_t)(name - m->rest));
	while (out->len - from < NAME_COLUMN)
		fmt_char(out, ' ');
	fmt_print(out, "%s%s\n", shown, behind);
}

/* That of patched call sites, which a program may have made way for it (sys/patch.h): so it is the mapping that says
 * it. */
static bool is_table(const struct mapping *m)
{
	return m->start == PATCH_TABLE && m->end == PATCH_TABLE_END && !strncmp(m->rest, " r--p 00000000 00:00 0 ", 23);
}

/* Writes the parts of the mapping that are not ours (the host may have made one of two neighbours). False: there is
 * none. */
static bool put_visible(struct names *names, const struct mapping *m, struct fmt *out)
{
	bool visible = false;
	struct mm_range own;

	if (is_table(m))
		return false;
	for (u64 start = m->start; start < m->end; start = own.end) {
		if (!next_own_range(start, &own) || own.start > m->end)
			own = (struct mm_range){m->end, m->end};
		if (start >= own.start)
			continue;
		put_mapping(names, m, start, own.start, out);
		visible = true;
	}
	return visible;
}

/* ---- the files ---- */

static void put_mappings(struct lines *l, struct names *names, struct fmt *out)
{
	bool visible = false;
	struct mapping m;
	char *line;

	while ((line = next_line(l))) {
		if (parse_mapping(line, &m))
			visible = put_visible(names, &m, out);
		else if (visible)
			fmt_print(out, "%s\n", line);
	}
}

static int show_mappings(struct task *task, const struct proc_task *who, const char *file, struct fmt *out)
{
	int err;
	struct lines *l = lines_open(who->pid, file, &err);
	struct names *names;

	if (!l)
		return err;
	names = kzalloc(sizeof(*names));
	if (names) {
		names->task = task;
		name_program(names, who->pid);
		put_mappings(l, names, out);
	}
	lines_close(l);
	err = names ? 0 : -ENOMEM;
	kfree(names);
	return err;
}

int show_maps(struct task *task, const struct proc_task *who, struct fmt *out)
{
	return show_mappings(task, who, "maps", out);
}

int show_smaps(struct task *task, const struct proc_task *who, struct fmt *out)
{
	return show_mappings(task, who, "smaps", out);
}

/* A line for each mapping, with its first address. */
int show_numa_maps(struct task *task, const struct proc_task *who, struct fmt *out)
{
	int err;
	struct lines *l = lines_open(who->pid, "numa_maps", &err);
	char *line;
	u64 start;

	while (l && (line = next_line(l))) {
		const char *p = line;

		if (!parse_hex(&p, &start) || (!range_is_ours(start, 1) && start != PATCH_TABLE))
			fmt_print(out, "%s\n", line);
	}
	if (l)
		lines_close(l);
	return err;
}

/* ---- smaps_rollup: the host's sums, less what ours have in smaps ---- */

struct sums {
	u64 first, last; /* what is visible: where it begins and ends */
	u32 nr;
	struct {
		char key[24];
		u64 kb;
	} of[48];
};

/* "Key:   123 kB" taken apart. */
static bool parse_sum(const char *line, size_t *key_len, u64 *kb)
{
	const char *colon = strchr(line, ':'), *p;

	if (!colon)
		return false;
	*key_len = (size_t)(colon - line);
	for (p = colon + 1; *p == ' '; p++)
		;
	return parse_u64(&p, kb) && !strcmp(p, " kB");
}

static u64 *sum_of(struct sums *s, const char *key, size_t len)
{
	u32 i;

	for (i = 0; i < s->nr; i++)
		if (strlen(s->of[i].key) == len && !memcmp(s->of[i].key, key, len))
			return &s->of[i].kb;
	if (s->nr == ARRAY_SIZE(s->of) || len >= sizeof(s->of[0].key))
		return NULL;
	memcpy(s->of[s->nr].key, key, len);
	return &s->of[s->nr++].kb;
}

static void add_sum(struct sums *s, const char *key, size_t len, u64 kb)
{
	u64 *sum = sum_of(s, key, len);

	if (sum)
		*sum += kb;
}

/* smaps does not say of which kind a mapping's share is: the arena is shared memory, and where nothing anonymous is in
 * sight it is a file. */
static void add_share(struct sums *s, const struct mapping *m, u64 share)
{
	const char *name = strchr(m->rest, '/');

	if (name && !strncmp(name, "/memfd:", 7))
		add_sum(s, "Pss_Shmem", 9, share);
	else if (name)
		add_sum(s, "Pss_File", 8, share);
	else
		add_sum(s, "Pss_Anon", 8, share);
}

static void sum_line(struct sums *s, const struct mapping *m, const char *line)
{
	size_t len;
	u64 kb;

	if (!parse_sum(line, &len, &kb))
		return;
	add_sum(s, line, len, kb);
	if (len == 3 && !memcmp(line, "Pss", 3))
		add_share(s, m, kb);
}

/* What is ours, and between which addresses the rest lies. */
static int sum_ours(int pid, struct sums *s)
{
	int err;
	struct lines *l = lines_open(pid, "smaps", &err);
	char *line, *head = l ? kzalloc(LINE_MAX) : NULL;
	struct mapping m, current = {0};
	bool ours = false;

	while (head && (line = next_line(l))) {
		if (!parse_mapping(line, &m)) {
			if (ours)
				sum_line(s, &current, line);
			continue;
		}
		ours = is_table(&m) || range_is_ours(m.start, m.end - m.start);
		if (ours) {
			memcpy(head, m.rest, MIN(strlen(m.rest) + 1, LINE_MAX - 1UL));
			current = (struct mapping){m.start, m.end, head};
			continue;
		}
		if (!s->last)
			s->first = m.start;
		if (m.start < VSYSCALL) /* the host's sums are without it */
			s->last = m.end;
	}
	kfree(head);
	if (l)
		lines_close(l);
	return err;
}

/* What stands first may be shorter on the host: the name is where it belongs. */
static void put_rollup_head(const struct sums *s, const char *rest, struct fmt *out)
{
	const char *name = strchr(rest, '[');
	size_t from = out->len;

	fmt_hex(out, s->first, 8);
	fmt_char(out, '-');
	fmt_hex(out, s->last, 8);
	if (name) {
		while (name[-1] == ' ' && name[-2] == ' ')
			name--;
		fmt_bytes(out, rest, (size_t)(name - rest));
		while (out->len - from < NAME_COLUMN)
			fmt_char(out, ' ');
		rest = strchr(rest, '[');
	}
	fmt_print(out, "%s\n", rest);
}

static void put_rollup(struct lines *l, struct sums *s, struct fmt *out)
{
	struct mapping m;
	char *line;
	size_t len;
	u64 kb, *ours;

	while ((line = next_line(l))) {
		if (parse_mapping(line, &m)) {
			put_rollup_head(s, m.rest, out);
		} else if (parse_sum(line, &len, &kb)) {
			ours = sum_of(s, line, len);
			fmt_bytes(out, line, len);
			fmt_char(out, ':');
			for (; len < 15; len++)
				fmt_char(out, ' ');
			fmt_udec(out, kb - MIN(kb, ours ? *ours : 0), 8);
			fmt_str(out, " kB\n");
		}
	}
}

int show_smaps_rollup(struct task *task, const struct proc_task *who, struct fmt *out)
{
	int err;
	struct lines *l = lines_open(who->pid, "smaps_rollup", &err);
	struct sums *sums;

	if (!l)
		return err;
	sums = kzalloc(sizeof(*sums));
	err = sums ? sum_ours(who->pid, sums) : -ENOMEM;
	if (!err)
		put_rollup(l, sums, out);
	kfree(sums);
	lines_close(l);
	return err;
}
