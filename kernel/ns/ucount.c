/* SPDX-License-Identifier: MIT */
/* How many namespaces there are, and may be: /proc/sys/user/max_user_namespaces and its kin (namespaces(7)). */
#include "kernel/ns/user.h"

bool ucount_reached(const struct user_ns *ns, enum ns_type type)
{
	for (; ns; ns = ns->parent)
		if (ns->count[type] >= atomic_load(&ns->max[type]))
			return true;
	return false;
}

void ucount_add(struct user_ns *ns, enum ns_type type, int by)
{
	for (; ns; ns = ns->parent)
		ns->count[type] += (u32)by;
}
