/* SPDX-License-Identifier: MIT */
/* The map between the guests' numbers and the host's (kernel/pid.h). */
#include "kernel/pid.h"

#include <asm/errno.h>
#include "kernel/alloc.h"

static u32 bucket(s32 nr)
{
	return (u32)nr * 0x9e3779b1u >> 22; /* the upper 10 bits: PIDS_BUCKETS */
}
_Static_assert(PIDS_BUCKETS == 1 << 10, "bucket() yields 10 bits");

/* ---- reading ---- */

/* What one reading found: whose host number is it, whose guest number? */
struct seen {
	s32 guest; /* of the entry with that host number; 0: there is none */
	bool stillborn;
	bool is_guest; /* there is an entry of that guest number: */
	s32 host;      /* its host number */
	bool husk;
	u32 since;
};

/* Chains may change under the reader's feet: the count of steps ends it, the sequence count judges it. */
static void look(const struct pid_map *map, s32 nr, struct seen *seen)
{
	u32 at, steps;

	*seen = (struct seen){0};
	at = map->by_guest[bucket(nr)];
	for (steps = 0; at && steps < PIDS_MAX && !seen->is_guest; steps++) {
		const struct pid_entry *e = &map->entry[at - 1];

		if (e->guest == nr)
			*seen = (struct seen){.is_guest = true, .host = e->host, .husk = e->husk, .since = e->since};
		at = e->next_guest;
	}
	at = map->by_host[bucket(nr)];
	for (steps = 0; at && steps < PIDS_MAX && !seen->guest; steps++) {
		const struct pid_entry *e = &map->entry[at - 1];

		if (e->host == nr) {
			seen->guest = e->guest;
			seen->stillborn = e->stillborn;
		}
		at = e->next_host;
	}
}

#define TRIES 20000000 /* a warden that is killed while it writes leaves the count odd for ever */

/* A reading is one state of the map: begin, look as often as needed, and again if something was written meanwhile. */
static u32 read_begin(const struct pid_map *map)
{
	u32 seq = atomic_load(&map->seq);

	for (int tries = 0; (seq & 1) && tries < TRIES; tries++)
		seq = atomic_load(&map->seq);
	return seq;
}

static bool read_again(const struct pid_map *map, u32 seq)
{
	atomic_thread_fence(memory_order_acquire);
	return !(seq & 1) && atomic_load(&map->seq) != seq;
}

/* The guest number of a host number that is not an entry's. */
static s32 first_free(const struct pid_map *map, s32 host)
{
	struct seen seen;
	s32 nr;

	for (nr = host; nr <= PID_TOP - PID_SUBSTITUTE; nr += PID_SUBSTITUTE) {
		look(map, nr, &seen);
		if (!seen.is_guest)
			break;
	}
	return nr;
}

static s32 guest_of(const struct pid_map *map, s32 host)
{
	struct seen seen;

	look(map, host, &seen);
	return seen.guest ? seen.guest : first_free(map, host);
}

static s32 host_of(const struct pid_map *map, s32 guest)
{
	struct seen seen;

	look(map, guest, &seen);
	if (seen.is_guest)
		return seen.host ? seen.host : PID_NONE;
	return guest_of(map, pid_plain(guest)) == guest ? pid_plain(guest) : PID_NONE;
}

/* Only who has a number can reserve it: an entry since then is the new one's own. */
static s32 number_of_new(const struct pid_map *map, u32 since, s32 host)
{
	struct seen seen;
	s32 nr;

	for (nr = host; nr <= PID_TOP - PID_SUBSTITUTE; nr += PID_SUBSTITUTE) {
		look(map, nr, &seen);
		if (!seen.is_guest || (s32)(seen.since - since) > 0)
			break;
	}
	return nr;
}

static bool is_husk(const struct pid_map *map, s32 host)
{
	struct seen seen;
	s32 nr;

	look(map, host, &seen);
	if (seen.guest)
		return seen.stillborn;
	for (nr = host; nr <= PID_TOP - PID_SUBSTITUTE; nr += PID_SUBSTITUTE) {
		look(map, nr, &seen);
		if (seen.husk || !seen.is_guest)
			break;
	}
	return seen.husk && seen.is_guest;
}

s32 pid_to_guest(const struct pid_map *map, s32 nr)
{
	s32 guest;
	u32 seq;

	if (!atomic_load(&map->nr) || nr <= 0)
		return nr;
	do {
		seq = read_begin(map);
		guest = guest_of(map, nr);
	} while (read_again(map, seq));
	return guest;
}

s32 pid_to_host(const struct pid_map *map, s32 nr)
{
	s32 host;
	u32 seq;

	if (!atomic_load(&map->nr) || nr <= 0)
		return nr;
	do {
		seq = read_begin(map);
		host = host_of(map, nr);
	} while (read_again(map, seq));
	return host;
}

s32 pid_of_new(const struct pid_map *map, u32 since, s32 host)
{
	s32 nr;
	u32 seq;

	if (!atomic_load(&map->nr))
		return host;
	do {
		seq = read_begin(map);
		nr = number_of_new(map, since, host);
	} while (read_again(map, seq));
	return nr;
}

bool pid_is_husk(const struct pid_map *map, s32 host)
{
	bool husk;
	u32 seq;

	if (!atomic_load(&map->nr))
		return false;
	do {
		seq = read_begin(map);
		husk = is_husk(map, host);
	} while (read_again(map, seq));
	return husk;
}

bool pid_find(const struct pid_map *map, s32 guest, s32 *host)
{
	struct seen seen;
	u32 seq;

	do {
		seq = read_begin(map);
		look(map, guest, &seen);
	} while (read_again(map, seq));
	*host = seen.host;
	return seen.is_guest;
}

/* ---- writing ---- */

static void write_begin(struct pid_map *map)
{
	atomic_fetch_add(&map->seq, 1);
	atomic_thread_fence(memory_order_release);
}

static void write_end(struct pid_map *map)
{
	atomic_fetch_add(&map->seq, 1);
}

static struct pid_entry *entry_of(struct pid_map *map, s32 guest)
{
	u32 at = map->by_guest[bucket(guest)];

	while (at && map->entry[at - 1].guest != guest)
		at = map->entry[at - 1].next_guest;
	return at ? &map->entry[at - 1] : NULL;
}

static u32 index_of(const struct pid_map *map, const struct pid_entry *e)
{
	return (u32)(e - map->entry) + 1;
}

static void host_link(struct pid_map *map, struct pid_entry *e, s32 host)
{
	_Atomic u32 *head = &map->by_host[bucket(host)];

	e->host = host;
	e->next_host = *head;
	*head = index_of(map, e);
}

static void host_unlink(struct pid_map *map, struct pid_entry *e)
{
	_Atomic u32 *at = &map->by_host[bucket(e->host)];

	if (!e->host)
		return;
	while (*at != index_of(map, e))
		at = &map->entry[*at - 1].next_host;
	*at = e->next_host;
	e->host = 0;
}

static void guest_unlink(struct pid_map *map, struct pid_entry *e)
{
	_Atomic u32 *at = &map->by_guest[bucket(e->guest)];

	while (*at != index_of(map, e))
		at = &map->entry[*at - 1].next_guest;
	*at = e->next_guest;
	e->guest = 0;
}

int pid_reserve(struct pid_map *map, s32 guest)
{
	struct pid_entry *e;
	u32 i;

	if (guest <= 0 || guest > PID_TOP || !pid_plain(guest))
		return -EINVAL;
	if (entry_of(map, guest))
		return -EEXIST;
	for (i = 0; i < PIDS_MAX && map->entry[i].guest; i++)
		;
	if (i == PIDS_MAX)
		return -ENOMEM;
	e = &map->entry[i];
	write_begin(map);
	e->husk = e->stillborn = false;
	e->since = atomic_load(&map->seq);
	e->guest = guest;
	e->next_guest = map->by_guest[bucket(guest)];
	map->by_guest[bucket(guest)] = i + 1;
	host_link(map, e, pid_plain(guest));
	atomic_fetch_add(&map->nr, 1);
	write_end(map);
	return 0;
}

int pid_move(struct pid_map *map, s32 guest, s32 host, bool husk)
{
	struct pid_entry *e = entry_of(map, guest);

	if (!e || e->host != pid_plain(guest))
		return -ESRCH;
	if (host <= 0 || host >= PID_SUBSTITUTE || host == e->host)
		return -EINVAL;
	write_begin(map);
	host_unlink(map, e);
	host_link(map, e, host);
	e->husk = husk;
	write_end(map);
	return 0;
}

void pid_gone(struct pid_map *map, s32 guest)
{
	struct pid_entry *e = entry_of(map, guest);

	if (!e)
		return;
	write_begin(map);
	host_unlink(map, e);
	write_end(map);
}

void pid_husk_gone(struct pid_map *map, s32 guest)
{
	struct pid_entry *e = entry_of(map, guest);

	if (e)
		e->husk = e->stillborn = false;
}

void pid_free(struct pid_map *map, s32 guest)
{
	struct pid_entry *e = entry_of(map, guest);

	if (!e)
		return;
	write_begin(map);
	host_unlink(map, e);
	guest_unlink(map, e);
	atomic_fetch_sub(&map->nr, 1);
	write_end(map);
}

void pid_stillborn(struct pid_map *map, s32 guest)
{
	struct pid_entry *e = entry_of(map, guest);

	if (e)
		e->stillborn = true;
}
