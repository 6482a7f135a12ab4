/* SPDX-License-Identifier: MIT */
/*
 * Running sessions, as they are found from outside or by a guest of one: for `secede map`, `secede ls` and
 * `secede enter`. What is read of them may be torn or made up.
 */
#ifndef SECEDE_MAP_SESSION_H
#define SECEDE_MAP_SESSION_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>
#include "arena/arena.h"
#include "lib/types.h"

/* ---- sessions (map/session.c) ---- */

/* The arena of a process, from outside. */
struct arena_search {
	int pid;
	char path[64]; /* "/proc/PID/fd/N" of it */
	bool found;
	struct stat st;
};
/* -errno when its descriptors cannot be looked at. */
int find_arena(int pid, struct arena_search *search);

struct session {
	bool inside; /* we are a guest of it */
	dev_t dev;   /* of the arena's memory */
	ino_t ino;
	uid_t owner;
	int guest;	   /* a process of it, by its number here: the one that was named */
	char path[64];	   /* "/proc/PID/fd/N" of the arena there; "" inside */
	const char *arena; /* mapped here; NULL inside, where it is where it always is */
	size_t size;
	s32 warden;
	struct pid_map *pids; /* a copy in which no index leads astray */
};
/* The one that `name` means: the number of a process of it, or a program's name; NULL: the only one there is, or the
 * one that we are in. Ends the command where there is none. */
void session_find(const char *name, struct session *out);
/* The one that we are in. False: we are in none. */
bool session_own(struct session *out);
/* That of an arena. False: it is none, or has just ended. */
bool session_open(const struct arena_search *found, struct session *out);
void session_close(struct session *s);
/* Does its warden live? It does not yet when the session is being started: `warden` is 0 then. */
bool session_is_kept(const struct session *s);
/* Says so when it does not. */
void session_warn(const struct session *s);
/* Is that process, by its number here, of the session? */
bool session_has(const struct session *s, int pid);
/* Copies from the arena. */
bool session_read(const struct session *s, void *dst, const void *src, size_t len);

/* ---- all of one (map/guests.c) ---- */

struct guests {
	int first; /* the process that has been there for the longest, by its number here; 0: there is none */
	u64 start; /* when it began, in the host's ticks since the machine began */
	u64 tasks; /* threads of all of them */
};
void find_guests(const struct session *s, struct guests *out);
/* When a process began, and how many threads it has. False: it is gone. */
bool process_facts(int pid, u64 *start, u64 *threads);

/* A set of namespaces that a process has, from outside. (map/handles.c) */
bool find_any_handle(const struct session *s, int pid, struct handle *out);

/* ---- processes (map/proc.c) ---- */

/* Calls `fn` for each number that is an entry of the directory, until it returns false. False: it cannot be read. */
bool for_each_number(const char *dir, bool (*fn)(int number, void *arg), void *arg);
/* "name" without what does not belong into a line; "?" when it is gone. */
void read_command(int pid, int tid, char out[16]);
/* The number in the brackets of such a link ("socket:[123]"); 0: there is none. */
u64 number_in_link(const char *path, const char *prefix);
/* Copies memory of a process, by its number here. */
bool peek(int pid, void *dst, const void *src, size_t len);

#endif
