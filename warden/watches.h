/* SPDX-License-Identifier: MIT */
/*
 * Host paths that the host watches for us (inotify(7)), each with all directories above it: whoever renames, replaces
 * or removes one of them, or changes who may search it, has put an event into our queue before his call returns.
 */
#ifndef SECEDE_WARDEN_WATCHES_H
#define SECEDE_WARDEN_WATCHES_H

#include "lib/types.h"

#define WATCHED_PATH_MAX       1024 /* with the NUL */
#define WATCHED_COMPONENTS_MAX 256

/* Begins to watch. The queue's descriptor, or -1: the host lets us not watch enough. */
int watches_begin(void);
void watches_end(void);
bool watches_begun(void);
/* Is there room for a path's? We take a share of the user's. */
bool watches_have_room(void);

/* Each path on the way to `path`, itself included, is path[0..*len). Begins with *len 0. */
bool next_prefix(const char *path, size_t *len);
/*
 * One reference more on the watch of path[0..len), where `fd` leads; of a directory, if that counts, also for what is
 * removed in it. 0, -ESTALE (something else was at that path), -ENOMEM, or -errno: the host does not watch that.
 */
int watch_get(const char *path, size_t len, int fd, bool removals);
/*
 * One reference more on all watches that there are already on the way to path[0..*len), a directory above `path`, which
 * is watched as well. Where it leads is known, but for events in the queue; to be watched anew are that and what is
 * below. `removals` as above. What *shared says has the references; 0 in both: nothing is watched.
 */
void watches_share(const char *path, bool removals, size_t *len, size_t *shared);
/* One less on each path on the way to `path`, up to path[0..upto). */
void watches_put(const char *path, size_t upto);

/* Reads the queue. Something has changed at the path, "/": anywhere; what calls watches_put() in turn. */
void watches_read(void (*changed)(const char *path));

#endif
