/* SPDX-License-Identifier: MIT */
/*
 * Readers without a lock against a writer that never rests. What a reader accepts must be one
 * version, whole. Under TSan the arena reuses nothing (noreuse.c); under ASan it does, and at once.
 */
#include <pthread.h>

#include "mounts.h"

#ifdef __SANITIZE_THREAD__
#define TURNS 400
#else
#define TURNS 4000
#endif
#define READERS 3
#define FIXED	40

struct churn {
	struct mnt_ns *ns;
	u64 walker; /* id of the mount that wanders between /even and /odd */
	_Atomic bool stop;
	_Atomic unsigned mistakes;
	_Atomic unsigned reads, retries;
};

static void mistake(struct churn *c, bool bad)
{
	if (bad)
		atomic_fetch_add(&c->mistakes, 1);
}

/* What a reader takes out in one go. */
struct sight {
	bool even, odd;
	u64 at;		/* id of what was found there */
	char point[32]; /* its point, as by id */
	bool steady;	/* mount number n, which never changes */
	char steady_host[32];
	unsigned nr; /* of mounts at /fixed */
	bool ordered;
	u64 last;
	bool comes; /* the mount that comes and goes */
	char comes_host[32];
	bool name; /* and its name */
};

static int count_fixed(const struct mount *m, void *arg)
{
	struct sight *s = arg;
	char point[32];

	if (m->id <= s->last)
		s->ordered = false;
	s->last = m->id;
	mnt_copy_string(point, sizeof(point), m->point);
	s->nr += m->parent == 1 && strncmp(point, "/fixed", 6) == 0;
	return 0;
}

static void look(const struct churn *c, unsigned n, struct sight *s)
{
	const struct mount *even, *odd, *m;
	char path[32];

	memset(s, 0, sizeof(*s));
	s->ordered = true;
	even = child(c->ns, 1, "/even");
	odd = child(c->ns, 1, "/odd");
	s->even = even;
	s->odd = odd;
	if (even || odd) {
		s->at = (even ? even : odd)->id;
		m = mnt_by_id(c->ns, c->walker);
		if (m)
			mnt_copy_string(s->point, sizeof(s->point), m->point);
	}
	sprintf(path, "/fixed%u", n % FIXED);
	m = child(c->ns, 1, path);
	s->steady = m;
	if (m)
		mnt_copy_string(s->steady_host, sizeof(s->steady_host), m->host);
	m = child(c->ns, 1, "/comes");
	s->comes = m;
	if (m)
		mnt_copy_string(s->comes_host, sizeof(s->comes_host), m->host);
	s->name = mnt_name_used(c->ns, "comes", 5);
	if (n % 8 == 0)
		mnt_for_each(c->ns, count_fixed, s);
}

static void judge(struct churn *c, unsigned n, const struct sight *s)
{
	char host[32];

	mistake(c, s->even == s->odd);
	mistake(c, s->at != c->walker);
	mistake(c, strcmp(s->point, s->even ? "/even" : "/odd") != 0);
	sprintf(host, "/host%u", n % FIXED);
	mistake(c, !s->steady || strcmp(s->steady_host, host) != 0);
	mistake(c, s->comes != s->name);
	mistake(c, s->comes && strncmp(s->comes_host, "/went", 5) != 0);
	mistake(c, n % 8 == 0 && (s->nr != FIXED || !s->ordered));
}

static void *reader(void *arg)
{
	struct churn *c = arg;
	struct sight s;
	u64 seq;

	for (unsigned n = 0; !atomic_load(&c->stop); n++) {
		do {
			seq = mnt_read_begin(c->ns);
			look(c, n, &s);
			atomic_fetch_add(&c->retries, 1);
		} while (mnt_read_retry(c->ns, seq) && !atomic_load(&c->stop));
		if (!mnt_read_retry(c->ns, seq))
			judge(c, n, &s);
		atomic_fetch_add(&c->reads, 1);
	}
	return NULL;
}

static void write_turn(struct churn *c, unsigned turn)
{
	struct mnt_ns *copy;
	char host[64];
	u64 id;

	assert_int_equal(mnt_move(c->ns, c->walker, 1, turn % 2 ? "/even" : "/odd"), 0);
	sprintf(host, "/went%u/%.*s", turn, (int)(turn % 40), "a-long-name-so-that-sizes-vary-all-along");
	id = attach(c->ns, 1, "/comes", host);
	assert_int_equal(mnt_reconfigure(c->ns, 1, turn % 2 ? MS_NODEV : 0), 0);
	if (turn % 16 == 0) {
		s64 top = mnt_bind(c->ns, 1, "/", 1, "/all", true, true);

		assert_true(top > 0);
		assert_int_equal(mnt_umount(c->ns, (u64)top, true), 0);
	}
	copy = mnt_ns_dup(c->ns, c->ns->user_ns);
	assert_int_equal(mnt_umount(c->ns, id, false), 0);
	mnt_ns_put(copy);
}

static void readers_see_one_version_whole(void **state)
{
	pthread_t thread[READERS];
	struct churn c = {.ns = new_ns()};
	char point[32], host[32];

	assert_int_equal(c.ns->root, 1);
	for (int i = 0; i < FIXED; i++) {
		sprintf(point, "/fixed%d", i);
		sprintf(host, "/host%d", i);
		attach(c.ns, 1, point, host);
	}
	c.walker = attach(c.ns, 1, "/even", "/w");
	for (int i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, reader, &c), 0);
	for (unsigned turn = 0; turn < TURNS; turn++)
		write_turn(&c, turn);
	atomic_store(&c.stop, true);
	for (int i = 0; i < READERS; i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(c.mistakes, 0);
	assert_true(c.reads > 0);
	dump(c.ns);
	mnt_ns_put(c.ns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(readers_see_one_version_whole),
	};

	return cmocka_run_group_tests_name("kernel/ns/mnt against readers", tests, NULL, NULL);
}
