/* SPDX-License-Identifier: MIT */
/* Where a host thread is: in this address space, elsewhere by now, or dead (kernel/mm.h). */
#include <asm/errno.h>
#include <linux/time.h>
#include <linux/uio.h>
#include <linux/wait.h>
#include "host/host.h"
#include "kernel/mm.h"

u64 mm_new_id(void)
{
	struct {
		u64 sec, nsec;
	} now = {0};

	host_call2(__NR_clock_gettime, CLOCK_MONOTONIC, &now);
	/* No other address space that lives now was begun by a process of this number at this time. */
	return (u64)host_call0(__NR_getpid) << 32 | (u32)(now.sec * 1000000000 + now.nsec);
}

/* Reads the id of the address space that `tid` is in: 0 or -errno. Who shares our memory may always be read. */
static long read_id(s32 tid, u64 *id)
{
	struct iovec local = {id, sizeof(*id)}, remote = {&mm.id, sizeof(*id)};
	long n = host_call6(__NR_process_vm_readv, tid, &local, 1, &remote, 1, 0);

	return n == sizeof(*id) ? 0 : n < 0 ? n : -EFAULT;
}

/*
 * What a host says that forbids the above. A killed child keeps its number until it has been waited for, and whoever
 * would wait may be waiting for its lock: so there are two questions.
 */
static enum whereabouts ask_for_death(s32 tid)
{
	struct siginfo_raw info = {0};

	if (host_call2(__NR_tkill, tid, 0) == -ESRCH)
		return THREAD_DEAD;
	if (host_call5(__NR_waitid, P_PID, tid, &info, WEXITED | WNOHANG | WNOWAIT | __WALL, NULL) == 0 &&
	    info.pid == tid)
		return THREAD_DEAD;
	return THREAD_HERE;
}

bool process_lives(s32 tgid, u64 id)
{
	u64 found = 0;
	long err = read_id(tgid, &found);

	if (!err)
		return found == id;
	/* Its first thread may have left the others; or the host lets us not look. */
	return err != -EFAULT && host_call2(__NR_kill, tgid, 0) != -ESRCH;
}

enum whereabouts thread_where(s32 tid)
{
	u64 id = 0;
	long err = read_id(tid, &id);

	if (!err)
		return id == mm.id ? THREAD_HERE : THREAD_ELSEWHERE;
	if (err == -ESRCH) /* also of a zombie: it has no memory any more */
		return THREAD_DEAD;
	/* It has other memory, unless that is what the host says of everybody. */
	return read_id(host_gettid(), &id) ? ask_for_death(tid) : THREAD_ELSEWHERE;
}
