/* SPDX-License-Identifier: MIT */
/*
 * The carry's text form: a version, the numbers in hexadecimal, the strings with their lengths
 * before them, the arrays. It holds no NUL byte, because execve(2) is to copy it as one string. A
 * guest could write one by hand, so reading trusts nothing; what it could gain is to confuse itself.
 */
#include "exec/exec.h"

#include "arena/arena.h"
#include "lib/fmt.h"
#include "lib/string.h"

#define CARRY_VERSION 6

/* The numbers, in the order of the text. A new one is a line here and a higher version. */
/* clang-format off */
#define NUMBER(member) {offsetof(struct carry, member), sizeof(((struct carry *)0)->member)}
static const struct {
	u16 offset, size;
} numbers[] = {
	NUMBER(arena_fd), NUMBER(fd_base), NUMBER(handle), NUMBER(handle_inode),
	NUMBER(mnt_ns), NUMBER(uts_ns), NUMBER(user_ns),
	NUMBER(root_mnt), NUMBER(pwd_mnt), NUMBER(exe_mnt), NUMBER(pivots),
	NUMBER(umask), NUMBER(blocked_hidden), NUMBER(sem_list), NUMBER(sem_parted), NUMBER(files_limit),
	NUMBER(numbers_trapped), NUMBER(received_trapped), NUMBER(reads_trapped), NUMBER(sleeps_trapped),
	NUMBER(sig_mask), NUMBER(sig_ignored), NUMBER(sig_mixed),
	NUMBER(cred.uid), NUMBER(cred.euid), NUMBER(cred.suid), NUMBER(cred.fsuid),
	NUMBER(cred.gid), NUMBER(cred.egid), NUMBER(cred.sgid), NUMBER(cred.fsgid),
	NUMBER(cred.cap_inheritable), NUMBER(cred.cap_permitted), NUMBER(cred.cap_effective),
	NUMBER(cred.cap_bset), NUMBER(cred.cap_ambient), NUMBER(cred.securebits),
	NUMBER(cred.landlocked),
	NUMBER(exe_fd), NUMBER(interp_fd), NUMBER(filters_fd), NUMBER(no_new_privs), NUMBER(seccomp_outside),
	NUMBER(ngroups), NUMBER(nfds),
};
/* clang-format on */

static const u16 strings[] = {
    offsetof(struct carry, root),   offsetof(struct carry, pwd),  offsetof(struct carry, exe),
    offsetof(struct carry, execfn), offsetof(struct carry, comm),
};

/* ---- writing ---- */

static u64 number_get(const struct carry *c, u32 i)
{
	u64 wide = 0;

	memcpy(&wide, (const char *)c + numbers[i].offset, numbers[i].size);
	return wide;
}

static void put_number(struct fmt *f, u64 v)
{
	fmt_hex(f, v, 1);
	fmt_char(f, ' ');
}

static void put_string(struct fmt *f, const char *s)
{
	size_t len = strlen(s);

	put_number(f, len);
	fmt_bytes(f, s, len);
}

static void put_fd(struct fmt *f, const struct fd_info *info)
{
	put_number(f, (u32)info->fd);
	put_number(f, info->kind);
	put_number(f, info->sub);
	put_number(f, info->mnt);
	put_number(f, info->dev);
	put_number(f, info->ino);
}

s64 carry_encode(const struct carry *c, char *buf, size_t size)
{
	struct fmt f;
	u32 i;

	fmt_init(&f, buf, size);
	fmt_str(&f, CARRY_PREFIX);
	put_number(&f, CARRY_VERSION);
	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		put_number(&f, number_get(c, i));
	for (i = 0; i < ARRAY_SIZE(strings); i++)
		put_string(&f, *(const char *const *)((const char *)c + strings[i]));
	for (i = 0; i < c->ngroups; i++)
		put_number(&f, c->groups[i]);
	for (i = 0; i < c->nfds; i++)
		put_fd(&f, &c->fds[i]);
	return fmt_overflow(&f) ? -E2BIG : (s64)f.len;
}

/* ---- reading ---- */

/* The text that is left, and whether all of it was well-formed so far. */
struct reader {
	const char *at, *end;
	bool bad;
};

static u64 bad(struct reader *r)
{
	r->bad = true;
	return 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One number and the blank behind it; one above `max` is bad. */
static u64 get_number(struct reader *r, u64 max)
{
	u64 v = 0;
	u32 n;

	for (n = 0; r->at < r->end && hex_digit(*r->at) >= 0; n++, r->at++) {
		if (n == 16)
			return bad(r);
		v = v << 4 | (u64)hex_digit(*r->at);
	}
	if (!n || r->at == r->end || *r->at++ != ' ' || v > max)
		return bad(r);
	return v;
}

/* Copies one string behind *pool, which is known to have room for all that is left of the text. */
static const char *get_string(struct reader *r, char **pool)
{
	char *s = *pool;
	size_t len = get_number(r, CARRY_MAX);

	if (r->bad || len > (size_t)(r->end - r->at)) {
		r->bad = true;
		return NULL;
	}
	memcpy(s, r->at, len);
	s[len] = '\0';
	r->at += len;
	*pool = s + len + 1;
	return s;
}

static void get_numbers(struct reader *r, struct carry *c)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		u64 v = get_number(r, numbers[i].size == 4 ? UINT32_MAX : UINT64_MAX);

		memcpy((char *)c + numbers[i].offset, &v, numbers[i].size);
	}
}

static void get_strings(struct reader *r, struct carry *c)
{
	char *pool = kzalloc((size_t)(r->end - r->at) + ARRAY_SIZE(strings));
	u32 i;

	c->strings = pool;
	if (!pool)
		r->bad = true;
	for (i = 0; i < ARRAY_SIZE(strings) && !r->bad; i++)
		*(const char **)((char *)c + strings[i]) = get_string(r, &pool);
}

static void get_fd(struct reader *r, struct fd_info *info)
{
	info->fd = (s32)get_number(r, INT32_MAX);
	info->kind = (u8)get_number(r, FD_PROC);
	info->sub = (u8)get_number(r, UINT8_MAX);
	info->mnt = get_number(r, UINT64_MAX);
	info->dev = get_number(r, UINT64_MAX);
	info->ino = get_number(r, UINT64_MAX);
}

/* The counts are checked against the text: each element takes at least two bytes of it. */
static void get_arrays(struct reader *r, struct carry *c)
{
	size_t left = (size_t)(r->end - r->at);
	struct fd_info *fds;
	u32 *groups, i;

	if (c->ngroups > left / 2 || c->nfds > left / 12) {
		r->bad = true;
		return;
	}
	c->arrays = fds = kzalloc(c->nfds * sizeof(*fds) + c->ngroups * sizeof(*groups) + 1);
	if (!fds) {
		r->bad = true;
		return;
	}
	groups = (u32 *)(fds + c->nfds);
	for (i = 0; i < c->ngroups && !r->bad; i++)
		groups[i] = (u32)get_number(r, UINT32_MAX);
	for (i = 0; i < c->nfds && !r->bad; i++)
		get_fd(r, &fds[i]);
	c->fds = fds;
	c->groups = groups;
}

/* It is not mapped yet. */
static bool in_arena(u64 addr, size_t size)
{
	return addr >= ARENA_BASE && addr <= ARENA_BASE + ARENA_SIZE - size;
}

/* What later code relies on. */
static bool carry_sane(const struct carry *c)
{
	return c->arena_fd >= 0 && c->handle >= 0 && c->fd_base >= 0 && c->exe_fd >= 0 && c->interp_fd >= -1 &&
	       c->filters_fd >= -1 && in_arena(c->mnt_ns, sizeof(struct mnt_ns)) &&
	       in_arena(c->uts_ns, sizeof(struct uts_ns)) && in_arena(c->user_ns, sizeof(struct user_ns)) &&
	       c->umask <= 0777 && c->root[0] == '/' && c->pwd[0] == '/' && c->exe[0] == '/' &&
	       strlen(c->comm) < sizeof(mm.comm);
}

bool carry_decode(const char *text, struct carry *c)
{
	size_t len = strlen(text), prefix = strlen(CARRY_PREFIX);
	struct reader r = {text + prefix, text + len, false};

	memset(c, 0, sizeof(*c));
	if (len < prefix || memcmp(text, CARRY_PREFIX, prefix) != 0 || get_number(&r, CARRY_VERSION) != CARRY_VERSION)
		return false;
	get_numbers(&r, c);
	if (!r.bad)
		get_strings(&r, c);
	if (!r.bad)
		get_arrays(&r, c);
	if (!r.bad && r.at == r.end && carry_sane(c))
		return true;
	carry_release(c);
	return false;
}

void carry_release(struct carry *c)
{
	kfree(c->strings);
	kfree(c->arrays);
	c->strings = NULL;
	c->arrays = NULL;
}
