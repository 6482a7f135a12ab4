/* SPDX-License-Identifier: MIT */
/* Access control lists (acl(5)) are extended attributes with ids in them: those are the guest's, the host's are the
 * host's. */
#include "sys/acl.h"

#include <asm/errno.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <linux/xattr.h>
#include "host/uaccess.h"
#include "kernel/mm.h"
#include "lib/string.h"
#include "sys/cred.h"

struct acl {
	u32 version;
	struct posix_acl_xattr_entry entry[];
};

bool is_acl(const char *name)
{
	return !strcmp(name, XATTR_NAME_POSIX_ACL_ACCESS) || !strcmp(name, XATTR_NAME_POSIX_ACL_DEFAULT);
}

static bool is_mapped(const struct task *task, const char *name)
{
	return ids_are_mapped(task) && is_acl(name);
}

/* Ids without a number become -1, which the host refuses in a list that is to be set. */
static void entry_to_host(const struct user_ns *ns, struct posix_acl_xattr_entry *e)
{
	if (e->e_tag == ACL_USER)
		e->e_id = make_kuid(ns, e->e_id);
	else if (e->e_tag == ACL_GROUP)
		e->e_id = make_kgid(ns, e->e_id);
}

static void entry_to_guest(const struct user_ns *ns, struct posix_acl_xattr_entry *e)
{
	if (e->e_tag == ACL_USER)
		e->e_id = from_kuid(ns, e->e_id);
	else if (e->e_tag == ACL_GROUP)
		e->e_id = from_kgid(ns, e->e_id);
}

int acl_to_host(const struct task *task, const char *name, u64 *value, u64 size, void **copy)
{
	struct acl *acl;
	u64 i;

	*copy = NULL;
	if (!is_mapped(task, name) || !*value || size < sizeof(*acl) || size > XATTR_SIZE_MAX)
		return 0;
	*copy = acl = kzalloc(size);
	if (!acl)
		return -ENOMEM;
	if (copy_from_guest(acl, *value, size))
		return -EFAULT;
	for (i = 0; i < (size - sizeof(*acl)) / sizeof(acl->entry[0]); i++)
		entry_to_host(task->nsproxy->user, &acl->entry[i]);
	*value = (u64)(uintptr_t)acl;
	return 0;
}

void acl_to_guest(const struct task *task, const char *name, u64 value, s64 size)
{
	struct posix_acl_xattr_entry e;
	s64 at;

	if (size <= 0 || !value || !is_mapped(task, name))
		return;
	for (at = sizeof(struct acl); at + (s64)sizeof(e) <= size; at += (s64)sizeof(e)) {
		if (get_guest(e, value + (u64)at))
			return;
		entry_to_guest(task->nsproxy->user, &e);
		(void)put_guest(value + (u64)at, e);
	}
}
