/* SPDX-License-Identifier: MIT */
/* See host/limit.h. */
#include "host/limit.h"

#include <asm/errno.h>
#include <linux/fcntl.h>
#include "arena/arena.h"
#include "host/fail.h"
#include "host/host.h"
#include "host/own_fds.h"
#include "kernel/mm.h"

static struct {
	struct mutex lock;  /* held while the host's soft limit is raised, and by those who ask for it */
	_Atomic u32 seq;    /* odd while it is, or when somebody was killed meanwhile: it was raised for him alone */
	struct rlimit64 is; /* what it should be meanwhile */
} limit;

static void take(void)
{
	mutex_lock(&limit.lock);
	if (limit.seq & 1)
		atomic_fetch_add(&limit.seq, 1);
}

static int host_limit(const struct rlimit64 *new, struct rlimit64 *old)
{
	return (int)host_call4(__NR_prlimit64, 0, RLIMIT_NOFILE, new, old);
}

/* ---- both sides of it ---- */

static u64 soft_for_host(u64 soft)
{
	return soft <= (u64)mm.fd_base || soft > RLIM64_INFINITY - OWN_FDS ? soft : soft + OWN_FDS;
}

static u64 soft_for_guest(u64 soft)
{
	return soft <= (u64)mm.fd_base ? soft : MAX(soft - OWN_FDS, (u64)mm.fd_base);
}

struct rlimit64 limit_for_guest(struct rlimit64 host)
{
	u64 reserve = arena()->fd_reserve, max = host.rlim_max - MIN(host.rlim_max, reserve);

	return (struct rlimit64){MIN(soft_for_guest(host.rlim_cur), max), max};
}

struct rlimit64 limit_for_host(struct rlimit64 guest)
{
	u64 reserve = arena()->fd_reserve, max = guest.rlim_max;

	return (struct rlimit64){soft_for_host(guest.rlim_cur), max > RLIM64_INFINITY - reserve ? max : max + reserve};
}

int limit_change(const struct rlimit64 *new, struct rlimit64 *old)
{
	struct rlimit64 host, was;
	int err;

	take();
	if (new)
		host = limit_for_host(*new);
	err = host_limit(new ? &host : NULL, &was);
	mutex_unlock(&limit.lock);
	if (!err && old)
		*old = limit_for_guest(was);
	return err;
}

u64 limit_files(void)
{
	struct rlimit64 now = {RLIM64_INFINITY, RLIM64_INFINITY};

	limit_change(NULL, &now);
	return now.rlim_cur;
}

/* ---- descriptors of our own ---- */

/* Raises the soft limit. Until lower() the lock is held. */
static void raise(void)
{
	struct rlimit64 all;

	take();
	if (host_limit(NULL, &limit.is))
		return;
	all = (struct rlimit64){limit.is.rlim_max, limit.is.rlim_max};
	atomic_fetch_add(&limit.seq, 1);
	host_limit(&all, NULL);
}

static void lower(void)
{
	if (limit.seq & 1) {
		host_limit(&limit.is, NULL);
		atomic_fetch_add(&limit.seq, 1);
	}
	mutex_unlock(&limit.lock);
}

/* Did it fail for want of a number? fcntl(2) says that of one above the limit in another way. */
static bool table_full(long nr, long ret)
{
	return ret == -EMFILE || (ret == -EINVAL && nr == __NR_fcntl);
}

/* `inode`: of a handle; 0: it is for the moment. */
static long make_fd(long nr, long a, long b, long c, long d, u64 inode)
{
	struct own_fd *note = fd_expect(inode);
	long fd = host_call4(nr, a, b, c, d);

	fd_own(note, fd);
	return fd;
}

static long own_fd(long nr, long a, long b, long c, long d, u64 inode)
{
	long fd = allocation_fails() ? -ENOMEM : make_fd(nr, a, b, c, d, inode);

	if (!table_full(nr, fd))
		return fd;
	raise();
	fd = make_fd(nr, a, b, c, d, inode);
	lower();
	return fd;
}

long host_own_fd(long nr, long a, long b, long c, long d)
{
	return own_fd(nr, a, b, c, d, 0);
}

long host_own_handle(int fd, int from, u64 inode)
{
	return own_fd(__NR_fcntl, fd, F_DUPFD_CLOEXEC, from, 0, inode);
}

long host_own_pair(int domain, int type, s32 pair[2])
{
	long err = allocation_fails() ? -ENOMEM : fd_own_pair(domain, type, pair);

	if (err != -EMFILE)
		return err;
	raise();
	err = fd_own_pair(domain, type, pair);
	lower();
	return err;
}

/* ---- new processes ---- */

void limit_lock(void)
{
	take();
}

void limit_unlock(void)
{
	mutex_unlock(&limit.lock);
}

u32 limit_seq(void)
{
	if (limit.seq & 1) {
		take(); /* waits, unless that one is dead */
		mutex_unlock(&limit.lock);
	}
	return limit.seq;
}

void limit_inherited(u32 seq)
{
	if ((seq & 1) || limit.seq != seq)
		host_limit(&limit.is, NULL);
}

u64 limit_soft(void)
{
	struct rlimit64 now = {0};

	take();
	host_limit(NULL, &now);
	mutex_unlock(&limit.lock);
	return now.rlim_cur;
}

void limit_settle(u64 soft)
{
	struct rlimit64 now;

	if (host_limit(NULL, &now) || now.rlim_cur == soft)
		return;
	now.rlim_cur = MIN(soft, now.rlim_max);
	host_limit(&now, NULL);
}
