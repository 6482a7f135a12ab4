/* SPDX-License-Identifier: MIT */
/* See walk.h: the trees of mounts of both sides beside each other, and their peer groups. */
#include "walk.h"

#include <string.h>
#include "arena/arena.h"
#include "kernel/ns/mnt_group.h"
#include "vfs/proc.h"
#include "vfs/walk.h"

/* Groups have other numbers in the model: which is which, both ways. */
#define GROUPS 16384
static unsigned groups_of_model[GROUPS], groups_of_secede[GROUPS];

void trees_begin(void)
{
	memset(groups_of_model, 0, sizeof(groups_of_model));
	memset(groups_of_secede, 0, sizeof(groups_of_secede));
}

struct tree_check {
	const struct mnt_ns *ns;
	unsigned nr;
};

#define COMPARED_FLAGS (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOSYMFOLLOW)

unsigned trees_group(unsigned group)
{
	return groups_of_model[group];
}

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

static u64 tree_id(int fd)
{
	return handle_by_inode(host_fd_node(fd)->ino)->tree->id;
}

/* The root of a descriptor's tree, which knows its number when it is made. */
static const struct mount *detached_root(const struct mnt_ns *ns, const struct m_mount *want)
{
	for (int t = 0; t < MODEL_TASKS; t++) {
		for (int i = 0; i < STEP_TREES; i++) {
			if (model_tasks[t].trees[i] == want)
				return mnt_by_id(ns, tree_id(tasks[t].trees[i]));
		}
	}
	return NULL;
}

static const struct mount *root_of(const struct mnt_ns *ns, const struct m_mount *want)
{
	return want->ns == MODEL_DETACHED ? detached_root(ns, want) : mnt_by_id(ns, ns->root);
}

/* What mountinfo says of a mount to the task: its path, its groups, and the nearest master that the task can see. */
static void check_info(int t, const struct mnt_ns *ns, const struct mount *m, const struct m_mount *want)
{
	char path[MODEL_PATH], buf[MODEL_PATH], *shown;
	struct peer_numbers numbers;
	struct path root;
	unsigned from;

	get_fs_root(tasks[t].task->fs, &root);
	shown = dpath_below(ns, &root, m->id, m->host, buf, sizeof(buf));
	peer_numbers_below(ns, &root, m, &numbers);
	path_put(&root);
	if (!model_path(&model_tasks[t], (struct place){(struct m_mount *)want, want->root}, path, sizeof(path)))
		path[0] = '\0';
	CHECK(!strcmp(shown ? shown : "", path), "mount %lu is at %s, not %s", m->id, shown, path);
	from = model_nearest_master(&model_tasks[t], want);
	CHECK(!numbers.shared == !want->group && !numbers.master == !want->master && !numbers.from == !from,
	      "mount %lu is told to be shared:%lu master:%lu propagate_from:%lu", m->id, numbers.shared, numbers.master,
	      numbers.from);
	CHECK(!from || numbers.from >= GROUPS || groups_of_secede[numbers.from] == from,
	      "mount %lu is told to receive from %lu", m->id, numbers.from);
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
		m = root_of(check->ns, want);
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
	CHECK(m->dir || mnt_file_shown(m->host), "nobody shows the file %s", m->host);
	CHECK(m->dir == (want->root->kind == NODE_DIR), "mount %lu: a directory or not?", m->id);
	check_type(check->ns, m, want);
	if (want->ns != MODEL_DETACHED)
		check_info(want->ns, check->ns, m, want);
	CHECK(!want->id || want->id == m->id, "mount %lu was %lu", m->id, want->id);
	want->id = m->id;
	check->nr++;
}

static void check_tree(int t)
{
	struct tree_check check = {.ns = tasks[t].task->nsproxy->mnt};
	struct path root;

	/* As before its next call: what others have renamed may have moved its root. */
	follow_pivots(tasks[t].task->fs, check.ns);
	CHECK(!ns_root(check.ns, &root) && root.mnt == check.ns->root &&
		  !strcmp(root.host->s, mnt_by_id(check.ns, root.mnt)->host),
	      "the namespace's root is elsewhere");
	path_put(&root);
	model_each(t, check_mount, &check);
	CHECK(check.nr == check.ns->nr, "there are %u mounts, not %u", check.ns->nr, check.nr);
}

/* Those of the descriptors, mounted by now or not. */
static void check_detached(void)
{
	struct tree_check check = {.ns = arena()->detached};

	for (int t = 0; t < MODEL_TASKS; t++) {
		for (int i = 0; i < STEP_TREES; i++) {
			struct m_mount *m = model_tasks[t].trees[i];

			CHECK(!m == !tasks[t].trees[i], "a descriptor too many or too few");
			if (m && m->ns == MODEL_DETACHED && !m->parent)
				model_each_below(m, check_mount, &check);
		}
	}
	CHECK(check.nr == check.ns->nr, "in detached trees there are %u mounts, not %u", check.ns->nr, check.nr);
}

unsigned trees_open(void)
{
	unsigned nr = 0;

	for (int t = 0; t < MODEL_TASKS; t++) {
		for (int i = 0; i < STEP_TREES; i++)
			nr += tasks[t].trees[i] != 0;
	}
	return nr;
}

void check_trees(void)
{
	check_detached();
	for (int t = 0; t < MODEL_TASKS; t++) {
		if (tasks[t].task)
			check_tree(t);
	}
}
