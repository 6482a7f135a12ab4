/* SPDX-License-Identifier: MIT */
/*
 * Files that are mounted somewhere and lose their name. The kernel's mount holds on to the file; one of ours knows a
 * path. So such a file gets another name, where nobody looks, and the mounts that show it are told.
 */
#include "kernel/ns/mnt_tree.h"
#include "lib/string.h"

struct unlinking {
	const char *from, *to; /* to: NULL, as long as it is only asked who shows it */
	struct mnt_ns *ns;
	struct mnt_change change;
};

static int show_elsewhere(const struct mount *old, void *arg)
{
	static const char deleted[] = "//deleted";
	char fsroot[FSROOT_MAX + sizeof(deleted)];
	struct unlinking *u = arg;

	if (old->dir || strcmp(old->host, u->from) != 0)
		return 0;
	if (!u->to)
		return 1;
	if (strlen(old->fsroot) + sizeof(deleted) > FSROOT_MAX)
		return -ENAMETOOLONG;
	memcpy(fsroot, old->fsroot, strlen(old->fsroot));
	memcpy(fsroot + strlen(old->fsroot), deleted, sizeof(deleted));
	return mount_change_paths(&u->change, u->ns, old, old->point, u->to, fsroot);
}

/* In every namespace, and in what is mounted nowhere. */
static int each_namespace(struct unlinking *u)
{
	int ret = 0;

	for (u->ns = arena()->mnt_namespaces; u->ns && !ret; u->ns = u->ns->next)
		ret = mnt_for_each(u->ns, show_elsewhere, u);
	return ret;
}

bool mnt_file_shown(const char *host)
{
	struct unlinking u = {.from = host};

	return each_namespace(&u);
}

int mnt_file_unlinked(const char *from, const char *to)
{
	struct unlinking u = {.from = from, .to = to};

	return change_end(&u.change, each_namespace(&u));
}
