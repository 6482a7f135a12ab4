/* SPDX-License-Identifier: MIT */
/* kernel/ns/uts.c */
#include <pthread.h>

#include "unit.h"

struct uts_test {
	struct user_ns *user;
	struct uts_ns *ns;
};

static void make(struct uts_test *t)
{
	t->user = user_ns_create(NULL, 0, 0);
	t->ns = uts_ns_dup(NULL, t->user);
	assert_non_null(t->ns);
}

static void done(struct uts_test *t)
{
	uts_ns_put(t->ns);
	user_ns_put(t->user);
}

static void names_are_written_and_read(void **state)
{
	char node[UTS_LEN + 1], domain[UTS_LEN + 1];
	struct uts_test t;

	make(&t);
	uts_write(t.ns, false, "box", 3);
	uts_write(t.ns, true, "example.org and more", 11);
	uts_read(t.ns, node, domain);
	assert_string_equal(node, "box");
	assert_string_equal(domain, "example.org");
	uts_write(t.ns, false, "b", 1);
	uts_read(t.ns, node, NULL);
	assert_string_equal(node, "b");
	uts_write(t.ns, true, "", 0);
	uts_read(t.ns, NULL, domain);
	assert_string_equal(domain, "");
	done(&t);
}

static void names_have_64_bytes(void **state)
{
	char name[UTS_LEN + 1], node[UTS_LEN + 1];
	struct uts_test t;

	make(&t);
	memset(name, 'n', UTS_LEN);
	name[UTS_LEN] = 0;
	uts_write(t.ns, false, name, UTS_LEN);
	uts_read(t.ns, node, NULL);
	assert_string_equal(node, name);
	done(&t);
}

static void a_copy_has_the_names_and_goes_its_way(void **state)
{
	char node[UTS_LEN + 1];
	struct uts_ns *copy;
	struct uts_test t;

	make(&t);
	uts_write(t.ns, false, "old", 3);
	arena_fail_at = 1;
	assert_null(uts_ns_dup(t.ns, t.user));
	copy = uts_ns_dup(t.ns, t.user);
	assert_int_not_equal(copy->inum, t.ns->inum);
	uts_write(t.ns, false, "new", 3);
	uts_read(copy, node, NULL);
	assert_string_equal(node, "old");
	uts_ns_put(copy);
	done(&t);
}

static void a_warden_killed_in_a_write_does_no_harm(void **state)
{
	char node[UTS_LEN + 1];
	struct uts_test t;

	make(&t);
	uts_write(t.ns, false, "box", 3);
	/* It got as far as this. */
	strcpy(t.ns->copy[~t.ns->seq & 1].nodename, "ha");
	uts_read(t.ns, node, NULL);
	assert_string_equal(node, "box");
	done(&t);
}

static _Atomic bool stop;

/* Both names are always of one letter, and the second is never older than the first. */
static void *read_names(void *arg)
{
	char node[UTS_LEN + 1], domain[UTS_LEN + 1];
	struct uts_test *t = arg;
	uintptr_t bad = 0;

	while (!atomic_load(&stop)) {
		uts_read(t->ns, node, domain);
		for (int i = 1; i < UTS_LEN; i++)
			bad += node[i] != node[0] || domain[i] != domain[0];
		bad += node[0] != domain[0] && node[0] != domain[0] + 1;
	}
	return (void *)bad;
}

static void readers_see_whole_names(void **state)
{
	char name[UTS_LEN];
	pthread_t reader[2];
	struct uts_test t;
	void *bad;

	make(&t);
	memset(name, 'a', UTS_LEN);
	uts_write(t.ns, false, name, UTS_LEN);
	uts_write(t.ns, true, name, UTS_LEN);
	atomic_store(&stop, false);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&reader[i], NULL, read_names, &t), 0);
	for (int turn = 0; turn < 3000; turn++) {
		for (int c = 'a'; c <= 'f'; c++) {
			memset(name, c, UTS_LEN);
			uts_write(t.ns, false, name, UTS_LEN);
			uts_write(t.ns, true, name, UTS_LEN);
		}
		for (int c = 'f'; c >= 'a'; c--) {
			memset(name, c, UTS_LEN);
			uts_write(t.ns, true, name, UTS_LEN);
			uts_write(t.ns, false, name, UTS_LEN);
		}
	}
	atomic_store(&stop, true);
	for (int i = 0; i < 2; i++) {
		pthread_join(reader[i], &bad);
		assert_null(bad);
	}
	done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(names_are_written_and_read),
	    TEST(names_have_64_bytes),
	    TEST(a_copy_has_the_names_and_goes_its_way),
	    TEST(a_warden_killed_in_a_write_does_no_harm),
	    TEST(readers_see_whole_names),
	};

	return cmocka_run_group_tests_name("kernel/ns/uts", tests, NULL, NULL);
}
