/* SPDX-License-Identifier: MIT */
/* The guest's side of warden/proto.h; part of the runtime. */
#ifndef SECEDE_WARDEN_CLIENT_H
#define SECEDE_WARDEN_CLIENT_H

#include "kernel/task.h"
#include "warden/proto.h"

void request_init(struct request *req, u32 op, const struct task *task);
/* Appends a string; false: it does not fit (-ENAMETOOLONG for the caller). */
bool request_add(struct request *req, const char *s, size_t len);

/*
 * Sends `req` on the task's handle and waits for the answer. Returns reply.result (>= 0 or
 * -errno of the operation), or -EIO when the warden is dead, or -EMFILE/-ENFILE/-ENOMEM of the
 * socket pair. value may be NULL.
 */
s64 warden_call(const struct task *task, struct request *req, u64 *value);
/*
 * The same for a request that makes a handle which is of use to this call alone: *held is our end of it, for
 * warden_let_go(), and -1 when a negative result is returned.
 */
s64 warden_call_held(const struct task *task, struct request *req, s32 *held);
/* `wait`: until the warden has done what it does then. */
void warden_let_go(const struct task *task, s32 held, bool wait);
/*
 * The same for what must be said because it is so already: when memory or descriptors are short it is tried again for a
 * second.
 */
s64 warden_tell(const struct task *task, struct request *req);
/* The same for a REQ_SEM that may take its time. When a signal comes the warden is told, and has the last word: what
 * has been done, or -EINTR. */
s64 warden_call_interruptible(struct task *task, struct request *req);
/* Says something that may as well get lost: nobody answers, and nobody waits, not even for room in the queue. */
void warden_post(const struct task *task, struct request *req);
/* The same for requests that make a handle: on success *handle is the new guest end (close-on-exec:
 * execve keeps the one that it needs) and *inode its socket inode, and the result is its index in handle_at();
 * otherwise *handle is -1. */
s64 warden_call_handle(const struct task *task, struct request *req, s32 *handle, u64 *inode);
/* The same for a HANDLE_FS: *fd is the guest's, at the lowest free number, close-on-exec; reads from it do not wait. */
s64 warden_open_context(const struct task *task, struct request *req, s32 *fd);
/* REQ_OPEN_NS, and those that make a HANDLE_TREE: *fd is a new descriptor that holds the namespace or tree, at the
 * lowest free number, close-on-exec. */
s64 warden_open_ns(const struct task *task, struct request *req, s32 *fd, u64 *inode);
/* `fd` is a HANDLE_TREE: the task's user namespace may change and take its tree from now on. 0 or -errno. */
s64 warden_show_tree(const struct task *task, int fd);

/* One line into --log's file: what was refused or is not known. Costs nothing without --log. */
void guest_log(const struct task *task, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
