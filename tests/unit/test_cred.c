/* SPDX-License-Identifier: MIT */
/* kernel/cred.c: capabilities(7) and user_namespaces(7). */
#include "tasks.h"

#define BIT(cap) (1ULL << (cap))

/* A user namespace below another in which kid `root` is 0. */
static struct user_ns *below(struct user_ns *parent, u32 owner, u32 root)
{
	struct user_ns *ns = user_ns_create(parent, owner, owner);
	struct uid_extent e = {.first = 0, .parent = root, .count = 1};

	assert_int_equal(user_ns_set_map(ns, false, &e, 1), 0);
	return ns;
}

/* ---- objects ---- */

static void a_prepared_copy_shares_the_groups(void **state)
{
	struct cred *old = kzalloc(sizeof(*old)), *new;

	old->users = 1;
	old->uid = 5;
	old->groups = groups_alloc(3);
	assert_int_equal(old->groups->nr, 3);
	new = prepare_creds(old);
	assert_int_equal(new->uid, 5);
	assert_int_equal(new->users, 1);
	assert_ptr_equal(new->groups, old->groups);
	assert_int_equal(new->groups->users, 2);
	put_cred(old);
	assert_int_equal(new->groups->users, 1);
	put_cred(new);
	put_cred(NULL);
	put_group_info(NULL);
}

static void a_failed_allocation_takes_no_reference(void **state)
{
	struct cred *old = kzalloc(sizeof(*old));

	old->users = 1;
	old->groups = groups_alloc(0);
	kzalloc_fail_at = 1;
	assert_null(prepare_creds(old));
	kzalloc_fail_at = 1;
	assert_null(userns_creds(old));
	kzalloc_fail_at = 1;
	assert_null(groups_alloc(65536));
	assert_int_equal(old->groups->users, 1);
	put_cred(old);
}

static void commit_replaces_under_the_lock(void **state)
{
	struct task *task = new_task(), *other = new_thread(task, 0);
	struct cred *old = task->cred, *new = prepare_creds(old);

	new->euid = 7;
	commit_creds(task, new);
	assert_ptr_equal(task->cred, new);
	assert_ptr_equal(other->cred, old);
	assert_int_equal(old->users, 1);
	assert_int_equal(old->euid, 1000);
	end_task(other);
	end_task(task);
}

/* ---- who may ---- */

static void capable_in_ones_own_namespace_by_the_effective_set(void **state)
{
	struct task *task = new_task();
	struct user_ns *own = task->nsproxy->user;

	assert_true(ns_capable(task, own, CAP_SYS_ADMIN));
	task->cred->cap_effective = CAP_FULL_SET & ~BIT(CAP_SYS_ADMIN);
	assert_false(ns_capable(task, own, CAP_SYS_ADMIN));
	assert_true(ns_capable(task, own, CAP_CHOWN));
	assert_true(ns_capable(task, own, CAP_LAST_CAP));
	end_task(task);
}

static void capable_below_by_set_or_as_owner(void **state)
{
	struct task *task = new_task();
	struct user_ns *own = task->nsproxy->user;
	struct user_ns *mine = below(own, 1000, 1000), *theirs = below(own, 1001, 1001), *deep = below(mine, 5, 0);

	/* A capability reaches down to all descendants. */
	assert_true(ns_capable(task, theirs, CAP_SYS_ADMIN));
	assert_true(ns_capable(task, deep, CAP_SYS_ADMIN));
	/* Without it, the owner has them all in its own and what is below. */
	task->cred->cap_effective = 0;
	assert_true(ns_capable(task, mine, CAP_SYS_ADMIN));
	assert_true(ns_capable(task, deep, CAP_SYS_ADMIN));
	assert_false(ns_capable(task, theirs, CAP_SYS_ADMIN));
	task->cred->euid = 1;
	assert_false(ns_capable(task, mine, CAP_SYS_ADMIN));
	user_ns_put(deep);
	user_ns_put(mine);
	user_ns_put(theirs);
	end_task(task);
}

static void never_capable_above_or_beside(void **state)
{
	struct task *task = new_task();
	struct user_ns *first = task->nsproxy->user;
	struct user_ns *own = below(first, 1000, 1000), *beside = below(first, 1000, 1000);

	task->nsproxy->user = own;
	assert_true(ns_capable(task, own, CAP_SYS_ADMIN));
	assert_false(ns_capable(task, first, CAP_SYS_ADMIN));
	/* Same owner, but the owner must stand in the parent. */
	assert_false(ns_capable(task, beside, CAP_SYS_ADMIN));
	task->nsproxy->user = first;
	user_ns_put(own);
	user_ns_put(beside);
	end_task(task);
}

/* ---- execve ---- */

static struct cred *exec(struct cred old, const struct user_ns *ns)
{
	struct cred *new = exec_creds(&old, ns, false);

	assert_non_null(new);
	return new;
}

/* no_new_privs: root keeps what it has, and gets nothing back. */
static void exec_without_new_privileges(void **state)
{
	struct user_ns *first = user_ns_create(NULL, 0, 0);
	struct cred old = {
	    .cap_permitted = BIT(3) | BIT(4), .cap_effective = BIT(3), .cap_bset = CAP_FULL_SET & ~BIT(4)};
	struct cred *new = exec_creds(&old, first, true);

	assert_int_equal(new->cap_permitted, BIT(3));
	assert_int_equal(new->cap_effective, BIT(3));
	put_cred(new);

	/* Root in one of two ids only: it becomes its real one. */
	old = (struct cred){.uid = 1000, .gid = 1000, .cap_bset = CAP_FULL_SET};
	new = exec_creds(&old, first, true);
	assert_int_equal(new->euid, 1000);
	assert_int_equal(new->egid, 1000);
	assert_int_equal(new->cap_permitted, 0);
	put_cred(new);
	user_ns_put(first);
}

static void exec_drops_capabilities_but_the_ambient(void **state)
{
	struct user_ns *first = user_ns_create(NULL, 0, 0);
	struct cred *new = exec((struct cred){.uid = 1000,
					      .euid = 1000,
					      .suid = 7,
					      .cap_permitted = CAP_FULL_SET,
					      .cap_effective = CAP_FULL_SET,
					      .cap_inheritable = BIT(3) | BIT(4),
					      .cap_ambient = BIT(3),
					      .cap_bset = CAP_FULL_SET,
					      .securebits = SECBIT_KEEP_CAPS | SECBIT_KEEP_CAPS_LOCKED},
				first);

	assert_int_equal(new->cap_permitted, BIT(3));
	assert_int_equal(new->cap_effective, BIT(3));
	assert_int_equal(new->cap_inheritable, BIT(3) | BIT(4));
	assert_int_equal(new->cap_ambient, BIT(3));
	assert_int_equal(new->cap_bset, CAP_FULL_SET);
	assert_int_equal(new->suid, 1000);
	assert_int_equal(new->securebits, SECBIT_KEEP_CAPS_LOCKED);
	put_cred(new);
	user_ns_put(first);
}

static void exec_as_root_regains_the_bounding_set(void **state)
{
	struct user_ns *first = user_ns_create(NULL, 0, 0), *ns = below(first, 1000, 1000);
	struct cred old = {.uid = 1000, .euid = 1000, .cap_bset = BIT(5) | BIT(6), .cap_inheritable = BIT(7)};
	struct cred *new = exec(old, ns);

	assert_int_equal(new->cap_permitted, BIT(5) | BIT(6) | BIT(7));
	assert_int_equal(new->cap_effective, new->cap_permitted);
	put_cred(new);
	/* Real root alone: permitted, not effective. */
	old.euid = 5;
	new = exec(old, ns);
	assert_int_equal(new->cap_permitted, BIT(5) | BIT(6) | BIT(7));
	assert_int_equal(new->cap_effective, 0);
	put_cred(new);
	/* Root is whom this namespace calls so, and nobody where it calls none so. */
	old.uid = old.euid = 0;
	new = exec(old, ns);
	assert_int_equal(new->cap_permitted, 0);
	put_cred(new);
	old.uid = old.euid = INVALID_KID;
	user_ns_put(ns);
	ns = user_ns_create(first, 1000, 1000);
	new = exec(old, ns);
	assert_int_equal(new->cap_permitted, 0);
	put_cred(new);
	/* And not with SECBIT_NOROOT. */
	old.uid = old.euid = 0;
	old.securebits = SECBIT_NOROOT;
	new = exec(old, first);
	assert_int_equal(new->cap_permitted, 0);
	put_cred(new);
	user_ns_put(ns);
	user_ns_put(first);
}

/* ---- set*uid ---- */

static void setuid_away_from_root_loses_capabilities(void **state)
{
	struct user_ns *first = user_ns_create(NULL, 0, 0);
	const struct cred root = {.cap_permitted = CAP_FULL_SET, .cap_effective = CAP_FULL_SET, .cap_ambient = BIT(1)};
	struct cred old = root, new = root;

	new.uid = new.euid = new.suid = 1000;
	cred_fix_setuid(&new, &old, first);
	assert_int_equal(new.cap_permitted, 0);
	assert_int_equal(new.cap_effective, 0);
	assert_int_equal(new.cap_ambient, 0);

	/* The effective id alone: effective alone, and back. */
	new = root;
	new.euid = 1000;
	cred_fix_setuid(&new, &old, first);
	assert_int_equal(new.cap_permitted, CAP_FULL_SET);
	assert_int_equal(new.cap_effective, 0);
	old = new;
	new.euid = 0;
	cred_fix_setuid(&new, &old, first);
	assert_int_equal(new.cap_effective, CAP_FULL_SET);

	/* PR_SET_KEEPCAPS keeps the permitted set; NO_SETUID_FIXUP everything. */
	old = root;
	old.securebits = SECBIT_KEEP_CAPS;
	new = old;
	new.uid = new.euid = new.suid = 1000;
	cred_fix_setuid(&new, &old, first);
	assert_int_equal(new.cap_permitted, CAP_FULL_SET);
	assert_int_equal(new.cap_effective, 0);
	assert_int_equal(new.cap_ambient, 0);
	old.securebits = SECBIT_NO_SETUID_FIXUP;
	new = old;
	new.uid = new.euid = new.suid = 1000;
	cred_fix_setuid(&new, &old, first);
	assert_int_equal(new.cap_effective, CAP_FULL_SET);
	assert_int_equal(new.cap_ambient, BIT(1));
	user_ns_put(first);
}

static void setfsuid_moves_the_file_capabilities(void **state)
{
	struct user_ns *first = user_ns_create(NULL, 0, 0);
	struct cred old = {.cap_permitted = CAP_FULL_SET, .cap_effective = CAP_FULL_SET}, new = old;

	new.fsuid = 1000;
	cred_fix_setfsuid(&new, &old, first);
	assert_int_equal(new.cap_effective &BIT(CAP_DAC_OVERRIDE), 0);
	assert_true(new.cap_effective &BIT(CAP_SYS_ADMIN));
	old = new;
	new.fsuid = 0;
	new.cap_permitted &= ~BIT(CAP_CHOWN);
	cred_fix_setfsuid(&new, &old, first);
	assert_true(new.cap_effective &BIT(CAP_DAC_OVERRIDE));
	assert_int_equal(new.cap_effective &BIT(CAP_CHOWN), 0);
	user_ns_put(first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_prepared_copy_shares_the_groups),	   TEST(a_failed_allocation_takes_no_reference),
	    TEST(commit_replaces_under_the_lock),	   TEST(capable_in_ones_own_namespace_by_the_effective_set),
	    TEST(capable_below_by_set_or_as_owner),	   TEST(never_capable_above_or_beside),
	    TEST(exec_drops_capabilities_but_the_ambient), TEST(exec_without_new_privileges),
	    TEST(exec_as_root_regains_the_bounding_set),   TEST(setuid_away_from_root_loses_capabilities),
	    TEST(setfsuid_moves_the_file_capabilities),
	};

	return cmocka_run_group_tests_name("kernel/cred", tests, NULL, NULL);
}
