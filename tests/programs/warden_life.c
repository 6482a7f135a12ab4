/* SPDX-License-Identifier: MIT */
/* The warden's life: how it starts, what guests cannot do to it, and when it ends. */
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include "tests/programs/warden_talk.h"

static void first_namespaces(void)
{
	const struct mount *root;
	char name[UTS_LEN + 1], host[UTS_LEN + 1];
	struct stat st;

	start(-1);
	CHECK(arena()->magic == ARENA_MAGIC && arena()->ready && arena()->uid == geteuid());
	CHECK(arena()->nr_handles == 1 && handle_at(0)->inode == session.handle_inode);
	root = mnt_by_id(arena()->init_mnt, arena()->init_mnt->root);
	CHECK(root && root->imported && root->dir && !strcmp(root->host, "/"));
	CHECK_OK(stat("/", &st));
	CHECK(root->sb->dev == st.st_dev && root->sb->kind == SUPER_HOST);
	uts_read(arena()->init_uts, name, NULL);
	CHECK_OK(gethostname(host, sizeof(host)));
	CHECK(!strcmp(name, host));
	CHECK(!strcmp(arena()->proc, "/proc"));
}

static int check_dev(const struct mount *m, void *arg)
{
	struct stat st;

	/* Only what is on top can be compared: asking the host for a hidden one shows what hides it. */
	if (find(arena()->init_mnt, m->id, m->host) || lstat(m->host, &st) != 0)
		return 0;
	++*(int *)arg;
	if (st.st_dev == m->sb->dev && S_ISDIR(st.st_mode) == m->dir)
		return 0;
	printf("# %s: device %llx, wanted %lx\n", m->host, (unsigned long long)m->sb->dev, (unsigned long)st.st_dev);
	return 1;
}

static void mounts_have_the_hosts_devices(void)
{
	int seen = 0;

	start(-1);
	CHECK(mnt_for_each(arena()->init_mnt, check_dev, &seen) == 0);
	CHECK(seen > 2);
}

static void arena_is_read_only_for_guests(void)
{
	char path[64];
	int fd;

	start(-1);
	CHECK_FAILS(mprotect((void *)ARENA_BASE, 4096, PROT_READ | PROT_WRITE), EACCES);
	CHECK(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, session.arena_fd, 0) == MAP_FAILED);
	CHECK_FAILS(pwrite(session.arena_fd, "x", 1, 0), EPERM);
	CHECK_FAILS(ftruncate(session.arena_fd, 0), EPERM);
	CHECK_FAILS(fallocate(session.arena_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096), EPERM);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", session.arena_fd);
	fd = open(path, O_RDWR);
	CHECK(fd < 0 || mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
}

static void warden_is_no_child(void)
{
	char path[64], text[64] = "";
	int fd;

	start(-1);
	CHECK_FAILS(waitpid(-1, NULL, __WALL | WNOHANG), ECHILD);
	CHECK(kill((pid_t)arena()->warden, 0) == 0);
	snprintf(path, sizeof(path), "/proc/%u/comm", arena()->warden);
	fd = open(path, O_RDONLY);
	CHECK(read(fd, text, sizeof(text) - 1) > 0);
	SOON(lseek(fd, 0, SEEK_SET) == 0 && read(fd, text, sizeof(text) - 1) > 0 && !strcmp(text, "secede-warden\n"));
	kill((pid_t)arena()->warden, SIGTERM);
	kill((pid_t)arena()->warden, SIGHUP);
	begin(REQ_SETNAME);
	add("still-here");
	IS(call(), 0);
}

static void warden_holds_no_descriptor(void)
{
	char byte;
	int fds[2];

	CHECK_OK(pipe(fds));
	start(-1);
	close(fds[1]);
	/* The end of the pipe shows at once, while the session goes on. */
	CHECK(poll(&(struct pollfd){.fd = fds[0], .events = POLLIN}, 1, 2000) == 1 && read(fds[0], &byte, 1) == 0);
	begin(REQ_SETNAME);
	add("on");
	IS(call(), 0);
}

/* Somebody still removes a large tree when the session ends. */
static void storage_goes_with_the_last_handle(void)
{
	char host[256], storage[256], path[600];
	struct stat st;
	u64 id;

	start(-1);
	IS(mount_tmpfs("", "/mnt"), 0);
	id = value;
	strcpy(host, mnt_by_id(arena()->init_mnt, id)->host);
	strcpy(storage, arena()->storage);
	for (int i = 0; i < 3000; i++) {
		snprintf(path, sizeof(path), "%s/%d", host, i);
		CHECK_OK(mkdir(path, 0700));
		snprintf(path, sizeof(path), "%s/%d/x", host, i);
		CHECK_OK(mkdir(path, 0700));
	}
	begin(REQ_UMOUNT);
	req.dst = id;
	req.flags = MNT_DETACH;
	IS(call(), 0);
	close(session.handle);
	SOON(kill((pid_t)arena()->warden, 0) < 0 && errno == ESRCH);
	CHECK(stat(storage, &st) < 0 && errno == ENOENT);
}

static void warden_ends_with_the_last_handle(void)
{
	pid_t pid;
	int fd;

	start(-1);
	pid = (pid_t)arena()->warden;
	begin(REQ_UNSHARE);
	req.flags = CLONE_NEWUTS;
	CHECK(call_sized(session.handle, used(), &fd) >= 0);
	close(session.handle);
	usleep(50000);
	CHECK(kill(pid, 0) == 0);
	close(fd);
	SOON(kill(pid, 0) < 0 && errno == ESRCH);
}

static void killed_warden_fails_at_once(void)
{
	start(-1);
	kill((pid_t)arena()->warden, SIGKILL);
	SOON(kill((pid_t)arena()->warden, 0) < 0);
	begin(REQ_SETNAME);
	add("x");
	IS(call(), -EIO);
}

static void tight_limits(void)
{
	const struct rlimit files = {16, 16}, memory = {1 << 30, 1 << 30};

	CHECK_OK(setrlimit(RLIMIT_NOFILE, &files));
	CHECK_OK(setrlimit(RLIMIT_AS, &memory));
	start(-1);
	begin(REQ_SETNAME);
	add("tight");
	IS(call(), 0);
}

static const struct test tests[] = {
    {"the session starts with the host's names and mounts", first_namespaces},
    {"imported mounts have the host's device numbers", mounts_have_the_hosts_devices},
    {"no guest can write to the arena", arena_is_read_only_for_guests},
    {"the warden is nobody's child, has its own name and ignores signals", warden_is_no_child},
    {"the warden keeps no descriptor of the caller's", warden_holds_no_descriptor},
    {"the warden ends with the last handle", warden_ends_with_the_last_handle},
    {"and with it all of its storage", storage_goes_with_the_last_handle},
    {"with a killed warden requests fail with EIO", killed_warden_fails_at_once},
    {"a session starts within tight limits", tight_limits},
};

int main(void)
{
	return RUN_TESTS(tests);
}
