/* SPDX-License-Identifier: MIT */
/*
 * The fuzzer's program: the steps of an input are done by secede, on a fake host, and judged by the model. After each
 * both must agree: in errno, in the place that was found, in what has become of the disk, of the whole tree of mounts,
 * and of the task's root and working directory.
 */
#include "walk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include "arena/arena.h"
#include "host/host.h"
#include "kernel/mm.h"
#include "vfs/walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

struct walk_task tasks[MODEL_TASKS];

static unsigned long steps_done;

/* ---- disagreement ---- */

static const struct step *current;
static struct expect expected;

void disagree(const char *format, ...)
{
	va_list args;

	fprintf(stderr, "model and secede disagree: ");
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\n");
	if (current)
		step_print(current);
	abort();
}

/* ---- memory that runs out ---- */

static unsigned fail_in;

static bool fails(void)
{
	return fail_in && --fail_in == 0;
}

/* ---- the world, before the first step and after the last ---- */

static struct path place_new(u64 mnt, const char *host)
{
	return (struct path){mnt, hpath_new(host, strlen(host))};
}

static void attach_proc(struct nsproxy *ns)
{
	struct super *sb = super_create(SUPER_PROC, "proc", "p", "", 0, WALK_TMPFS_DEV, WALK_HOST_DEV);
	struct mount_spec spec = {.parent = ns->mnt->root, .point = "/p", .host = "/s/p", .dir = true, .sb = sb};

	sb->owner = user_ns_get(ns->user);
	mnt_attach(ns->mnt, &spec);
	super_put(sb);
}

static struct nsproxy *first_namespaces(void)
{
	struct super *sb = super_create(SUPER_HOST, "ext4", "/dev/sda", "data=a b", 0, 5, 5);
	struct mount_spec spec = {.point = "/", .host = "/", .dir = true, .sb = sb};
	struct nsproxy *ns = kzalloc(sizeof(*ns));

	ns->users = 1;
	ns->user = user_ns_create(NULL, 0, 0);
	ns->mnt = mnt_ns_create(ns->user);
	ns->uts = uts_ns_dup(NULL, ns->user);
	mnt_attach(ns->mnt, &spec);
	super_put(sb);
	attach_proc(ns);
	walk_publish(ns);
	return ns;
}

void walk_new_task(int t, struct task *task)
{
	atomic_store(&task->state, TASK_RUNNING);
	task->tid = task->tgid = task->host_tid = task->host_tgid = t + 1;
	tasks[t].task = task;
}

static void first_task(void)
{
	struct task *task = kzalloc(sizeof(*task));

	task->nsproxy = first_namespaces();
	task->fs = kzalloc(sizeof(*task->fs));
	task->fs->users = 1;
	task->fs->at[0].root = place_new(task->nsproxy->mnt->root, "/");
	task->fs->at[0].pwd = place_new(task->nsproxy->mnt->root, "/");
	task->files = kzalloc(sizeof(*task->files));
	task->files->users = 1;
	task->sighand = new_sighand();
	task->sem = new_sem_undo();
	task->cred = kzalloc(sizeof(*task->cred));
	*task->cred = (struct cred){
	    .users = 1, .cap_permitted = CAP_FULL_SET, .cap_effective = CAP_FULL_SET, .cap_bset = CAP_FULL_SET};
	walk_new_task(0, task);
}

static void make_arena(void)
{
	static bool mapped;
	void *p;

	if (mapped) {
		madvise((void *)ARENA_BASE, atomic_load(&arena()->end), MADV_DONTNEED);
	} else {
		p = mmap((void *)ARENA_BASE, ARENA_SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
		if (p != (void *)ARENA_BASE)
			abort();
		mapped = true;
	}
	arena_init(ARENA_SIZE);
	arena_fails = fails;
	strcpy(arena()->proc, "/s/p");
	strcpy(arena()->storage, "/s");
	arena()->uid = 1000;
	arena()->dcache.warden = 1;
	arena()->dcache.recents = 1;
	arena()->dcache.lease = arena()->dcache.lease_ticks = ULONG_MAX;
	arena()->handles[0] = arena_alloc(HANDLES_CHUNK * sizeof(struct handle));
	atomic_fetch_sub(&arena()->objects, 1); /* stays to the end */
}

static void world_begin(void)
{
	current = NULL;
	disk_init();
	make_arena();
	memset(tasks, 0, sizeof(tasks));
	host_fds_reset();
	host_later();
	tasks[0].thread.cwd = disk_root;
	host_thread = &tasks[0].thread;
	first_task();
	mm.nr_blocks = 1;
	mm.fd_base = 1024;
	arena()->detached = mnt_ns_create(tasks[0].task->nsproxy->user);
	mnt_detached = arena()->detached;
	model_init();
	trees_begin();
	check_trees();
}

void walk_close_tree(int t, int tree)
{
	if (tasks[t].trees[tree])
		host_close(tasks[t].trees[tree]);
	tasks[t].trees[tree] = 0;
}

void walk_end_task(int t)
{
	for (int i = 0; i < STEP_TREES; i++)
		walk_close_tree(t, i);
	put_contexts(tasks[t].task);
	kfree(tasks[t].task);
	tasks[t].task = NULL;
}

/* Nothing may be left. */
static void world_end(void)
{
	current = NULL;
	for (int t = 0; t < MODEL_TASKS; t++) {
		if (tasks[t].task)
			walk_end_task(t);
	}
	mnt_detached = NULL;
	mnt_ns_put(arena()->detached);
	mnt_paths_moved(&(struct path_move){"/", NULL}, 1); /* Roots are held no longer. */
	CHECK(!atomic_load(&arena()->objects), "%lu blocks are left in the arena", atomic_load(&arena()->objects));
	CHECK(!heap_blocks, "%ld blocks are left of the heap", heap_blocks);
	disk_free();
}

/* ---- places ---- */

void check_place(const char *what, u64 mnt, const char *host, const struct place *want)
{
	char path[PATH_MAX];

	CHECK(mnt == want->mnt->id, "%s is in mount %lu, not %lu", what, mnt, want->mnt->id);
	CHECK(!strcmp(host, disk_path(want->node, path)), "%s is at %s, not %s", what, host, path);
}

static void check_fs(int t)
{
	const struct m_task *want = &model_tasks[t];
	struct task *task = tasks[t].task;
	struct nameidata nd;
	struct path root;

	host_thread = &tasks[t].thread;
	follow_pivots(task->fs, task->nsproxy->mnt);
	get_fs_root(task->fs, &root);
	check_place("the root", root.mnt, root.host->s, &want->root);
	path_put(&root);
	pwd_place(task, &nd);
	check_place("the working directory", nd.mnt, nd.host, &want->pwd);
	CHECK(tasks[t].thread.cwd == want->pwd.node, "the host's thread stands elsewhere");
}

/* ---- the disk ---- */

static void check_disk(const struct expect *e, unsigned long before, const struct step *s)
{
	const struct node *n;

	switch (e->change) {
	case CHANGE_NONE:
		CHECK(disk_changes == before, "something has become of the disk");
		break;
	case CHANGE_ADD:
		n = disk_find(e->dir, e->name, strlen(e->name));
		CHECK(n, "%s was not made", e->name);
		CHECK(n->kind == (s->op == STEP_MKDIR	  ? NODE_DIR
				  : s->op == STEP_SYMLINK ? NODE_LINK
							  : NODE_FILE),
		      "%s is something else", e->name);
		CHECK(n->kind != NODE_LINK || !strcmp(n->text, s->a), "%s leads elsewhere", e->name);
		break;
	case CHANGE_REMOVE:
		CHECK(e->node->dead, "%s is still there", e->node->name);
		break;
	case CHANGE_MOVE:
		CHECK(e->node->parent == e->dir && !strcmp(e->node->name, e->name), "%s is elsewhere", e->name);
		CHECK(!e->other || e->other->dead, "what was at %s is still there", e->name);
		break;
	case CHANGE_EXCHANGE:
		CHECK(e->node->parent == e->dir && !strcmp(e->node->name, e->name), "%s is elsewhere", e->name);
		CHECK(e->other->parent == e->other_dir, "what was at %s is elsewhere", e->name);
		break;
	}
}

/* ---- steps ---- */

/* Symlinks with no text and paths of nothing are no steps. */
static bool makes_sense(const struct step *s)
{
	return tasks[s->task].task && (s->op != STEP_SYMLINK || *s->a);
}

/* A change of mounts for which there is no memory: nothing has happened. */
static bool out_of_memory(const struct step *s, s64 err)
{
	bool failed = s->fail && !fail_in && err == -ENOMEM;

	fail_in = 0;
	if (failed) {
		model_restore();
		check_trees();
		check_fs(s->task);
	}
	return failed;
}

static void one_step(const struct step *s)
{
	unsigned long before;
	s64 err;

	if (!makes_sense(s))
		return;
	current = s;
	if (getenv("WALK_VERBOSE"))
		step_print(s);
	model_step(s, &expected);
	if (expected.linuxes && expected.mounts)
		model_restore();
	if (expected.skip || expected.linuxes)
		return;
	steps_done++;
	before = disk_changes;
	host_thread = &tasks[s->task].thread;
	follow_pivots(tasks[s->task].task->fs, tasks[s->task].task->nsproxy->mnt);
	fail_in = s->fail;
	err = walk_call(s->task, s, &expected);
	if (out_of_memory(s, err))
		return;
	CHECK(err == expected.err, "%s, not %s", strerror((int)-err), strerror((int)-expected.err));
	check_disk(&expected, before, s);
	if (expected.mounts)
		check_trees();
	if (!tasks[s->task].task)
		return;
	CHECK(host_fds_open() == trees_open(), "a descriptor is left open");
	CHECK(!tasks[s->task].task->files->nr, "a note is left");
	check_fs(s->task);
}

/* With WALK_STEPS in the environment that is the end, after so many steps. */
static void count_steps(void)
{
	static unsigned long limit;
	static struct timespec start;
	struct timespec now;

	if (!limit) {
		const char *text = getenv("WALK_STEPS");

		limit = text ? strtoul(text, NULL, 10) : ULONG_MAX;
		clock_gettime(CLOCK_MONOTONIC, &start);
	}
	if (steps_done < limit)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	printf("# %lu steps in %ld seconds\n", steps_done, (long)(now.tv_sec - start.tv_sec));
	fflush(stdout);
	_exit(0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, data + size};
	static struct step s;

	world_begin();
	while (step_decode(&in, &s))
		one_step(&s);
	world_end();
	count_steps();
	return 0;
}

/* By small changes inputs grow too slowly for large trees: one in eight is wholly new, and as long as can be. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	uint64_t random = seed * 2654435761UL + 1;

	if (seed % 8)
		return LLVMFuzzerMutate(data, size, max_size);
	for (size_t i = 0; i < max_size; i++) {
		random = random * 6364136223846793005UL + 1442695040888963407UL;
		data[i] = (uint8_t)(random >> 56);
	}
	return max_size;
}
