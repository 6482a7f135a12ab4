/* SPDX-License-Identifier: MIT */
/*
 * Tasks that took their number along to another host process (kernel/pid.h). An entry of the map is made before such
 * a task moves, watched by a pidfd while it lives, and looked after once it has ended: the host number may be given
 * to somebody else as soon as the process has been waited for, and the guest number is in use as long as some host task
 * has it, who is known by a substitute then.
 */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "warden/warden.h"

#define TICK_MS 100
/* After that an entry which is still reserved, and whose task does not live, is one that was killed in between. */
#define RESERVED_MS 1000

/* What the warden knows of each entry that is not in the arena. */
struct moved {
	struct moved *next;
	s32 guest;
	int pidfd;  /* -1: reserved only, or gone */
	bool ended; /* the process has ended; it may still have to be waited for */
	bool again; /* the last look found that it had been waited for */
	s64 since;  /* ms: when it was reserved */
};
static struct moved *all;

static s64 now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

static struct moved *moved_find(s32 guest)
{
	struct moved *m = all;

	while (m && m->guest != guest)
		m = m->next;
	return m;
}

static bool host_has(s32 tid)
{
	return kill(tid, 0) == 0 || errno != ESRCH;
}

static void moved_free(struct moved *m)
{
	struct moved **at = &all;

	while (*at != m)
		at = &(*at)->next;
	*at = m->next;
	if (m->pidfd >= 0) {
		loop_forget_pidfd(m->pidfd);
		close(m->pidfd);
	}
	pid_free(&arena()->pids, m->guest);
	free(m);
}

static s64 reserve(s32 guest)
{
	struct moved *m = moved_find(guest);
	s64 err;

	/* Left over from one that was killed before it moved, if the number has a new owner who asks. */
	if (m && m->pidfd < 0)
		moved_free(m);
	m = allocation_fails() ? NULL : calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	err = host_has(pid_plain(guest)) ? pid_reserve(&arena()->pids, guest) : -ESRCH;
	if (err) {
		free(m);
		return err;
	}
	*m = (struct moved){.next = all, .guest = guest, .pidfd = -1, .since = now_ms()};
	all = m;
	return 0;
}

static s64 move(s32 guest, s32 host, bool husk)
{
	struct moved *m = moved_find(guest);
	int pidfd, err;

	if (!m || m->pidfd >= 0)
		return -ESRCH;
	pidfd = (int)syscall(SYS_pidfd_open, host, 0);
	if (pidfd < 0)
		return -errno;
	err = loop_watch_pidfd(pidfd, PIDFD_OF_NUMBER, (u32)guest);
	if (!err) {
		err = pid_move(&arena()->pids, guest, host, husk);
		if (err)
			loop_forget_pidfd(pidfd);
	}
	if (err) {
		close(pidfd);
		return err;
	}
	m->pidfd = pidfd;
	/* Killed meanwhile, and gone: whoever has waited for it has not seen the husk in it, or will say so. */
	if (!host_has(pid_plain(guest)))
		pid_stillborn(&arena()->pids, guest);
	/* The thread that it was waits for this (sys/rehost.c). */
	syscall(SYS_futex, &arena()->pids.seq, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
	return 0;
}

s64 do_pid(struct call *call)
{
	s32 guest = (s32)call->req->arg, host = (s32)call->req->src;
	struct moved *m;

	switch (call->req->flags) {
	case PID_RESERVE:
		return reserve(guest);
	case PID_CANCEL:
		m = moved_find(guest);
		if (m && m->pidfd < 0)
			moved_free(m);
		return 0;
	case PID_MOVE:
	case PID_MOVE_HUSK:
		return move(guest, host, call->req->flags == PID_MOVE_HUSK);
	case PID_HUSK_GONE:
		pid_husk_gone(&arena()->pids, guest);
		return 0;
	default:
		return -EINVAL;
	}
}

void pids_event(s32 guest)
{
	struct moved *m = moved_find(guest);

	if (!m || m->pidfd < 0)
		return;
	m->ended = true;
	loop_forget_pidfd(m->pidfd); /* it would tell that for ever */
}

/*
 * Once it has been waited for, nobody asks for it any more: those who wait translate before they take the process
 * away (sys/wait.c). One more round leaves a sender of a signal the time to finish.
 */
static void look_after_ended(struct moved *m)
{
	if (syscall(SYS_pidfd_send_signal, m->pidfd, 0, NULL, 0) == 0 || errno != ESRCH)
		return;
	if (!m->again) {
		m->again = true;
		return;
	}
	pid_gone(&arena()->pids, m->guest);
	close(m->pidfd);
	m->pidfd = -1;
}

static void look_after(struct moved *m)
{
	s32 host;

	if (m->ended && m->pidfd >= 0)
		look_after_ended(m);
	if (m->pidfd >= 0 || !pid_find(&arena()->pids, m->guest, &host))
		return;
	/*
	 * Gone: the number is free once no host task has it. Between this question and the next line the host may just
	 * give it away: that one in a million would be known by its substitute to itself and its parent alone.
	 */
	if ((!host || now_ms() - m->since > RESERVED_MS) && !host_has(pid_plain(m->guest)))
		moved_free(m);
}

int pids_tick(void)
{
	static s64 last;
	s64 now = now_ms();
	struct moved *m, *next;
	bool waiting = false;

	if (!all)
		return -1;
	for (m = all; m && now - last >= TICK_MS; m = next) {
		next = m->next;
		look_after(m);
	}
	if (now - last >= TICK_MS)
		last = now;
	for (m = all; m && !waiting; m = m->next)
		waiting = m->ended || m->pidfd < 0;
	return waiting ? TICK_MS : -1;
}
