/* SPDX-License-Identifier: MIT */
/*
 * The fuzzer's program: the steps of an input are done by secede, on a fake host, and judged by the model. After each
 * both must agree: in errno, in the place that was found, in what has become of the disk, of the whole tree of mounts,
 * and of the task's root and working directory.
 */
#include "walk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "arena/arena.h"
#include "host.h"
#include "host/host.h"
#include "kernel/mm.h"
#include "kernel/ns/mnt_group.h"
#include "model.h"
#include "sys/sys.h"
#include "vfs/namei.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

static struct {
	struct task *task;
	struct host_thread thread;
} tasks[MODEL_TASKS];

static unsigned long steps_done;

/* ---- disagreement ---- */

static const struct step *current;
static struct expect expected;

#define CHECK(cond, ...)                                                                                               \
	do {                                                                                                           \
		if (!(cond))                                                                                           \
			disagree(__VA_ARGS__);                                                                         \
	} while (0)

__attribute__((noreturn, format(printf, 1, 2))) static void disagree(const char *format, ...)
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

/* Groups have other numbers in the model: which is which, both ways. */
#define GROUPS 16384
static unsigned groups_of_model[GROUPS], groups_of_secede[GROUPS];

/* ---- the world, before the first step and after the last ---- */

static struct path place_new(u64 mnt, const char *host)
{
	return (struct path){mnt, hpath_new(host, strlen(host))};
}

static struct nsproxy *first_namespaces(void)
{
	struct super *sb = super_create(SUPER_HOST, "ext4", "/dev/sda", "rw", 0, 5, 5);
	struct mount_spec spec = {.point = "/", .host = "/", .dir = true, .sb = sb};
	struct nsproxy *ns = kzalloc(sizeof(*ns));

	ns->users = 1;
	ns->user = user_ns_create(NULL, 0, 0);
	ns->mnt = mnt_ns_create(ns->user);
	ns->uts = uts_ns_dup(NULL, ns->user);
	mnt_attach(ns->mnt, &spec);
	super_put(sb);
	return ns;
}

static struct task *first_task(void)
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
	return task;
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
	strcpy(arena()->proc, "/proc");
}

static void world_begin(void)
{
	current = NULL;
	disk_init();
	make_arena();
	memset(tasks, 0, sizeof(tasks));
	host_fds_reset();
	tasks[0].thread.cwd = disk_root;
	tasks[0].task = first_task();
	arena()->detached = mnt_ns_create(tasks[0].task->nsproxy->user);
	mnt_detached = arena()->detached;
	model_init();
	memset(groups_of_model, 0, sizeof(groups_of_model));
	memset(groups_of_secede, 0, sizeof(groups_of_secede));
	model_tasks[0].top->id = tasks[0].task->nsproxy->mnt->root;
}

static void end_task(int t)
{
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
			end_task(t);
	}
	mnt_detached = NULL;
	mnt_ns_put(arena()->detached);
	CHECK(!atomic_load(&arena()->objects), "%lu blocks are left in the arena", atomic_load(&arena()->objects));
	CHECK(!heap_blocks, "%ld blocks are left of the heap", heap_blocks);
	disk_free();
}

/* ---- trees of mounts ---- */

struct tree_check {
	const struct mnt_ns *ns;
	unsigned nr;
};

#define COMPARED_FLAGS (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOSYMFOLLOW)

static void check_group(const char *what, u64 id, const struct peer_group *group, unsigned want)
{
	CHECK(!group == !want, "mount %lu has %s %s", id, group ? "a" : "no", what);
	if (!group || group->id >= GROUPS || want >= GROUPS)
		return;
	if (!groups_of_model[want] && !groups_of_secede[group->id]) {
		groups_of_model[want] = (unsigned)group->id;
		groups_of_secede[group->id] = want;
	}
	CHECK(groups_of_model[want] == group->id && groups_of_secede[group->id] == want, "mount %lu has another %s", id,
	      what);
}

static void check_type(const struct mnt_ns *ns, const struct mount *m, const struct m_mount *want)
{
	check_group("group", m->id, mount_peers(ns, m), want->group);
	check_group("master", m->id, mount_master(ns, m), want->master);
	CHECK((mnt_propagation(ns, m) == PROP_UNBINDABLE) == want->unbindable, "mount %lu is%s unbindable", m->id,
	      want->unbindable ? " not" : "");
}

static void check_mount(struct m_mount *want, void *arg)
{
	struct tree_check *check = arg;
	char point[PATH_MAX], root[PATH_MAX];
	const struct mount *m;

	disk_path(want->root, root);
	if (want->parent) {
		disk_path(want->point, point);
		m = mnt_child(check->ns, want->parent->id, point, strlen(point));
		CHECK(m, "nothing is mounted at (%lu, %s)", want->parent->id, point);
	} else {
		m = mnt_by_id(check->ns, check->ns->root);
		CHECK(m, "there is no root mount");
	}
	CHECK(!strcmp(m->host, root), "mount %lu shows %s, not %s", m->id, m->host, root);
	CHECK(mnt_by_id(check->ns, m->id) == m, "mount %lu is not found by its number", m->id);
	CHECK((m->flags & COMPARED_FLAGS) == want->flags, "mount %lu has flags %#x, not %#x", m->id, m->flags,
	      want->flags);
	CHECK((m->sb->flags & MS_RDONLY) == want->sb->flags, "mount %lu's file system has flags %#x", m->id,
	      m->sb->flags);
	CHECK(mnt_locked(check->ns, m) == want->locked || !want->parent, "mount %lu is%s locked", m->id,
	      want->locked ? " not" : "");
	CHECK(m->dir == (want->root->kind == NODE_DIR), "mount %lu: a directory or not?", m->id);
	check_type(check->ns, m, want);
	CHECK(!want->id || want->id == m->id, "mount %lu was %lu", m->id, want->id);
	want->id = m->id;
	check->nr++;
}

static void check_tree(int t)
{
	struct tree_check check = {.ns = tasks[t].task->nsproxy->mnt};

	model_each(t, check_mount, &check);
	CHECK(check.nr == check.ns->nr, "there are %u mounts, not %u", check.ns->nr, check.nr);
}

static void check_trees(void)
{
	for (int t = 0; t < MODEL_TASKS; t++) {
		if (tasks[t].task)
			check_tree(t);
	}
}

/* ---- places ---- */

static void check_place(const char *what, u64 mnt, const char *host, const struct place *want)
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

/* ---- secede's side ---- */

static s64 sys(s64 (*fn)(struct task *task, struct regs *regs), int t, u64 a, u64 b, u64 c, u64 d, u64 e)
{
	struct regs regs = {.rdi = a, .rsi = b, .rdx = c, .r10 = d, .r8 = e};

	return fn(tasks[t].task, &regs);
}

/* What was found, where errno agrees already. */
static void check_found(struct task *task, const struct step *s, const struct expect *e, const struct nameidata *nd)
{
	const struct node *n = nd->fd == AT_FDCWD ? host_thread->cwd : host_fd_node(nd->fd);
	char path[MODEL_PATH];
	int len;

	if (!(s->flags & LOOKUP_NOFD) || (s->flags & LOOKUP_PARENT && nd->borrowed))
		CHECK(n == e->at.node, "the descriptor stands for something else");
	if (s->flags & LOOKUP_PARENT) {
		CHECK((int)nd->last_type == e->last_type, "the last component is of type %d, not %d", nd->last_type,
		      e->last_type);
		CHECK(e->last_type != LAST_NORM || !strcmp(nd->last, e->last), "the last component is %s", nd->last);
		CHECK(e->last_type != LAST_NORM || nd->trailing_slash == e->slash, "a slash at the end");
	}
	if (nd->mnt)
		CHECK(nd->mnt == e->at.mnt->id, "it is in mount %lu, not %lu", nd->mnt, e->at.mnt->id);
	if (s->flags & LOOKUP_LAZY)
		return;
	check_place("it", nd->mnt, nd->host, &e->at);
	len = path_to_guest(task, nd->mnt, nd->host, path, sizeof(path));
	CHECK(len == (*e->path ? (int)strlen(e->path) : -ENOENT), "%s has the path %s, not %s", nd->host, path,
	      e->path);
	CHECK(len < 0 || !strcmp(path, e->path), "%s has the path %s, not %s", nd->host, path, e->path);
}

/* The directory that a step starts from. */
static int step_base(struct task *task, const struct step *s)
{
	int fd = s->from_b ? do_filp_open(task, AT_FDCWD, s->b, O_PATH | O_DIRECTORY, 0, 0) : AT_FDCWD;

	CHECK(fd >= 0 || fd == AT_FDCWD, "%s cannot be opened: %s", s->b, strerror(-fd));
	return fd;
}

static void close_fd(struct task *task, int fd)
{
	if (fd < 0)
		return;
	files_clear(task->files, (unsigned)fd, (unsigned)fd);
	host_close(fd);
}

static s64 do_lookup(int t, const struct step *s, const struct expect *e)
{
	unsigned flags = (unsigned)s->flags | (unsigned)s->resolve << LOOKUP_RESOLVE_SHIFT;
	struct task *task = tasks[t].task;
	struct nameidata nd;
	int base = step_base(task, s), err = path_lookup(task, base, s->a, flags, &nd);

	if (!err && !e->err)
		check_found(task, s, e, &nd);
	if (!err)
		path_release(&nd);
	close_fd(task, base);
	return err;
}

static s64 do_open(int t, const struct step *s, const struct expect *e)
{
	struct task *task = tasks[t].task;
	const struct node *n;
	struct fd_info note;
	int base = step_base(task, s), fd = do_filp_open(task, base, s->a, s->flags, 0644, s->resolve);

	close_fd(task, base);
	if (fd < 0)
		return fd;
	n = host_fd_node(fd);
	if (!e->err && !e->change)
		CHECK(n == e->at.node, "another file was opened");
	if (!e->err && e->change)
		CHECK(n && n->parent == e->dir && !strcmp(n->name, e->name), "another file was made");
	if (files_get(task->files, fd, &note))
		CHECK(note.mnt == e->at.mnt->id, "the descriptor is noted in mount %lu, not %lu", note.mnt,
		      e->at.mnt->id);
	close_fd(task, fd);
	return 0;
}

static s64 do_getcwd(int t, const struct expect *e)
{
	char buf[MODEL_PATH];
	s64 len = sys(sys_getcwd, t, (u64)buf, sizeof(buf), 0, 0, 0);

	if (len < 0)
		return len;
	if (*e->path)
		CHECK(!strcmp(buf, e->path), "the working directory is %s, not %s", buf, e->path);
	else
		CHECK(!strncmp(buf, "(unreachable)", 13), "the working directory can be reached as %s", buf);
	return 0;
}

static s64 do_fork(int t, const struct step *s)
{
	struct task *child = kzalloc(sizeof(*child));
	int to = 0, err = copy_contexts(CLONE_NEWNS | s->flags, tasks[t].task, child);

	while (tasks[to].task)
		to++;
	CHECK(!err, "no new namespace: %d", err);
	tasks[to].task = child;
	tasks[to].thread = tasks[t].thread;
	return err;
}

static s64 mount_call(int t, const char *source, const char *target, const char *type, u64 flags)
{
	return sys(sys_mount, t, (u64)source, (u64)target, (u64)type, flags, 0);
}

static s64 do_step(int t, const struct step *s, const struct expect *e)
{
	u64 a = (u64)s->a, b = (u64)s->b;

	switch (s->op) {
	case STEP_LOOKUP:
		return do_lookup(t, s, e);
	case STEP_OPEN:
		return do_open(t, s, e);
	case STEP_GETCWD:
		return do_getcwd(t, e);
	case STEP_MKDIR:
		return sys(sys_mkdir, t, a, 0755, 0, 0, 0);
	case STEP_CREATE:
		return sys(sys_mknod, t, a, S_IFREG | 0644, 0, 0, 0);
	case STEP_SYMLINK:
		return sys(sys_symlink, t, a, b, 0, 0, 0);
	case STEP_UNLINK:
		return sys(sys_unlink, t, a, 0, 0, 0, 0);
	case STEP_RMDIR:
		return sys(sys_rmdir, t, a, 0, 0, 0, 0);
	case STEP_RENAME:
		return sys(sys_renameat2, t, (u64)AT_FDCWD, a, (u64)AT_FDCWD, b, s->flags);
	case STEP_CHDIR:
		return sys(sys_chdir, t, a, 0, 0, 0, 0);
	case STEP_CHROOT:
		return sys(sys_chroot, t, a, 0, 0, 0, 0);
	case STEP_TMPFS:
		return mount_call(t, "none", s->a, "tmpfs", s->flags);
	case STEP_BIND:
		return mount_call(t, s->a, s->b, NULL, MS_BIND | s->flags);
	case STEP_MOVE:
		return mount_call(t, s->a, s->b, NULL, MS_MOVE);
	case STEP_UMOUNT:
		return sys(sys_umount2, t, a, s->flags, 0, 0, 0);
	case STEP_REMOUNT:
		return mount_call(t, "none", s->a, NULL, MS_REMOUNT | s->flags);
	case STEP_PROPAGATION:
		return mount_call(t, "none", s->a, NULL, s->flags);
	case STEP_PIVOT:
		return sys(sys_pivot_root, t, a, b, 0, 0, 0);
	case STEP_FORK:
		return do_fork(t, s);
	case STEP_EXIT:
		end_task(t);
		return 0;
	default:
		abort();
	}
}

int walk_tmpfs(char *host)
{
	/* One that will not be mounted is made, too. */
	disk_path(model_next_tmpfs() ? model_next_tmpfs() : disk_root, host);
	return 0;
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
	if (expected.skip || expected.linuxes)
		return;
	steps_done++;
	before = disk_changes;
	host_thread = &tasks[s->task].thread;
	fail_in = s->fail;
	err = do_step(s->task, s, &expected);
	if (out_of_memory(s, err))
		return;
	CHECK(err == expected.err, "%s, not %s", strerror((int)-err), strerror((int)-expected.err));
	check_disk(&expected, before, s);
	if (expected.mounts)
		check_trees();
	if (!tasks[s->task].task)
		return;
	CHECK(!host_fds_open(), "a descriptor is left open");
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
