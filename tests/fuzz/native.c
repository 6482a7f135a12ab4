/* SPDX-License-Identifier: MIT */
/*
 * The model against the host's own kernel: random steps, natively, as root in a mount namespace whose root is a fresh
 * tmpfs. Prints TAP.
 *
 *	native NUMBER		so many runs of random bytes, always the same
 *	native FILE...		the runs that these bytes are
 */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "native.h"
#include "vfs/namei.h"

#define RUN_SIZE 1000

static unsigned long steps_done;

/* What the step should have done to the disk, done to the model's. */
static void change_disk(const struct expect *e, const struct step *s)
{
	struct node *other = e->other;
	char name[NAME_MAX + 1];

	switch (e->change) {
	case CHANGE_NONE:
		break;
	case CHANGE_ADD:
		disk_add(e->dir, e->name, strlen(e->name),
			 s->op == STEP_MKDIR	 ? NODE_DIR
			 : s->op == STEP_SYMLINK ? NODE_LINK
						 : NODE_FILE,
			 s->op == STEP_SYMLINK ? s->a : NULL);
		break;
	case CHANGE_REMOVE:
		disk_remove(e->node);
		break;
	case CHANGE_MOVE:
		if (other)
			disk_remove(other);
		disk_move(e->node, e->dir, e->name, strlen(e->name));
		break;
	case CHANGE_EXCHANGE:
		strcpy(name, e->node->name);
		disk_move(e->node, e->dir, e->name, strlen(e->name));
		disk_move(other, e->other_dir, name, strlen(name));
		break;
	}
}

/* ---- runs ---- */

/* Is the task where unshare(2) with CLONE_NEWUSER works: not in a chroot? */
static bool is_at_top(const struct m_task *task)
{
	const struct place top = {task->top, task->top->root};

	return task->root.mnt == top.mnt && task->root.node == top.node && !model_mounted(&top);
}

/* What can only be asked of secede's own functions is left out. */
static bool is_native(const struct step *s)
{
	if (!model_tasks[s->task].used || (s->op == STEP_SYMLINK && !*s->a))
		return false;
	if (s->op == STEP_FORK)
		return !(s->flags & CLONE_NEWUSER) || is_at_top(&model_tasks[s->task]);
	if (s->op == STEP_PROC || s->of != s->task)
		return false;
	return s->op != STEP_LOOKUP || !(s->flags & (LOOKUP_PARENT | LOOKUP_EMPTY));
}

static bool trees_agree(void)
{
	bool good = true;

	trees_begin();
	for (int t = 0; t < MODEL_TASKS && good; t++)
		good = !model_tasks[t].used || tree_agrees(t);
	return good;
}

static bool one_step(const struct step *s)
{
	static struct expect e;
	long err;

	if (!is_native(s))
		return true;
	model_step(s, &e);
	if (e.secedes && e.mounts)
		model_restore();
	if (e.skip || e.secedes)
		return true;
	steps_done++;
	err = task_step(s, &e);
	if (err != e.err) {
		printf("# %s, not %s\n", strerror((int)-err), strerror((int)-e.err));
	} else {
		change_disk(&e, s);
		if (!e.mounts || trees_agree())
			return true;
	}
	fflush(stdout);
	step_print(s);
	return false;
}

/* The tasks' namespaces go with them. */
static bool run(const char *scratch, const uint8_t *bytes, size_t size)
{
	struct input in = {bytes, bytes + size};
	static struct step s;
	bool good;

	disk_init();
	model_init();
	good = tasks_begin(scratch);
	if (!good)
		printf("# no root of our own\n");
	while (good && step_decode(&in, &s)) {
		if (getenv("WALK_VERBOSE"))
			step_print(&s);
		good = one_step(&s);
	}
	tasks_end();
	disk_free();
	return good;
}

static bool run_random(const char *scratch, unsigned nr)
{
	uint8_t bytes[RUN_SIZE];
	unsigned long random = 88172645463325252;

	for (unsigned i = 0; i < nr; i++) {
		for (size_t at = 0; at < sizeof(bytes); at++) {
			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			bytes[at] = (uint8_t)(random >> 32);
		}
		if (!run(scratch, bytes, sizeof(bytes))) {
			printf("# in run %u\n", i);
			return false;
		}
	}
	return true;
}

static bool run_file(const char *scratch, const char *name)
{
	uint8_t bytes[65536];
	int fd = open(name, O_RDONLY);
	ssize_t size = fd < 0 ? -1 : read(fd, bytes, sizeof(bytes));

	if (fd >= 0)
		close(fd);
	if (size >= 0 && run(scratch, bytes, (size_t)size))
		return true;
	printf("# in %s\n", name);
	return false;
}

int main(int argc, char **argv)
{
	char scratch[] = "/dev/shm/secede-native.XXXXXX", *end = argv[1];
	unsigned long nr = argc == 2 ? strtoul(argv[1], &end, 10) : 0;
	bool good = true;

	if (argc < 2 || !mkdtemp(scratch))
		return 2;
	if (nr && !*end) {
		good = run_random(scratch, (unsigned)nr);
	} else {
		for (int i = 1; i < argc; i++)
			good = run_file(scratch, argv[i]) && good;
	}
	rmdir(scratch);
	printf("# %lu steps\n%sok 1 - the model says what the host's kernel does\n1..1\n", steps_done,
	       good ? "" : "not ");
	return !good;
}
