/* SPDX-License-Identifier: MIT */
#ifndef SECEDE_KERNEL_NS_NSFS_H
#define SECEDE_KERNEL_NS_NSFS_H
/* The three kinds of namespace that are built, as an index. */
enum ns_type { NS_MNT, NS_UTS, NS_USER, NS_TYPES };
#endif
