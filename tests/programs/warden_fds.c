/* SPDX-License-Identifier: MIT */
/* The warden's part of mounts by descriptors: trees that are mounted nowhere, file systems to be, and what is left of
 * them. */
#include <errno.h>
#include <linux/mount.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "kernel/ns/mnt.h"
#include "tests/programs/warden_talk.h"

/* A request that makes a handle: our end of it, or -errno. */
static int open_handle(void)
{
	int fd;
	s64 result = call_sized(session.handle, used(), &fd);

	if (result >= 0)
		return fd;
	close(fd);
	return (int)result;
}

static u64 inode_of(int fd)
{
	struct stat st;

	CHECK_OK(fstat(fd, &st));
	return st.st_ino;
}

static int fs_open(const char *type)
{
	begin(REQ_FSOPEN);
	add(type);
	return open_handle();
}

static s64 fs_config(int fs, u32 command, const char *key, const char *text)
{
	begin(REQ_FSCONFIG);
	req.inode = inode_of(fs);
	req.arg = command;
	if (key)
		add(key);
	if (text)
		add(text);
	return call();
}

static int fs_mount(int fs)
{
	begin(REQ_FSMOUNT);
	req.inode = inode_of(fs);
	return open_handle();
}

static int open_tree_of(u64 mnt, const char *host)
{
	begin(REQ_OPEN_TREE);
	req.src = mnt;
	req.arg = 1;
	req.flags = MS_REC;
	add(host);
	return open_handle();
}

static s64 move_to(u64 id, const char *point)
{
	begin(REQ_MOVE);
	req.src = id;
	req.dst = arena()->init_mnt->root;
	add(point);
	return call();
}

static s64 take_off(u64 id)
{
	begin(REQ_UMOUNT);
	req.dst = id;
	req.flags = MNT_DETACH;
	return call();
}

/* The only detached tree, 0 when there is none. */
static int take_root(const struct mount *m, void *arg)
{
	*(u64 *)arg = m->parent == m->id ? m->id : *(u64 *)arg;
	return 0;
}

static u64 detached_root(void)
{
	u64 id = 0;

	mnt_for_each(arena()->detached, take_root, &id);
	return id;
}

static void trees_go_with_their_descriptor(void)
{
	u64 root, objects;
	int tree;

	start(-1);
	root = arena()->init_mnt->root;
	objects = arena()->objects;
	tree = open_tree_of(root, "/");
	CHECK(tree >= 0 && arena()->tree_handles == 1);
	CHECK(arena()->detached->nr == arena()->init_mnt->nr);
	close(tree);
	SOON(arena()->detached->nr == 0 && arena()->tree_handles == 0);
	CHECK(arena()->objects == objects);
}

static void an_attached_tree_stays(void)
{
	u64 root, id;
	int tree;

	start(-1);
	root = arena()->init_mnt->root;
	tree = open_tree_of(root, "/etc");
	id = detached_root();
	IS(move_to(id, "/mnt"), 0);
	CHECK(arena()->detached->nr == 0 && find(arena()->init_mnt, root, "/mnt")->id == id);
	IS(move_to(id + 1000, "/opt"), -EINVAL);
	begin(REQ_UMOUNT);
	req.dst = id;
	IS(call(), -EBUSY);
	close(tree);
	IS(call(), 0);
	SOON(arena()->tree_handles == 0);
}

static void a_tree_is_for_who_made_it_or_was_shown_it(void)
{
	int child, tree;
	u64 id;

	start(-1);
	tree = open_tree_of(arena()->init_mnt->root, "/etc");
	id = detached_root();
	begin(REQ_UNSHARE);
	req.flags = CLONE_NEWUSER | CLONE_NEWNS;
	CHECK(call_sized(session.handle, used(), &child) > 0);
	begin(REQ_SET_ATTR);
	req.dst = id;
	req.flags = MS_RDONLY;
	IS(call_sized(child, used(), NULL), -EINVAL);
	CHECK(!(mnt_by_id(arena()->detached, id)->flags & MS_RDONLY));
	begin(REQ_SHOW_TREE);
	CHECK_OK(send_bytes(child, &req, used(), &child, 1));
	CHECK_OK(send_bytes(child, &req, used(), &tree, 1));
	begin(REQ_SET_ATTR);
	req.dst = id;
	req.flags = MS_RDONLY;
	IS(call_sized(child, used(), NULL), 0);
	/* Who is above may as well. */
	begin(REQ_SET_ATTR);
	req.dst = id;
	req.flags = MS_NODEV;
	IS(call(), 0);
	begin(REQ_MOVE);
	req.src = id;
	req.dst = arena()->init_mnt->root;
	add("/mnt");
	IS(call_sized(child, used(), NULL), 0);
}

static void contexts_have_their_order(void)
{
	int fs, tree;

	start(-1);
	IS(fs_open("nonsense"), -ENODEV);
	fs = fs_open("tmpfs");
	CHECK(fs >= 0);
	IS(fs_mount(fs), -EINVAL);
	IS(fs_config(fs, FSCONFIG_SET_STRING, "size", "1m"), 0);
	IS(fs_config(fs, FSCONFIG_CMD_RECONFIGURE, NULL, NULL), -EBUSY);
	IS(fs_config(fs, FSCONFIG_SET_STRING, NULL, NULL), -EINVAL);
	IS(fs_config(fs, 1000, NULL, NULL), -EINVAL);
	IS(fs_config(fs, FSCONFIG_CMD_CREATE, NULL, NULL), 0);
	IS(fs_config(fs, FSCONFIG_CMD_CREATE, NULL, NULL), -EBUSY);
	tree = fs_mount(fs);
	CHECK(tree >= 0);
	IS(fs_mount(fs), -EBUSY);
	IS(fs_mount(tree), -EINVAL);
	/* Neither of the two is somebody to speak for. */
	begin(REQ_FSOPEN);
	add("tmpfs");
	IS(call_sized(fs, used(), NULL), -EINVAL);
	IS(call_sized(tree, used(), NULL), -EINVAL);
	begin(REQ_SETNS);
	req.inode = inode_of(tree);
	req.flags = CLONE_NEWNS;
	IS(call(), -EINVAL);
	begin(REQ_OPEN_NS);
	req.inode = inode_of(tree);
	IS(call(), -EINVAL);
}

static int fs_pick(u64 mnt)
{
	begin(REQ_FSPICK);
	req.dst = mnt;
	return open_handle();
}

static void the_hosts_are_not_ours_to_change(void)
{
	int fs;

	start(-1);
	fs = fs_pick(arena()->init_mnt->root);
	CHECK(fs >= 0);
	IS(fs_config(fs, FSCONFIG_SET_FLAG, "ro", NULL), 0);
	IS(fs_config(fs, FSCONFIG_SET_STRING, "bogus", "1"), -EINVAL);
	IS(fs_config(fs, FSCONFIG_CMD_RECONFIGURE, NULL, NULL), -EPERM);
	IS(fs_config(fs, FSCONFIG_SET_FLAG, "ro", NULL), -EBUSY);
}

/* The tmpfs that is mounted there, of 1 MB. */
static const struct super *limited_tmpfs(const char *point)
{
	IS(mount_tmpfs("size=1m", point), 0);
	return mnt_by_id(arena()->init_mnt, value)->sb;
}

static void who_made_it_may_change_it(void)
{
	const struct super *sb;
	int child, fs;

	start(-1);
	sb = limited_tmpfs("/mnt");
	begin(REQ_UNSHARE);
	req.flags = CLONE_NEWUSER | CLONE_NEWNS;
	CHECK(call_sized(session.handle, used(), &child) > 0);
	begin(REQ_REMOUNT);
	req.dst = find(arena()->init_mnt, arena()->init_mnt->root, "/mnt")->id;
	req.flags = MS_RDONLY;
	add("size=4k");
	IS(call_sized(child, used(), NULL), -EPERM);
	begin(REQ_FSPICK);
	req.dst = find(arena()->init_mnt, arena()->init_mnt->root, "/mnt")->id;
	CHECK(call_sized(child, used(), &fs) >= 0);
	begin(REQ_FSCONFIG);
	req.inode = inode_of(fs);
	req.arg = FSCONFIG_CMD_RECONFIGURE;
	IS(call_sized(child, used(), NULL), -EPERM);
	CHECK(sb->max_bytes == 1 << 20 && !sb->flags);
}

static void messages_can_be_read(void)
{
	char text[100];
	ssize_t n;
	int fs;

	start(-1);
	fs = fs_open("tmpfs");
	IS(fs_config(fs, FSCONFIG_SET_STRING, "size", "much"), -EINVAL);
	n = recv(fs, text, sizeof(text) - 1, MSG_DONTWAIT);
	CHECK(n > 0);
	text[n] = '\0';
	CHECK(!strcmp(text, "e tmpfs: Bad value for 'size'\n"));
	CHECK_FAILS(recv(fs, text, sizeof(text), MSG_DONTWAIT), EAGAIN);
	/* Whoever does not read does not hold the warden up. */
	for (int i = 0; i < 3000; i++)
		IS(fs_config(fs, FSCONFIG_SET_STRING, "size", "much"), -EINVAL);
}

static void only_who_may_mount(void)
{
	start(-1);
	begin(REQ_FSOPEN);
	req.caps = 0;
	add("tmpfs");
	IS(call(), -EPERM);
	begin(REQ_OPEN_TREE);
	req.caps = 0;
	req.src = arena()->init_mnt->root;
	add("/");
	IS(call(), -EPERM);
	begin(REQ_SET_ATTR);
	req.caps = 0;
	req.dst = arena()->init_mnt->root;
	IS(call(), -EPERM);
}

/* All that can be done with them, as far as memory lasts. */
static void one_of_each(void)
{
	int fs = fs_open("tmpfs"), tree = -1;
	u64 id;

	if (fs >= 0) {
		fs_config(fs, FSCONFIG_CMD_CREATE, NULL, NULL);
		tree = fs_mount(fs);
		close(fs);
	}
	if (tree >= 0) {
		id = detached_root();
		CHECK(id != 0);
		if (move_to(id, "/mnt") == 0)
			IS(take_off(id), 0);
		close(tree);
	}
	tree = open_tree_of(arena()->init_mnt->root, "/");
	if (tree >= 0)
		close(tree);
}

static s64 order_failure(u64 nr)
{
	begin(REQ_FAIL);
	req.arg = nr;
	return call();
}

static void memory_that_runs_out(void)
{
	u64 objects, nr, left;

	start_session(-1, true);
	order_failure(0);
	one_of_each();
	SOON(arena()->tree_handles == 0 && arena()->nr_handles == 1);
	objects = arena()->objects;
	for (nr = 1, left = 0; !left; nr++) {
		order_failure(nr);
		one_of_each();
		SOON(arena()->tree_handles == 0 && arena()->nr_handles == 1);
		left = (u64)order_failure(0);
		CHECK(arena()->detached->nr == 0 && !find(arena()->init_mnt, arena()->init_mnt->root, "/mnt"));
		if (arena()->objects != objects)
			printf("# allocation %lu: %lu objects, not %lu\n", nr, (unsigned long)arena()->objects,
			       objects);
		CHECK(arena()->objects == objects);
	}
	CHECK(nr > 20);
}

static s64 limit_anew(u64 id, u64 used_bytes, u64 used_inodes)
{
	begin(REQ_REMOUNT);
	req.dst = id;
	req.flags = MS_RDONLY;
	req.used_bytes = used_bytes;
	req.used_inodes = used_inodes;
	add("size=4k");
	return call();
}

static void a_remount_that_fails_changes_nothing(void)
{
	const struct super *sb;
	s64 result = -ENOMEM;
	u64 id;

	start_session(-1, true);
	order_failure(0);
	sb = limited_tmpfs("/mnt");
	id = value;
	IS(limit_anew(id, 0, 0), -EAGAIN); /* what is in it, the warden wants to know first */
	CHECK(value == sb->storage);
	IS(limit_anew(id, 4097, 1), -EINVAL);
	for (u64 nr = 1; result; nr++) {
		CHECK(sb->max_bytes == 1 << 20 && !sb->flags);
		order_failure(nr);
		result = limit_anew(id, 4096, 1);
		CHECK(result == 0 || (result == -ENOMEM && nr < 100));
	}
	CHECK(sb->max_bytes == 4096 && sb->flags == MS_RDONLY);
}

static const struct test tests[] = {
    {"a tree goes with its descriptor", trees_go_with_their_descriptor},
    {"one that is attached stays, and is busy while there is a descriptor", an_attached_tree_stays},
    {"a tree is for who made it, or was shown it", a_tree_is_for_who_made_it_or_was_shown_it},
    {"a file system to be is made in steps", contexts_have_their_order},
    {"one of the host's can be picked, not changed", the_hosts_are_not_ours_to_change},
    {"a file system's owner says who may change it", who_made_it_may_change_it},
    {"its messages can be read, and need not be", messages_can_be_read},
    {"who may not mount may none of this", only_who_may_mount},
    {"a remount that fails changes nothing", a_remount_that_fails_changes_nothing},
    {"each allocation fails once, and nothing is left", memory_that_runs_out},
};

int main(void)
{
	return RUN_TESTS(tests);
}
