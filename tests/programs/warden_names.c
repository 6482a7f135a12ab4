/* SPDX-License-Identifier: MIT */
/* The warden's part of names that mounts depend on: however the guest ends that was about to change them, and whatever
 * it says, the mounts know what the host did. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "kernel/ns/mnt.h"
#include "tests/programs/warden_talk.h"

static char scratch[] = "/var/tmp/secede-names-XXXXXX", base[64]; /* a test's own directory in there */

static const char *in_base(const char *name)
{
	static char text[4][PATH_MAX];
	static unsigned turn;
	char *path = text[turn++ % ARRAY_SIZE(text)];

	snprintf(path, sizeof(text[0]), "%s/%s", base, name);
	return path;
}

/* REQ_HOLD_NAMES: our end of the handle, or -errno. */
static int hold(const char *a, const char *b)
{
	s64 result;
	int fd;

	begin(REQ_HOLD_NAMES);
	add(a);
	if (b)
		add(b);
	result = call_sized(session.handle, used(), &fd);
	if (result >= 0)
		return fd;
	close(fd);
	return (int)result;
}

/* As a guest does when it is done: the warden's end goes when the mounts know. */
static void let_go(int fd)
{
	char c;

	CHECK_OK(shutdown(fd, SHUT_WR));
	CHECK(recv(fd, &c, 1, 0) == 0);
	close(fd);
}

static u64 bind_at(const char *host, const char *point)
{
	begin(REQ_BIND);
	req.src = req.dst = arena()->init_mnt->root;
	req.arg = 3;
	add(host);
	add(point);
	IS(call(), 0);
	return value;
}

static bool is_at(u64 id, const char *host, const char *point)
{
	const struct mount *m = mnt_by_id(arena()->init_mnt, id);

	return m && !strcmp(m->host, host) && !strcmp(m->point, point);
}

/* A session, base/src shown at base/dir/point. */
static u64 begin_with_bind(void)
{
	static const char *const names[] = {"src", "dir", "dir/point", "other"};

	start(-1);
	snprintf(base, sizeof(base), "%s/XXXXXX", scratch);
	CHECK(mkdtemp(base) != NULL);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		CHECK_OK(mkdir(in_base(names[i]), 0755));
	return bind_at(in_base("src"), in_base("dir/point"));
}

static void mounts_follow_before_the_guest_goes_on(void)
{
	u64 id = begin_with_bind();
	int fd = hold(in_base("dir"), in_base("moved"));

	CHECK(fd >= 0);
	CHECK_OK(rename(in_base("dir"), in_base("moved")));
	CHECK(is_at(id, in_base("src"), in_base("dir/point")));
	let_go(fd);
	CHECK(is_at(id, in_base("src"), in_base("moved/point")));
	fd = hold(in_base("src"), in_base("moved"));
	CHECK(fd >= 0);
	CHECK_OK(renameat2(AT_FDCWD, in_base("src"), AT_FDCWD, in_base("moved"), RENAME_EXCHANGE));
	let_go(fd);
	CHECK(is_at(id, in_base("moved"), in_base("src/point")));
}

/* One in a directory that another one renames. */
static void rename_two_at_once(bool inner_first)
{
	u64 id = begin_with_bind(), deep;
	int outer, inner;

	CHECK_OK(mkdir(in_base("dir/point/deep"), 0755));
	deep = bind_at(in_base("other"), in_base("dir/point/deep"));
	outer = hold(in_base("dir"), in_base("moved"));
	inner = hold(in_base("dir/point"), in_base("dir/place"));
	CHECK(outer >= 0 && inner >= 0 && arena()->names_held == 2);
	CHECK_OK(rename(in_base("dir"), in_base("moved")));
	CHECK_OK(rename(in_base("moved/point"), in_base("moved/place")));
	let_go(inner_first ? inner : outer);
	CHECK(is_at(id, in_base("src"), in_base("moved/place")));
	CHECK(is_at(deep, in_base("other"), in_base("moved/place/deep")));
	let_go(inner_first ? outer : inner);
	CHECK(is_at(id, in_base("src"), in_base("moved/place")));
	CHECK(is_at(deep, in_base("other"), in_base("moved/place/deep")));
	CHECK(arena()->names_held == 0);
}

static void two_at_once_are_followed_if_the_outer_is_done_first(void)
{
	rename_two_at_once(false);
}

static void two_at_once_are_followed_if_the_inner_is_done_first(void)
{
	rename_two_at_once(true);
}

/* What is asked later is about the names of later. */
static void who_asks_in_between_finds_the_new_names(void)
{
	u64 id = begin_with_bind(), new, moved = arena()->names_moved;
	int outer = hold(in_base("dir"), in_base("moved")), inner;

	CHECK_OK(rename(in_base("dir"), in_base("moved")));
	inner = hold(in_base("moved/point"), in_base("moved/place"));
	CHECK(inner >= 0 && arena()->names_moved == moved + 1);
	CHECK_OK(rename(in_base("moved/point"), in_base("moved/place")));
	CHECK_OK(mkdir(in_base("dir"), 0755));
	CHECK_OK(mkdir(in_base("dir/point"), 0755));
	new = bind_at(in_base("other"), in_base("dir/point"));
	CHECK(is_at(id, in_base("src"), in_base("moved/place")));
	let_go(outer);
	let_go(inner);
	CHECK(is_at(id, in_base("src"), in_base("moved/place")));
	CHECK(is_at(new, in_base("other"), in_base("dir/point")));
}

static void rename_and_tell(const char *from, const char *to)
{
	int fd = hold(in_base(from), in_base(to));

	CHECK_OK(rename(in_base(from), in_base(to)));
	let_go(fd);
}

static void a_guest_that_dies_has_changed_them_or_not(void)
{
	u64 id = begin_with_bind(), objects = arena()->objects;

	close(hold(in_base("dir"), in_base("moved")));
	let_go(hold(in_base("dir"), in_base("moved"))); /* behind the other one's end */
	CHECK(is_at(id, in_base("src"), in_base("dir/point")));
	if (CHECK_OK(fork()) == 0) {
		hold(in_base("dir"), in_base("moved"));
		CHECK_OK(rename(in_base("dir"), in_base("moved")));
		_exit(0);
	}
	SOON(is_at(id, in_base("src"), in_base("moved/point")));
	/* The same names take the same memory. */
	rename_and_tell("moved", "dir");
	CHECK(is_at(id, in_base("src"), in_base("dir/point")));
	CHECK(arena()->objects == objects);
}

static void what_is_mounted_on_a_name_goes_with_it(void)
{
	u64 id = begin_with_bind();
	int fd = hold(in_base("dir/point"), NULL);

	CHECK_OK(rmdir(in_base("dir/point")));
	let_go(fd);
	CHECK(!mnt_by_id(arena()->init_mnt, id));
	/* A name that looks like what the host says of one that has gone. */
	CHECK_OK(mkdir(in_base("dir/point"), 0755));
	id = bind_at(in_base("src"), in_base("dir/point"));
	fd = hold(in_base("dir/point"), NULL);
	CHECK_OK(rename(in_base("dir/point"), in_base("dir/point (deleted)")));
	let_go(fd);
	CHECK(is_at(id, in_base("src"), in_base("dir/point (deleted)")));
	CHECK(hold(in_base("dir/point"), NULL) == -ENOENT);
}

/* What it says is one thing, what it does another. */
static void what_the_guest_says_does_not_count(void)
{
	u64 id = begin_with_bind();
	int fd = hold(in_base("dir"), in_base("moved")), second;

	CHECK_OK(rename(in_base("dir"), in_base("elsewhere")));
	let_go(fd);
	CHECK(is_at(id, in_base("src"), in_base("elsewhere/point")));
	fd = hold(in_base("src"), NULL);
	second = hold(in_base("src"), in_base("one"));
	CHECK_OK(rename(in_base("src"), in_base("one")));
	CHECK_OK(rename(in_base("one"), in_base("two")));
	let_go(fd);
	CHECK(is_at(id, in_base("two"), in_base("elsewhere/point")));
	CHECK_OK(mkdir(in_base("src"), 0755));
	let_go(second);
	CHECK(is_at(id, in_base("two"), in_base("elsewhere/point")));
}

static const char *path_of_length(size_t len)
{
	char *path = (char *)in_base("");

	for (size_t i = strlen(path); i < len; i++)
		path[i] = i % 200 ? 'd' : '/';
	path[len] = '\0';
	return path;
}

static void where_no_walk_comes_no_mount_is_taken(void)
{
	const size_t most = HOST_PATH_MAX - strlen("/point");
	u64 id = begin_with_bind();

	CHECK(hold(in_base("dir"), path_of_length(most + 1)) == -ENAMETOOLONG);
	CHECK(hold(path_of_length(most + 1), in_base("dir")) == -ENAMETOOLONG);
	CHECK(hold(in_base("other"), path_of_length(most + 1)) == -ENOENT);
	CHECK(arena()->names_held == 0);
	let_go(hold(in_base("dir"), path_of_length(most)));
	CHECK(is_at(id, in_base("src"), in_base("dir/point")));
}

static void names_that_are_none_are_refused(void)
{
	u64 id = begin_with_bind();

	CHECK(hold(in_base("other"), NULL) == -ENOENT);
	CHECK(hold(in_base("dir/missing"), in_base("other")) == -ENOENT);
	CHECK(hold("dir", NULL) == -EINVAL && hold("", NULL) == -EINVAL && hold(in_base("dir"), "dir") == -EINVAL);
	/* Another way to the same directory. */
	CHECK_OK(symlink("dir", in_base("link")));
	CHECK(hold(in_base("link/point"), NULL) == -ENOENT && hold(in_base("other/../dir"), NULL) == -ENOENT);
	begin(REQ_HOLD_NAMES);
	IS(call(), -EINVAL);
	CHECK(is_at(id, in_base("src"), in_base("dir/point")));
}

static void nothing_can_be_asked_by_such_a_handle(void)
{
	u64 id = begin_with_bind();
	int fd = hold(in_base("dir"), NULL), kept;

	begin(REQ_UMOUNT);
	req.dst = id;
	IS(ask(fd, used(), &kept).result, -EINVAL);
	close(kept);
	let_go(fd);
	CHECK(is_at(id, in_base("src"), in_base("dir/point")));
}

static const struct test tests[] = {
    {"mounts follow before the guest goes on", mounts_follow_before_the_guest_goes_on},
    {"two at once are followed if the outer is done first", two_at_once_are_followed_if_the_outer_is_done_first},
    {"two at once are followed if the inner is done first", two_at_once_are_followed_if_the_inner_is_done_first},
    {"who asks in between finds the new names", who_asks_in_between_finds_the_new_names},
    {"a guest that dies has changed them or not", a_guest_that_dies_has_changed_them_or_not},
    {"what is mounted on a name goes with it", what_is_mounted_on_a_name_goes_with_it},
    {"what the guest says does not count", what_the_guest_says_does_not_count},
    {"where no walk comes no mount is taken", where_no_walk_comes_no_mount_is_taken},
    {"names that are none are refused", names_that_are_none_are_refused},
    {"nothing can be asked by such a handle", nothing_can_be_asked_by_such_a_handle},
};

int main(void)
{
	char command[64];
	int failed;

	if (!mkdtemp(scratch))
		return 1;
	failed = RUN_TESTS(tests);
	snprintf(command, sizeof(command), "rm -rf %s", scratch);
	return system(command) || failed;
}
