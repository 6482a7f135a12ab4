/* SPDX-License-Identifier: MIT */
/* The argument arrays of execve(2), copied out of guest memory so that strings of ours can join them. */
#include "exec/exec.h"

#include <linux/mman.h>
#include "host/host.h"
#include "host/uaccess.h"
#include "lib/string.h"

#define GUEST_PAGE 4096
/* Linux never takes more than 6 MiB of arguments, pointers included. */
#define POINTERS_MAX ((6UL << 20) / sizeof(u64))

/* Pointers before the NULL; an array that is NULL itself is empty. Reads a page at a time, because
 * what follows the array may not exist. */
static s64 count(u64 uarray)
{
	u64 page[GUEST_PAGE / sizeof(u64)], n = 0;

	while (uarray) {
		u64 at = uarray + n * sizeof(u64), i;
		u64 chunk = MAX((GUEST_PAGE - at % GUEST_PAGE) / sizeof(u64), 1UL);

		if (copy_from_guest(page, at, chunk * sizeof(u64)))
			return -EFAULT;
		for (i = 0; i < chunk && page[i]; i++)
			;
		n += i;
		if (i < chunk)
			break;
		if (n > POINTERS_MAX)
			return -E2BIG;
	}
	return (s64)n;
}

/* Copies *n pointers; should another thread have shortened the array meanwhile, *n follows. */
static int fetch(const char **to, u64 uarray, u64 *n)
{
	u64 i;

	if (*n && copy_from_guest(to, uarray, *n * sizeof(u64)))
		return -EFAULT;
	for (i = 0; i < *n && to[i]; i++)
		if (!access_ok((u64)(uintptr_t)to[i], 1))
			return -EFAULT;
	*n = i;
	return 0;
}

#define AREA_SMALL (32UL << 10)

/* From the heap: an address space that may have no further mapping can still execute a program. Much goes apart. */
static int area_alloc(struct task *task, size_t size)
{
	bool apart = size > AREA_SMALL;
	long at;

	if (apart)
		at = host_call6(__NR_mmap, NULL, size, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	else
		at = (long)(uintptr_t)kzalloc(size);
	if (at <= 0)
		return -ENOMEM;
	/* Size first: whoever releases asks for the address. */
	task->exec_area_size = apart ? size : 0;
	task->exec_area = (void *)at;
	return 0;
}

void exec_release(struct task *task)
{
	void *area = task->exec_area, *carry = task->exec_carry;

	task->exec_area = NULL;
	task->exec_carry = NULL;
	kfree(carry);
	if (area && task->exec_area_size)
		host_call2(__NR_munmap, area, task->exec_area_size);
	else
		kfree(area);
}

int exec_args_get(struct task *task, u64 uargv, u64 uenvp, struct exec_args *out)
{
	s64 argc = count(uargv), envc = argc < 0 ? argc : count(uenvp);
	int err;

	if (envc < 0)
		return (int)envc;
	/* argv: one more for an empty list, and its NULL. envp: the carry and the NULL. */
	err = area_alloc(task, (ARGS_SPARE + (u64)argc + 2 + (u64)envc + 2) * sizeof(u64));
	if (err)
		return err;
	out->argv = (const char **)task->exec_area + ARGS_SPARE;
	out->envp = out->argv + argc + 2;
	out->argc = (u64)argc;
	out->envc = (u64)envc;
	err = fetch(out->argv, uargv, &out->argc);
	if (!err)
		err = fetch(out->envp, uenvp, &out->envc);
	if (err) {
		exec_release(task);
		return err;
	}
	/* Since 5.18 Linux gives a program that is called without arguments an empty one. */
	if (!out->argc) {
		out->argv[0] = "";
		out->argc = 1;
	}
	return 0;
}
