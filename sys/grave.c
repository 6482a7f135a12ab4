/* SPDX-License-Identifier: MIT */
/* See sys/grave.h. */
#include "sys/grave.h"

#include <linux/fcntl.h>
#include "arena/arena.h"
#include "host/host.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "sys/held_names.h"
#include "warden/client.h"

/* Is it in a tmpfs, and are files of such mounted somewhere? */
static bool may_be_shown(const struct nameidata *nd)
{
	size_t len = strlen(arena()->storage);

	return atomic_load(&arena()->tmpfs_files) && nd->last_type == LAST_NORM && len && nd->len > len &&
	       !memcmp(nd->host, arena()->storage, len) && nd->host[len] == '/';
}

/* STORAGE/DIRECTORY/... -> STORAGE/DIRECTORY=NUMBER */
static void grave_path(const struct nameidata *nd, u64 number, char path[PATH_MAX])
{
	size_t len = strlen(arena()->storage) + 1;
	struct fmt f;

	while (len < nd->len && nd->host[len] != '/')
		len++;
	fmt_init(&f, path, PATH_MAX);
	fmt_bytes(&f, nd->host, len);
	fmt_char(&f, GRAVE_MARK);
	fmt_hex(&f, number, 1);
}

static s64 tell_warden(struct task *task, const struct nameidata *nd, u32 op, u64 number)
{
	struct request req;

	request_init(&req, op, task);
	req.arg = number;
	return request_add_name(&req, nd) ? warden_call(task, &req, NULL) : -ENAMETOOLONG;
}

u64 grave_dig(struct task *task, const struct nameidata *nd)
{
	s64 number = may_be_shown(nd) ? tell_warden(task, nd, REQ_UNLINK, 0) : 0;
	char path[PATH_MAX];

	if (number <= 0)
		return 0;
	grave_path(nd, (u64)number, path);
	return host_call5(__NR_linkat, nd->fd, nd->last, AT_FDCWD, path, 0) ? 0 : (u64)number;
}

void grave_close(struct task *task, const struct nameidata *nd, u64 grave, s64 err)
{
	char path[PATH_MAX];

	if (!grave || (!err && !tell_warden(task, nd, REQ_BURIED, grave)))
		return;
	grave_path(nd, grave, path);
	host_call1(__NR_unlink, path);
}
