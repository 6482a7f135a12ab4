/* SPDX-License-Identifier: MIT */
/* The texts of /proc that speak of credentials and names: status, uid_map, gid_map, setgroups, hostname. */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include "arena/arena.h"
#include "host/host.h"
#include "kernel/mm.h"
#include "lib/string.h"
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

/* ---- status: the host's text, with the lines that are ours replaced ---- */

struct status {
	const struct user_ns *reader;
	struct cred *cred;
	u64 ignored, caught, blocked_hidden;
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
	const struct group_info *groups = s->cred->groups;
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

static u64 parse_hex(const char *s)
{
	u64 v = 0;

	for (; *s == '\t' || *s == ' '; s++)
		;
	for (; (*s >= '0' && *s <= '9') || (*s >= 'a' && *s <= 'f'); s++)
		v = v << 4 | (u64)(*s <= '9' ? *s - '0' : *s - 'a' + 10);
	return v;
}

/* Writes our version of a line of the host's. False: the host's is right. */
static bool put_own_line(struct fmt *out, const struct status *s, const char *line)
{
	const struct cred *c = s->cred;

	if (!strncmp(line, "Uid:", 4))
		put_ids(out, "Uid:", s->reader, from_kuid_munged, (u32[]){c->uid, c->euid, c->suid, c->fsuid});
	else if (!strncmp(line, "Gid:", 4))
		put_ids(out, "Gid:", s->reader, from_kgid_munged, (u32[]){c->gid, c->egid, c->sgid, c->fsgid});
	else if (!strncmp(line, "Groups:", 7))
		put_groups(out, s);
	else if (!strncmp(line, "SigBlk:", 7))
		put_mask(out, "SigBlk", parse_hex(line + 7) | s->blocked_hidden);
	else if (!strncmp(line, "SigIgn:", 7))
		put_mask(out, "SigIgn", s->ignored);
	else if (!strncmp(line, "SigCgt:", 7))
		put_mask(out, "SigCgt", s->caught);
	else if (!strncmp(line, "CapInh:", 7))
		put_mask(out, "CapInh", c->cap_inheritable);
	else if (!strncmp(line, "CapPrm:", 7))
		put_mask(out, "CapPrm", c->cap_permitted);
	else if (!strncmp(line, "CapEff:", 7))
		put_mask(out, "CapEff", c->cap_effective);
	else if (!strncmp(line, "CapBnd:", 7))
		put_mask(out, "CapBnd", c->cap_bset);
	else if (!strncmp(line, "CapAmb:", 7))
		put_mask(out, "CapAmb", c->cap_ambient);
	else
		return false;
	return true;
}

static void put_lines(struct fmt *out, const struct status *s, const char *text)
{
	const char *end;

	for (; (end = strchr(text, '\n')); text = end + 1)
		if (!put_own_line(out, s, text))
			fmt_bytes(out, text, (size_t)(end + 1 - text));
}

/* Everything that is needed of a task of this address space; the credentials with a reference. */
static bool look_at(struct task *own, struct status *s)
{
	task_lock(own);
	s->cred = own->cred && own->sighand ? own->cred : NULL;
	if (s->cred)
		atomic_fetch_add(&s->cred->users, 1);
	for (int i = 0; s->cred && i < NSIG_GUEST; i++) {
		u64 handler = own->sighand->action[i].handler;

		if (handler == 1) /* SIG_IGN */
			s->ignored |= 1ULL << i;
		else if (handler)
			s->caught |= 1ULL << i;
	}
	s->blocked_hidden = own->blocked_hidden;
	task_unlock(own);
	return s->cred;
}

#define STATUS_SIZE 16384

static long read_host_status(int pid, char *buf)
{
	char path[320];
	long fd, n, used = 0;

	if (!proc_host_path(path, sizeof(path), pid, "status"))
		return -ENAMETOOLONG;
	fd = host_call4(__NR_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return fd;
	while ((n = host_call3(__NR_read, fd, buf + used, STATUS_SIZE - 1 - used)) > 0)
		used += n;
	host_close((int)fd);
	buf[used] = '\0';
	return used ? used : -ESRCH;
}

int show_status(struct task *task, const struct proc_task *who, struct fmt *out)
{
	struct status s = {.reader = task->nsproxy->user};
	char *text;
	long n;

	if (!who->own)
		return -EAGAIN;
	text = kzalloc(STATUS_SIZE);
	if (!text)
		return -ENOMEM;
	n = read_host_status(who->pid, text);
	if (n >= 0 && !look_at(who->own, &s))
		n = -ESRCH; /* it has just left */
	if (n >= 0) {
		put_lines(out, &s, text);
		put_cred(s.cred);
	}
	kfree(text);
	return n < 0 ? (int)n : 0;
}

u64 proc_own_pending(void)
{
	char *text = kzalloc(STATUS_SIZE);
	const char *line = text;
	u64 pending = 0;

	if (text && read_host_status(current_task()->host_tid, text) > 0) {
		while (line && strncmp(line, "SigPnd:", 7) != 0) {
			line = strchr(line, '\n');
			line = line ? line + 1 : NULL;
		}
		if (line)
			pending = parse_hex(line + 7);
	}
	kfree(text);
	return pending;
}
