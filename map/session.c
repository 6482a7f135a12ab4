/* SPDX-License-Identifier: MIT */
/*
 * Which session is meant. From outside the processes of a session are known by the descriptor of its arena, which each
 * of them has; guests do not see that one, and know each other by the arena itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include "cli/cli.h"
#include "map/map.h"

#define PR_SECEDE 0x53454345 /* answered by a runtime alone */

bool peek(int pid, void *dst, const void *src, size_t len)
{
	struct iovec to = {dst, len}, from = {(void *)src, len};

	return process_vm_readv(pid, &to, 1, &from, 1, 0) == (ssize_t)len;
}

bool session_read(const struct session *s, void *dst, const void *src, size_t len)
{
	uintptr_t offset = (uintptr_t)src - ARENA_BASE;

	if (s->inside)
		return offset < ARENA_SIZE && peek(getpid(), dst, src, len);
	if (len > s->size || offset > s->size - len)
		return false;
	memcpy(dst, s->arena + offset, len);
	return true;
}

/* ---- the arena of a process, from outside ---- */

static bool is_no_arena(int fd, void *arg)
{
	static const char memory[] = "/memfd:secede-arena";
	struct arena_search *search = arg;
	char text[sizeof(memory)];

	snprintf(search->path, sizeof(search->path), "/proc/%d/fd/%d", search->pid, fd);
	search->found = readlink(search->path, text, sizeof(text)) >= (ssize_t)sizeof(memory) - 1 &&
			!memcmp(text, memory, sizeof(memory) - 1) && stat(search->path, &search->st) == 0;
	return !search->found;
}

int find_arena(int pid, struct arena_search *search)
{
	char dir[64];

	*search = (struct arena_search){.pid = pid};
	snprintf(dir, sizeof(dir), "/proc/%d/fd", pid);
	return for_each_number(dir, is_no_arena, search) ? 0 : -errno;
}

/* ---- all sessions that can be seen ---- */

struct choice {
	const char *name; /* of a program; NULL: any */
	s32 warden;	  /* 0: any */
	struct arena_search found[16];
	size_t nr;
};

static bool is_known(const struct choice *choice, const struct stat *st)
{
	for (size_t i = 0; i < choice->nr; i++) {
		if (choice->found[i].st.st_ino == st->st_ino && choice->found[i].st.st_dev == st->st_dev)
			return true;
	}
	return false;
}

static s32 warden_of(const struct arena_search *found)
{
	struct arena_header head = {0};
	int fd = open(found->path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	if (pread(fd, &head, offsetof(struct arena_header, pids), 0) <= 0)
		head.warden = 0;
	close(fd);
	return (s32)head.warden;
}

static bool consider(int pid, void *arg)
{
	struct choice *choice = arg;
	struct arena_search search;
	char command[16];

	if (choice->name) {
		read_command(pid, pid, command);
		if (strcmp(command, choice->name) != 0)
			return true;
	}
	if (find_arena(pid, &search) || !search.found || is_known(choice, &search.st))
		return true;
	if (!choice->warden || warden_of(&search) == choice->warden)
		choice->found[choice->nr++] = search;
	return choice->nr < ARRAY_SIZE(choice->found);
}

static struct arena_search choose(struct choice *choice, const char *none)
{
	char command[16];

	if (!for_each_number("/proc", consider, choice))
		die_errno("cannot read /proc");
	if (!choice->nr)
		die("%s", none);
	if (choice->nr == 1)
		return choice->found[0];
	fputs("secede: there are several sessions; say which by the number of a process:\n", stderr);
	for (size_t i = 0; i < choice->nr; i++) {
		read_command(choice->found[i].pid, choice->found[i].pid, command);
		fprintf(stderr, "%8d %s\n", choice->found[i].pid, command);
	}
	exit(EXIT_FAILURE);
}

/* Nobody may have waited for it yet. */
static bool has_ended(int pid)
{
	char path[64], text[256], *p = NULL;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return true;
	if (fgets(text, sizeof(text), file))
		p = strrchr(text, ')');
	fclose(file);
	return !p || p[2] == 'Z' || p[2] == 'X';
}

/* A process of a session, or its warden, whose descriptors nobody sees. */
static struct arena_search of_process(int pid)
{
	struct choice choice = {.warden = pid};
	struct arena_search search;
	int err = find_arena(pid, &search);
	char none[96];

	if (!err && search.found)
		return search;
	if (kill(pid, 0) != 0 && errno == ESRCH)
		die("there is no process %d", pid);
	if (has_ended(pid))
		die("process %d has ended", pid);
	if (err == -EACCES)
		snprintf(none, sizeof(none),
			 "process %d does not let you look (is it another user's, or not dumpable?)", pid);
	else
		snprintf(none, sizeof(none), "process %d is in no session", pid);
	return choose(&choice, none);
}

static struct arena_search look_up(const char *name)
{
	struct choice choice = {.name = name};
	char none[80], *end;
	long pid = name ? strtol(name, &end, 10) : 0;

	if (!name)
		return choose(&choice, "there is no session of yours");
	if (name[0] >= '0' && name[0] <= '9' && !*end) {
		if (pid <= 0 || pid > INT32_MAX)
			die("there is no process %s", name);
		return of_process((int)pid);
	}
	snprintf(none, sizeof(none), "no session of yours runs a program named %.16s", name);
	return choose(&choice, none);
}

/* ---- the one ---- */

/* Everything there is an index into the same map, or becomes 0. */
static void tame(struct pid_map *pids)
{
	atomic_store(&pids->seq, 0);
	for (int i = 0; i < PIDS_BUCKETS; i++) {
		pids->by_guest[i] = pids->by_guest[i] <= PIDS_MAX ? pids->by_guest[i] : 0;
		pids->by_host[i] = pids->by_host[i] <= PIDS_MAX ? pids->by_host[i] : 0;
	}
	for (int i = 0; i < PIDS_MAX; i++) {
		struct pid_entry *e = &pids->entry[i];

		e->next_guest = e->next_guest <= PIDS_MAX ? e->next_guest : 0;
		e->next_host = e->next_host <= PIDS_MAX ? e->next_host : 0;
	}
}

/* Whoever has a descriptor on it counts as one of the session, so we keep none. */
static bool map_arena(struct session *s, const struct arena_search *found)
{
	int fd = open(found->path, O_RDONLY | O_CLOEXEC), seals = fd < 0 ? -1 : fcntl(fd, F_GET_SEALS);
	void *p = MAP_FAILED;

	s->dev = found->st.st_dev;
	s->ino = found->st.st_ino;
	s->owner = found->st.st_uid;
	s->guest = found->pid;
	memcpy(s->path, found->path, sizeof(s->path));
	s->size = (size_t)found->st.st_size;
	/* What could shrink is none, and would be a trap. */
	if (seals >= 0 && (seals & F_SEAL_SHRINK))
		p = mmap(NULL, s->size, PROT_READ, MAP_SHARED, fd, 0);
	if (fd >= 0)
		close(fd);
	s->arena = p == MAP_FAILED ? NULL : p;
	return s->arena;
}

static bool read_header(struct session *s)
{
	const struct arena_header *a = arena();
	u64 magic;

	s->pids = malloc(sizeof(*s->pids));
	if (!s->pids)
		die_errno("cannot read the session");
	if (!session_read(s, &magic, &a->magic, sizeof(magic)) || magic != ARENA_MAGIC ||
	    !session_read(s, &s->warden, &a->warden, sizeof(s->warden)) ||
	    !session_read(s, s->pids, &a->pids, sizeof(*s->pids)))
		return false;
	tame(s->pids);
	return true;
}

bool session_open(const struct arena_search *found, struct session *s)
{
	*s = (struct session){0};
	if (!map_arena(s, found))
		return false;
	if (read_header(s))
		return true;
	session_close(s);
	return false;
}

void session_close(struct session *s)
{
	if (s->arena)
		munmap((void *)s->arena, s->size);
	free(s->pids);
}

/* Nobody may have waited for it yet. */
static bool is_dead(int pid)
{
	char path[64], state = 'Z';
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (file) {
		if (fscanf(file, "%*d (secede-warden) %c", &state) != 1)
			state = 'Z'; /* the number has been given to somebody else */
		fclose(file);
	}
	return state == 'Z';
}

bool session_own(struct session *s)
{
	*s = (struct session){.inside = prctl(PR_SECEDE, 0, 0, 0, 0) == 1};
	if (s->inside && !read_header(s))
		die("cannot read the session (has it just ended?)");
	return s->inside;
}

void session_find(const char *name, struct session *s)
{
	struct arena_search found;

	if (!session_own(s)) {
		found = look_up(name);
		if (!session_open(&found, s))
			die("cannot read the session of process %d (has it just ended?)", found.pid);
	}
	if (s->inside && name && (strspn(name, "0123456789") != strlen(name) || !session_has(s, atoi(name))))
		die("inside a session there is no other one than that (give no name)");
}

bool session_is_kept(const struct session *s)
{
	return s->inside || !s->warden || !is_dead(s->warden);
}

void session_warn(const struct session *s)
{
	if (!session_is_kept(s))
		fputs("secede: the warden of this session is dead: its namespaces stay as they are\n", stderr);
}

bool session_has(const struct session *s, int pid)
{
	struct arena_search search;
	struct {
		u64 magic;
		u32 warden;
	} theirs = {0};

	if (!s->inside)
		return !find_arena(pid, &search) && search.found && search.st.st_ino == s->ino &&
		       search.st.st_dev == s->dev;
	return peek(pid, &theirs.magic, &arena()->magic, sizeof(theirs.magic)) && theirs.magic == ARENA_MAGIC &&
	       peek(pid, &theirs.warden, &arena()->warden, sizeof(theirs.warden)) && (s32)theirs.warden == s->warden;
}
