/* SPDX-License-Identifier: MIT */
/*
 * Requests to the warden over the handle, one after the other, well-formed and not.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include "tests/programs/warden_talk.h"

/* ---- hostile messages ---- */

static void malformed_requests(void)
{
	int fds[8];

	start(-1);
	begin(REQ_SETNAME);
	add("name");
	IS(call_sized(session.handle, 0, NULL), -EIO); /* nothing was said, nothing is answered */
	IS(call_sized(session.handle, 3, NULL), -EINVAL);
	IS(call_sized(session.handle, offsetof(struct request, data), NULL), -EINVAL);
	IS(call_sized(session.handle, used() - 1, NULL), -EINVAL);
	IS(call_sized(session.handle, used() + 1, NULL), -EINVAL);
	req.len[0] = 0xffff;
	IS(call_sized(session.handle, sizeof(req), NULL), -EINVAL);
	req.len[0] = 2;
	IS(call(), -EINVAL);
	req.nr = 0xffffffff;
	IS(call_sized(session.handle, sizeof(req), NULL), -EINVAL);
	for (u32 op = 0; op < 40; op++) {
		begin(op);
		req.nr = REQ_STRINGS + 1;
		IS(call_sized(session.handle, sizeof(req), NULL), -EINVAL);
	}
	begin(0xffffffff);
	IS(call(), -EINVAL);
	for (int i = 0; i < 8; i++)
		fds[i] = open("/dev/null", O_RDWR);
	CHECK(send_bytes(session.handle, &req, sizeof(req), fds, 8) == 0);
	CHECK(send_bytes(session.handle, "", 0, fds, 1) == 0);
	begin(REQ_SETNAME);
	add("alive");
	IS(call(), 0);
}

/* A string may be as long as a message; what becomes a path may not. */
static void paths_that_are_too_long(void)
{
	static char path[2 * PATH_MAX];

	memset(path, 'x', sizeof(path) - 1);
	path[0] = '/';
	start(-1);
	for (u32 op = 0; op < 64; op++) {
		for (u32 nr = 1; nr <= 2; nr++) {
			begin(op);
			req.src = req.dst = arena()->init_mnt->root;
			req.arg = 1;
			for (u32 n = 0; n < nr && nr * sizeof(path) < REQ_DATA; n++)
				add(path);
			call();
		}
	}
	begin(REQ_OPEN_TREE);
	req.src = arena()->init_mnt->root;
	add(path);
	IS(call(), -EINVAL);
	begin(REQ_SETNAME);
	add("alive");
	IS(call(), 0);
}

static void nothing_is_done_in_secret(void)
{
	start(-1);
	begin(REQ_SETNAME);
	add("secret");
	CHECK(send_bytes(session.handle, &req, used(), NULL, 0) == 0);
	/* When this one has been answered, that one has been seen. */
	begin(REQ_SETNAME);
	req.arg = 1;
	add("domain");
	IS(call(), 0);
	CHECK(!uts_is(arena()->init_uts, "secret"));
}

static void random_requests(void)
{
	unsigned seed = 12345;

	start(-1);
	for (int i = 0; i < 20000; i++) {
		unsigned char *p = (unsigned char *)&req;

		begin(0);
		for (size_t at = 0; at < offsetof(struct request, data) + 64; at++)
			p[at] = (unsigned char)(rand_r(&seed) % 5 ? 0 : rand_r(&seed));
		req.op = (u32)rand_r(&seed) % 14;
		req.nr = (u32)rand_r(&seed) % 5;
		for (int k = 0; k < REQ_STRINGS; k++)
			req.len[k] = (u16)(rand_r(&seed) % 20);
		send_bytes(session.handle, &req, (size_t)rand_r(&seed) % (offsetof(struct request, data) + 80), NULL,
			   0);
	}
	begin(REQ_SETNAME);
	req.caps = CAP_FULL_SET;
	add("alive");
	IS(call(), 0);
}

static void handle_must_be_a_socket(void)
{
	struct stat st;
	int fd;

	start(-1);
	begin(REQ_UNSHARE);
	req.flags = CLONE_NEWUTS;
	fd = open("/dev/null", O_RDWR);
	CHECK_OK(fstat(fd, &st));
	req.self_inode = st.st_ino;
	CHECK(send_bytes(session.handle, &req, used(), &fd, 1) == 0);
	req.self_inode = session.handle_inode;
	IS(call(), -EINVAL);
	CHECK(arena()->nr_handles == 1);
}

static void half_closed_handle_ends(void)
{
	pid_t pid;

	start(-1);
	pid = (pid_t)arena()->warden;
	shutdown(session.handle, SHUT_WR);
	SOON(kill(pid, 0) < 0 && errno == ESRCH);
}

/* Handles until there is no room for more, of which there must be `at_least` in the end; closes them. */
static void fill_table(int at_least, int at_most)
{
	int *fds = calloc((size_t)at_most + 1, sizeof(*fds)), nr;
	s64 got = 0;

	CHECK(fds != NULL);
	for (nr = 0; nr < at_most && got >= 0; nr++) {
		begin(REQ_UNSHARE);
		req.flags = CLONE_NEWUTS;
		got = call_sized(session.handle, used(), &fds[nr]);
	}
	CHECK(nr > at_least);
	IS(got, nr == at_most ? got : -ENOSPC);
	begin(REQ_SETNAME);
	req.caps = CAP_FULL_SET;
	add("alive");
	IS(call(), 0);
	while (nr)
		close(fds[--nr]);
	free(fds);
	SOON(arena()->nr_handles == 1);
}

static void many_handles(void)
{
	struct rlimit limit;
	u64 objects;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	CHECK_OK(setrlimit(RLIMIT_NOFILE, &limit));
	start(-1);
	objects = arena()->objects;
	fill_table((int)MIN(limit.rlim_max / 2, 4500), 5000);
	SOON(arena()->objects == objects);
	fill_table((int)MIN(limit.rlim_max / 2, 4500), 5000);
}

static void handles_end_where_descriptors_do(void)
{
	const struct rlimit few = {200, 200};

	CHECK_OK(setrlimit(RLIMIT_NOFILE, &few));
	start(-1);
	fill_table(150, 200);
	fill_table(150, 200);
}

/* ---- namespaces ---- */

static void unshare_makes_copies(void)
{
	u64 objects;
	int fd;
	s64 index;

	start(-1);
	objects = arena()->objects;
	begin(REQ_UNSHARE);
	req.flags = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWUSER;
	index = call_sized(session.handle, used(), &fd);
	CHECK(index == 1);
	CHECK(handle_at(1)->mnt != arena()->init_mnt && handle_at(1)->uts != arena()->init_uts);
	CHECK(handle_at(1)->user->parent == arena()->init_user);
	CHECK(handle_at(1)->mnt->user_ns == handle_at(1)->user);
	CHECK(handle_at(1)->mnt->nr == arena()->init_mnt->nr);
	close(fd);
	SOON(arena()->nr_handles == 1 && arena()->objects == objects);
	begin(REQ_UNSHARE);
	IS(call(), -EINVAL);
	req.flags = CLONE_NEWPID;
	IS(call(), -EINVAL);
	req.flags = CLONE_NEWNS;
	req.caps = 0;
	IS(call(), -EPERM);
}

static void user_namespaces_nest_so_deep(void)
{
	int handle, levels = 0, next;
	s64 got;

	start(-1);
	handle = session.handle;
	for (;; levels++) {
		char map[32];

		begin(REQ_UNSHARE);
		req.flags = CLONE_NEWUSER;
		got = call_sized(handle, used(), &next);
		if (got < 0)
			break;
		handle = next;
		begin(REQ_UNSHARE);
		req.flags = CLONE_NEWUSER;
		if (levels < 32) /* nobody is mapped yet */
			IS(call_sized(handle, used(), NULL), -EPERM);
		for (req.arg = 0; req.arg < 3; req.arg++) {
			static const int order[] = {2, 0, 1};
			u64 turn = req.arg;

			begin(REQ_ID_MAP);
			req.arg = (u64)order[turn];
			req.inode = handle_at((u32)got)->inode;
			snprintf(map, sizeof(map), "%u %u 1", req.arg ? getegid() : geteuid(),
				 req.arg ? getegid() : geteuid());
			add(req.arg == 2 ? "deny" : map);
			IS(call_sized(handle, used(), NULL), 0);
			req.arg = turn;
		}
	}
	IS(got, -ENOSPC);
	CHECK(levels == 33);
}

static void setns_and_its_rules(void)
{
	int other, ns, joined;
	s64 index, kind;

	start(-1);
	begin(REQ_UNSHARE);
	req.flags = CLONE_NEWUTS;
	index = call_sized(session.handle, used(), &other);
	CHECK(index > 0);
	begin(REQ_OPEN_NS);
	req.inode = handle_at((u32)index)->inode;
	req.arg = NS_UTS;
	kind = call_sized(session.handle, used(), &ns);
	CHECK(kind > 0 && handle_at((u32)kind)->kind == 1 + NS_UTS && handle_at((u32)kind)->mnt == NULL);
	begin(REQ_SETNS);
	req.inode = handle_at((u32)kind)->inode;
	req.flags = CLONE_NEWNS;
	IS(call(), -EINVAL);
	req.self_inode = 0;
	req.flags = CLONE_NEWUTS;
	req.caps = 0;
	IS(call(), -EPERM);
	req.self_inode = 0;
	req.caps = CAP_FULL_SET;
	CHECK(call_sized(session.handle, used(), &joined) > 0);
	begin(REQ_SETNAME);
	add("both");
	IS(call_sized(joined, used(), NULL), 0);
	CHECK(uts_is(handle_at((u32)index)->uts, "both"));
	CHECK(!uts_is(arena()->init_uts, "both"));
	/* What only holds a namespace open can ask for nothing. */
	IS(call_sized(ns, used(), NULL), -EINVAL);
	begin(REQ_OPEN_NS);
	req.inode = handle_at((u32)index)->inode;
	req.arg = NS_UTS;
	req.flags = NS_OWNER;
	CHECK(call() > 0);
	req.self_inode = 0;
	req.arg = NS_USER;
	req.flags = NS_PARENT;
	IS(call(), -EPERM);
}

/* ---- id maps ---- */

static s64 id_map(int handle, u64 which, u64 inode, const char *text)
{
	begin(REQ_ID_MAP);
	req.arg = which;
	req.inode = inode;
	add(text);
	return call_sized(handle, used(), NULL);
}

static void id_maps(void)
{
	char mine[32], other[32];
	u64 inode;
	s64 index;
	int fd;

	start(-1);
	snprintf(mine, sizeof(mine), "0 %u 1\n", geteuid());
	snprintf(other, sizeof(other), "0 %u 1\n", geteuid() + 1);
	IS(id_map(session.handle, 0, session.handle_inode, mine), -EPERM);
	begin(REQ_UNSHARE);
	req.flags = CLONE_NEWUSER;
	index = call_sized(session.handle, used(), &fd);
	inode = handle_at((u32)index)->inode;
	IS(id_map(fd, 0, inode, ""), -EINVAL);
	IS(id_map(fd, 0, inode, "0 0"), -EINVAL);
	IS(id_map(fd, 0, inode, other), -EPERM);
	IS(id_map(fd, 0, inode, mine), 0);
	IS(id_map(fd, 0, inode, mine), -EPERM);
	snprintf(mine, sizeof(mine), "0 %u 1\n", getegid());
	IS(id_map(fd, 1, inode, mine), -EPERM);
	IS(id_map(fd, 2, inode, "nonsense"), -EINVAL);
	IS(id_map(fd, 2, inode, "allow"), 0);
	IS(id_map(fd, 2, inode, "deny\n"), 0);
	IS(id_map(fd, 2, inode, "allow"), -EPERM);
	IS(id_map(fd, 1, inode, mine), 0);
	IS(id_map(fd, 2, inode, "deny"), -EPERM); /* also when it is denied already, as on Linux */
	CHECK(make_kuid(handle_at((u32)index)->user, 0) == geteuid());
	close(fd);

	/* The parent, with its capabilities, may map what it likes. */
	begin(REQ_UNSHARE);
	req.flags = CLONE_NEWUSER;
	index = call_sized(session.handle, used(), &fd);
	inode = handle_at((u32)index)->inode;
	IS(id_map(session.handle, 0, inode, "0 100000 65536\n65536 5 3"), 0);
	IS(id_map(session.handle, 1, inode, "0 0 10"), 0);
	IS(id_map(session.handle, 2, inode, "deny"), -EPERM);
	IS(id_map(session.handle, 2, 77, "deny"), -ESRCH);
}

/* ---- mounts ---- */

static void tmpfs_options(void)
{
	static const char *const bad[] = {"nonsense", "size=",	"size=12x",   "mode=9",	     "mode=",
					  "uid=x",    "uid=-1", "huge=maybe", "nr_inodes=k", "size=%"};
	const struct mount *m;
	struct stat st;
	char shown[256];

	start(-1);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		IS(mount_tmpfs(bad[i], "/mnt"), -EINVAL);
	CHECK(arena()->storage[0] == '\0');
	IS(mount_tmpfs("", "/mnt"), 0);
	m = mnt_by_id(arena()->init_mnt, value);
	CHECK(m && m->sb->kind == SUPER_TMPFS && m->flags == MS_RELATIME);
	CHECK_OK(stat(m->host, &st));
	CHECK((st.st_mode & 07777) == 01777 && st.st_uid == geteuid() && st.st_dev == m->sb->host_dev);
	CHECK(m->sb->dev != m->sb->host_dev);
	IS(mount_tmpfs("size=2M,,mode=0700,nr_inodes=1k,inode64", "/opt"), 0);
	m = mnt_by_id(arena()->init_mnt, value);
	CHECK_OK(stat(m->host, &st));
	CHECK((st.st_mode & 07777) == 0700);
	snprintf(shown, sizeof(shown), "size=2048k,nr_inodes=1024,mode=700");
	CHECK(!strncmp(super_options(m->sb), shown, strlen(shown)));
	if (geteuid() != 0)
		IS(mount_tmpfs("uid=0", "/opt"), -EPERM);
	begin(REQ_MOUNT_NEW);
	req.dst = arena()->init_mnt->root;
	req.arg = 1;
	add("nothing"), add("/dev/null"), add(""), add("/mnt");
	IS(call(), -ENODEV);
	req.dst = 999999;
	IS(call(), -EINVAL);
}

static void umount_removes_the_storage(void)
{
	char host[256], inside[300], storage[256];
	const struct mount *m;
	struct stat st;
	u64 id;
	int fd;

	start(-1);
	IS(mount_tmpfs("", "/mnt"), 0);
	id = value;
	m = mnt_by_id(arena()->init_mnt, id);
	strcpy(host, m->host);
	strcpy(storage, arena()->storage);
	snprintf(inside, sizeof(inside), "%s/file", host);
	fd = open(inside, O_CREAT | O_RDWR, 0600);
	CHECK_OK(fd);
	begin(REQ_UMOUNT);
	req.dst = id;
	IS(call(), -EBUSY);
	close(fd);
	CHECK_OK(chdir(host));
	IS(call(), -EBUSY);
	/* A tree as a careless guest leaves it: deep, and without permissions. */
	for (int i = 0; i < 3000; i++) {
		CHECK_OK(mkdir("deep", 0700));
		CHECK_OK(symlink("/etc/passwd", "link"));
		CHECK_OK(chdir("deep"));
	}
	CHECK_OK(chdir(host));
	CHECK_OK(chmod("deep", 0));
	CHECK_OK(chdir("/"));
	IS(call(), 0);
	IS(call(), -EINVAL);
	SOON(stat(host, &st) < 0);
	CHECK(stat(storage, &st) == 0);
	CHECK(access("/etc/passwd", R_OK) == 0);
	IS(mount_tmpfs("", "/mnt"), 0);
	snprintf(inside, sizeof(inside), "%s/dir", mnt_by_id(arena()->init_mnt, value)->host);
	CHECK_OK(mkdir(inside, 0));
	close(session.handle);
	SOON(stat(storage, &st) < 0 && errno == ENOENT);
}

static void binding_and_remounting(void)
{
	u64 root, id;

	start(-1);
	root = arena()->init_mnt->root;
	begin(REQ_BIND);
	req.src = req.dst = root;
	req.arg = 3;
	add("/etc"), add("/mnt");
	IS(call(), 0);
	id = value;
	CHECK(find(arena()->init_mnt, root, "/mnt")->id == id);
	req.caps = 0;
	IS(call(), -EPERM);
	begin(REQ_REMOUNT);
	req.dst = id;
	req.flags = MS_BIND | MS_RDONLY | MS_NOSUID;
	IS(call(), 0);
	CHECK((mnt_by_id(arena()->init_mnt, id)->flags & (MS_RDONLY | MS_NOSUID)) == (MS_RDONLY | MS_NOSUID));
	req.flags = MS_RDONLY;
	IS(call(), -EPERM);
	begin(REQ_MOVE);
	req.src = id;
	req.dst = root;
	add("/opt");
	IS(call(), 0);
	CHECK(!find(arena()->init_mnt, root, "/mnt") && find(arena()->init_mnt, root, "/opt")->id == id);
	begin(REQ_UMOUNT);
	req.dst = id;
	req.flags = 0x80;
	IS(call(), -EINVAL);
	req.flags = MNT_DETACH;
	IS(call(), 0);
	req.dst = root;
	IS(call(), -EINVAL);
	begin(REQ_BIND);
	req.src = req.dst = root;
	add("relative"), add("/mnt");
	IS(call(), -EINVAL);
}

static void proc_shows_once_more(void)
{
	const struct mount *m;

	start(-1);
	begin(REQ_MOUNT_NEW);
	req.dst = arena()->init_mnt->root;
	req.arg = 1;
	add("proc"), add("proc"), add(""), add("/mnt");
	IS(call(), 0);
	m = mnt_by_id(arena()->init_mnt, value);
	CHECK(m->sb->kind == SUPER_PROC && !strcmp(m->host, "/proc"));
}

/* ---- the log ---- */

static void log_has_what_guests_say(void)
{
	char path[] = "/tmp/secede-log-XXXXXX", text[256] = "", wanted[64];
	int fd = mkstemp(path);

	start(fd);
	CHECK(arena()->logging);
	begin(REQ_LOG);
	req.pid = 42;
	add("mount: not\nknown\033");
	CHECK(send_bytes(session.handle, &req, used(), NULL, 0) == 0);
	close(session.handle);
	snprintf(wanted, sizeof(wanted), "42 mount: not?known?\n");
	SOON(pread(fd, text, sizeof(text) - 1, 0) > 0);
	unlink(path);
	CHECK(!strcmp(text, wanted));
}

static void nothing_fails_unless_the_session_is_for_that(void)
{
	start(-1);
	begin(REQ_FAIL);
	req.arg = 1;
	IS(call(), -EINVAL);
}

static const struct test tests[] = {
    {"malformed requests are EINVAL", malformed_requests},
    {"paths that are too long", paths_that_are_too_long},
    {"what cannot be answered is not done", nothing_is_done_in_secret},
    {"random requests do no harm", random_requests},
    {"a handle must be a socket that is not known yet", handle_must_be_a_socket},
    {"a handle that is shut down has ended", half_closed_handle_ends},
    {"thousands of handles", many_handles},
    {"as many handles as descriptors: ENOSPC", handles_end_where_descriptors_do},
    {"REQ_UNSHARE copies and is undone by the hang-up", unshare_makes_copies},
    {"user namespaces nest as deep as on Linux", user_namespaces_nest_so_deep},
    {"REQ_SETNS, REQ_OPEN_NS and their conditions", setns_and_its_rules},
    {"uid_map, gid_map and setgroups", id_maps},
    {"options of tmpfs", tmpfs_options},
    {"umount says busy, then removes the storage", umount_removes_the_storage},
    {"bind, remount, move", binding_and_remounting},
    {"proc can be mounted once more", proc_shows_once_more},
    {"the log has what guests say, one line each", log_has_what_guests_say},
    {"nothing fails unless the session is for that", nothing_fails_unless_the_session_is_for_that},
};

int main(void)
{
	return RUN_TESTS(tests);
}
