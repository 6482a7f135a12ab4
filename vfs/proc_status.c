/* SPDX-License-Identifier: MIT */
/* The texts of /proc that speak of credentials, signals and names: status, stat, uid_map, gid_map, setgroups, hostname.
 */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include "arena/arena.h"
#include "host/host.h"
#include "kernel/mm.h"
#include "lib/string.h"
#include "signal/signal.h"
#include "vfs/proc_internal.h"

/* ---- uid_map, gid_map, setgroups (user_namespaces(7)) ---- */

typedef u32 (*from_kid)(const struct user_ns *ns, u32 kid);

/* The ids outside are shown as the reader counts them; to a reader inside, as the parent does. */
static void show_map(const struct task *reader, const struct user_ns *ns, const struct uid_map *map, from_kid from,
		     struct fmt *out)
{
	const struct user_ns *lower = reader->nsproxy->user;
	const struct uid_extent *extent = READ_ONCE(map->extent);
	u32 nr = MIN(READ_ONCE(map->nr), (u32)UID_MAP_MAX);

	if (lower == ns && ns->parent)
		lower = ns->parent;
	for (u32 i = 0; i < nr; i++) {
		struct uid_extent e;

		if (!arena_contains(&extent[i], sizeof(e)))
			return;
		e = extent[i];
		fmt_udec(out, e.first, 10);
		fmt_char(out, ' ');
		fmt_udec(out, from(lower, e.lower), 10);
		fmt_char(out, ' ');
		fmt_udec(out, e.count, 10);
		fmt_char(out, '\n');
	}
	if (!ns->parent && !nr)
		fmt_str(out, "         0          0 4294967295\n");
}

int show_uid_map(struct task *task, const struct proc_task *who, struct fmt *out)
{
	show_map(task, who->user, &who->user->uid, from_kuid, out);
	return 0;
}

int show_gid_map(struct task *task, const struct proc_task *who, struct fmt *out)
{
	show_map(task, who->user, &who->user->gid, from_kgid, out);
	return 0;
}

int show_setgroups(struct task *task, const struct proc_task *who, struct fmt *out)
{
	fmt_str(out, who->user->deny_setgroups ? "deny\n" : "allow\n");
	return 0;
}

/* ---- sys/kernel/hostname, domainname ---- */

int show_hostname(struct task *task, const struct proc_task *who, struct fmt *out)
{
	char name[UTS_LEN + 1];

	uts_read(who->uts, name, NULL);
	fmt_print(out, "%s\n", name);
	return 0;
}

int show_domainname(struct task *task, const struct proc_task *who, struct fmt *out)
{
	char name[UTS_LEN + 1];

	uts_read(who->uts, NULL, name);
	fmt_print(out, "%s\n", name);
	return 0;
}

/* ---- sys/user/max_X_namespaces ---- */

int show_max_mnt(struct task *task, const struct proc_task *who, struct fmt *out)
{
	fmt_print(out, "%u\n", atomic_load(&who->user->max[NS_MNT]));
	return 0;
}

int show_max_uts(struct task *task, const struct proc_task *who, struct fmt *out)
{
	fmt_print(out, "%u\n", atomic_load(&who->user->max[NS_UTS]));
	return 0;
}

int show_max_user(struct task *task, const struct proc_task *who, struct fmt *out)
{
	fmt_print(out, "%u\n", atomic_load(&who->user->max[NS_USER]));
	return 0;
}

/* ---- status: the host's text, with the lines that are ours replaced ---- */

struct status {
	const struct user_ns *reader;
	bool guest;
	const struct task_facts *facts; /* NULL: not known */
};

static void put_ids(struct fmt *out, const char *label, const struct user_ns *ns, from_kid from, const u32 kid[4])
{
	fmt_str(out, label);
	for (int i = 0; i < 4; i++) {
		fmt_char(out, '\t');
		fmt_udec(out, from(ns, kid[i]), 0);
	}
	fmt_char(out, '\n');
}

static void put_groups(struct fmt *out, const struct status *s)
{
	const struct group_info *groups = s->facts->cred.groups;
	u32 nr = groups ? groups->nr : 0;

	fmt_str(out, "Groups:\t");
	for (u32 i = 0; i < nr; i++) {
		fmt_udec(out, from_kgid_munged(s->reader, groups->gid[i]), 0);
		if (i + 1 < nr)
			fmt_char(out, ' ');
	}
	fmt_str(out, " \n");
}

static void put_mask(struct fmt *out, const char *label, u64 mask)
{
	fmt_print(out, "%s:\t", label);
	fmt_hex(out, mask, 16);
	fmt_char(out, '\n');
}

static const char *skip_blanks(const char *s)
{
	for (; *s == '\t' || *s == ' '; s++)
		;
	return s;
}

static u64 mask_in(const char *s)
{
	u64 mask = 0;

	s = skip_blanks(s);
	parse_hex(&s, &mask);
	return mask;
}

/* Does the line begin with that label? Then *value is what follows it. */
static bool is_line(const char *line, const char *label, const char **value)
{
	size_t len = strlen(label);

	*value = line + len + 1;
	return !strncmp(line, label, len) && line[len] == ':';
}

static bool put_cred_line(struct fmt *out, const struct status *s, const char *line)
{
	const struct cred *c = &s->facts->cred;
	const char *value;

	if (is_line(line, "Uid", &value))
		put_ids(out, "Uid:", s->reader, from_kuid_munged, (u32[]){c->uid, c->euid, c->suid, c->fsuid});
	else if (is_line(line, "Gid", &value))
		put_ids(out, "Gid:", s->reader, from_kgid_munged, (u32[]){c->gid, c->egid, c->sgid, c->fsgid});
	else if (is_line(line, "Groups", &value))
		put_groups(out, s);
	else if (is_line(line, "CapInh", &value))
		put_mask(out, "CapInh", c->cap_inheritable);
	else if (is_line(line, "CapPrm", &value))
		put_mask(out, "CapPrm", c->cap_permitted);
	else if (is_line(line, "CapEff", &value))
		put_mask(out, "CapEff", c->cap_effective);
	else if (is_line(line, "CapBnd", &value))
		put_mask(out, "CapBnd", c->cap_bset);
	else if (is_line(line, "CapAmb", &value))
		put_mask(out, "CapAmb", c->cap_ambient);
	else
		return false;
	return true;
}

static bool put_signal_line(struct fmt *out, const struct status *s, const char *line)
{
	const struct task_facts *f = s->facts;
	const char *value;

	if (is_line(line, "SigPnd", &value))
		put_mask(out, "SigPnd", (mask_in(value) & ~SIG_HIDDEN) | f->pending);
	else if (is_line(line, "ShdPnd", &value))
		put_mask(out, "ShdPnd", (mask_in(value) & ~SIG_HIDDEN) | f->shared_pending);
	else if (is_line(line, "SigBlk", &value))
		put_mask(out, "SigBlk", f->blocked);
	else if (is_line(line, "SigIgn", &value))
		put_mask(out, "SigIgn", f->ignored);
	else if (is_line(line, "SigCgt", &value))
		put_mask(out, "SigCgt", f->caught);
	else
		return false;
	return true;
}

/* Of a task that cannot be looked at: the handlers that the runtime always has are not its own, as far as we know. */
static bool put_guess(struct fmt *out, const char *line)
{
	const char *value;

	if (!is_line(line, "SigCgt", &value))
		return false;
	put_mask(out, "SigCgt", mask_in(value) & ~SIG_HIDDEN);
	return true;
}

/*
 * What the program has asked for, on top of what the session was started under. Our own filters are not its: in the
 * host's number of filters there is one for all, one more where numbers are translated, and one that stands for the
 * strict mode.
 */
static bool put_seccomp_line(struct fmt *out, const struct status *s, const char *line)
{
	const struct task_facts *f = s->facts;
	const char *value;
	u64 filters;

	if (is_line(line, "NoNewPrivs", &value)) {
		fmt_print(out, "NoNewPrivs:\t%d\n", f->no_new_privs);
	} else if (is_line(line, "Seccomp", &value)) {
		fmt_print(out, "Seccomp:\t%u\n", f->seccomp);
	} else if (is_line(line, "Seccomp_filters", &value)) {
		value = skip_blanks(value);
		if (!parse_u64(&value, &filters))
			return false;
		fmt_print(out, "Seccomp_filters:\t%lu\n", filters - MIN(filters, (u64)f->own_filters));
	} else {
		return false;
	}
	return true;
}

/* Lines of numbers of tasks, groups and sessions. */
static bool put_number_line(struct fmt *out, const char *line)
{
	static const char *const labels[] = {"Tgid", "Pid", "PPid", "TracerPid", "NStgid", "NSpid", "NSpgid", "NSsid"};
	const char *value;
	u64 nr;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(labels) && !is_line(line, labels[i], &value); i++)
		;
	if (i == ARRAY_SIZE(labels))
		return false;
	fmt_print(out, "%s:", labels[i]);
	while (*value++ == '\t' && parse_u64(&value, &nr))
		fmt_print(out, "\t%d", pid_to_guest(&arena()->pids, (s32)nr));
	fmt_char(out, '\n');
	return true;
}

/* Writes our version of a line of the host's. False: the host's is right. */
static bool put_own_line(struct fmt *out, const struct status *s, const char *line)
{
	if (proc_numbers_differ() && put_number_line(out, line))
		return true;
	if (!s->facts)
		return s->guest && put_guess(out, line);
	return put_signal_line(out, s, line) || put_cred_line(out, s, line) || put_seccomp_line(out, s, line);
}

static void put_lines(struct fmt *out, const struct status *s, const char *text)
{
	const char *end;

	for (; (end = strchr(text, '\n')); text = end + 1)
		if (!put_own_line(out, s, text))
			fmt_bytes(out, text, (size_t)(end + 1 - text));
}

/* What follows that label in the text; NULL: it is not there. */
static const char *find_line(const char *text, const char *label)
{
	const char *value;

	for (; text && *text; text = strchr(text, '\n') ? strchr(text, '\n') + 1 : NULL)
		if (is_line(text, label, &value))
			return value;
	return NULL;
}

#define STATUS_SIZE 16384

int show_status(struct task *task, const struct proc_task *who, struct fmt *out)
{
	struct status s = {.reader = task->nsproxy->user, .guest = who->handle};
	struct task_facts facts;
	char *text = kzalloc(STATUS_SIZE);
	long n;

	if (!text)
		return -ENOMEM;
	n = proc_host_read(who->pid, "status", text, STATUS_SIZE);
	if (n > 0) {
		if (s.guest && facts_get(who, &facts))
			s.facts = &facts;
		put_lines(out, &s, text);
		if (s.facts)
			facts_put(&facts);
	}
	kfree(text);
	return n > 0 ? 0 : n < 0 ? (int)n : -ESRCH;
}

/* ---- stat: one line, whose fields 31 to 34 are sets of signals, without the real-time ones ---- */

#define STAT_SIZE     2048
#define FIELD_PARENT  4
#define FIELD_PENDING 31
#define STAT_SIGNALS  0x7fffffffUL

/* Field `nr` of a line of the host's; the name, which may hold anything, ends with the last parenthesis. */
static const char *stat_field(const char *line, unsigned nr)
{
	const char *at = strrchr(line, ')');

	for (unsigned n = 2; at && n < nr; n++)
		at = strchr(at + 1, ' ');
	return at ? at + 1 : NULL;
}

static void put_stat_signals(struct fmt *out, u64 set)
{
	fmt_udec(out, set & STAT_SIGNALS, 0);
	fmt_char(out, ' ');
}

/* What the host's own four fields say. */
static void guess(struct task_facts *f, const char *fields)
{
	u64 pending;

	parse_u64(&fields, &pending);
	parse_u64((fields++, &fields), &f->blocked);
	parse_u64((fields++, &fields), &f->ignored);
	parse_u64((fields++, &fields), &f->caught);
	f->caught &= ~SIG_HIDDEN;
}

/* Which of the fields before those are numbers of tasks: pid, ppid, pgrp, session, tpgid. */
static bool is_number_field(unsigned nr)
{
	return nr == 1 || (nr >= 4 && nr <= 6) || nr == 8;
}

/* The fields before the signals, from `line` to `end`. */
static void put_stat_numbers(struct fmt *out, const char *line, const char *end)
{
	const char *at = line, *next;
	unsigned nr;
	u64 number;

	for (nr = 1; at < end; at = next, nr++) {
		/* The second one, the name, may have blanks in it. */
		next = nr == 2 ? stat_field(line, 3) : strchr(at, ' ') + 1;
		if (is_number_field(nr) && parse_u64(&at, &number))
			fmt_dec(out, pid_to_guest(&arena()->pids, (s32)number));
		fmt_bytes(out, at, (size_t)(next - at));
	}
}

int show_stat(struct task *task, const struct proc_task *who, struct fmt *out)
{
	char line[STAT_SIZE];
	const char *signals, *rest;
	struct task_facts f = {0};
	u64 pending;
	bool known;
	long n = proc_host_read(who->pid, "stat", line, sizeof(line));

	if (n <= 0)
		return n < 0 ? (int)n : -ESRCH;
	signals = stat_field(line, FIELD_PENDING);
	rest = stat_field(line, FIELD_PENDING + 4);
	if (!signals || !rest)
		return -EAGAIN;
	if (proc_numbers_differ())
		put_stat_numbers(out, line, signals);
	else
		fmt_bytes(out, line, (size_t)(signals - line));
	if (!who->handle) {
		fmt_str(out, signals);
		return 0;
	}
	known = facts_get(who, &f);
	if (!known)
		guess(&f, signals);
	parse_u64(&signals, &pending);
	put_stat_signals(out, (pending & ~SIG_HIDDEN) | f.pending);
	put_stat_signals(out, f.blocked);
	put_stat_signals(out, f.ignored);
	put_stat_signals(out, f.caught);
	fmt_str(out, rest);
	if (known)
		facts_put(&f);
	return 0;
}

int proc_own_pending(u64 *pending)
{
	char text[STATUS_SIZE];
	long n = proc_host_read(current_task()->host_tid, "status", text, sizeof(text));
	const char *value = n > 0 ? find_line(text, "SigPnd") : NULL;

	*pending = value ? mask_in(value) : 0;
	return n == -ENOMEM || n == -EMFILE || n == -ENFILE ? (int)n : 0;
}

s32 proc_parent(s32 pid)
{
	char text[STAT_SIZE];
	const char *field = proc_host_read(pid, "stat", text, sizeof(text)) > 0 ? stat_field(text, FIELD_PARENT) : NULL;
	u64 parent = 0;

	return field && parse_u64(&field, &parent) ? (s32)parent : 0;
}
