/* SPDX-License-Identifier: MIT */
/* kernel/sighand.c: handlers parted by unshare(CLONE_SIGHAND), and what the host is told where they differ. */
#include <signal.h>

#include "tasks.h"

#define HANDLER	 0x1234UL
#define HANDLER2 0x5678UL

/* Two tasks whose handlers were parted. */
struct parted {
	struct task *a, *b;
	struct sighand_group *group;
};

static struct parted part(void)
{
	struct parted p = {.a = new_task()};

	p.b = new_thread(p.a, CLONE_SIGHAND);
	assert_int_equal(ksys_unshare(p.b, CLONE_SIGHAND), 0);
	p.group = p.a->sighand->group;
	return p;
}

static void end_parted(const struct parted *p)
{
	end_task(p->b);
	end_task(p->a);
}

static struct ksigaction *action(struct task *task, int sig)
{
	return &task->sighand->action[sig - 1];
}

/* Both get an action for `sig`; what the host is told. */
static struct agreement agree(const struct parted *p, int sig, u64 a, u64 a_flags, u64 b, u64 b_flags)
{
	struct agreement agreed;

	*action(p->a, sig) = (struct ksigaction){.handler = a, .flags = a_flags};
	*action(p->b, sig) = (struct ksigaction){.handler = b, .flags = b_flags};
	agreed = sighand_agree(p->group, sig);
	sighand_agreed(p->group, sig, &agreed);
	return agreed;
}

/* ---- parting ---- */

static void handlers_are_parted(void **state)
{
	struct parted p = part();

	assert_ptr_not_equal(p.a->sighand, p.b->sighand);
	assert_int_equal(p.a->sighand->users, 1);
	assert_int_equal(p.b->sighand->users, 1);
	assert_memory_equal(p.a->sighand->action, p.b->sighand->action, sizeof(p.a->sighand->action));
	action(p.a, SIGTERM)->handler = HANDLER;
	assert_int_equal(action(p.b, SIGTERM)->handler, HANDLER_DFL);
	/* The host goes on with one table for both. */
	assert_true(sighand_is_parted(p.a->sighand) && sighand_is_parted(p.b->sighand));
	assert_ptr_equal(p.a->sighand->group, p.b->sighand->group);
	assert_string_equal(world.order, "");
	end_parted(&p);
}

static void who_has_handlers_for_himself_keeps_them(void **state)
{
	struct task *task = new_task();
	struct memory m = remember(task);

	assert_int_equal(ksys_unshare(task, CLONE_SIGHAND), 0);
	assert_as_it_was(task, &m);
	assert_false(sighand_is_parted(task->sighand));
	end_task(task);
}

static void a_failing_allocation_leaves_handlers_shared(void **state)
{
	struct task *a = new_task(), *b = new_thread(a, CLONE_SIGHAND);
	struct memory m = remember(a);

	kzalloc_fail_at = 1;
	assert_int_equal(ksys_unshare(a, CLONE_SIGHAND), -ENOMEM);
	assert_as_it_was(a, &m);
	assert_ptr_equal(a->sighand, b->sighand);
	/* And one that comes after it: the copy that was made already is no member. */
	world.files_error = -EMFILE;
	assert_int_equal(ksys_unshare(a, CLONE_SIGHAND | CLONE_FILES), -EMFILE);
	assert_as_it_was(a, &m);
	end_task(b);
	end_task(a);
}

static void a_child_shares_the_parted_ones(void **state)
{
	struct parted p = part();
	struct task *thread = new_thread(p.b, CLONE_SIGHAND), *process;

	assert_ptr_equal(thread->sighand, p.b->sighand);
	agree(&p, SIGTERM, HANDLER, 0, HANDLER_DFL, 0);
	agree(&p, SIGCHLD, HANDLER_IGN, 0, HANDLER_DFL, 0);
	process = new_thread(p.b, 0);
	/* A host process of its own, whose table is a copy of the common one as long as nobody has changed it. */
	assert_ptr_not_equal(process->sighand->group, p.group);
	assert_int_equal(action(process, SIGTERM)->handler, HANDLER_DFL);
	assert_int_equal(process->sighand->group->mixed, SIGBIT(SIGTERM) | SIGBIT(SIGCHLD));
	assert_true(process->sighand->group->children);
	host_sync_actions(process->sighand->group, process->sighand->group->mixed);
	assert_int_equal(process->sighand->group->mixed, 0);
	assert_false(process->sighand->group->children);
	end_task(process);
	end_task(thread);
	end_parted(&p);
}

static void a_fork_has_its_handlers_alone(void **state)
{
	struct parted p = part();
	struct task *c = new_thread(p.a, CLONE_SIGHAND);
	long live = kzalloc_live;

	assert_int_equal(ksys_unshare(c, CLONE_SIGHAND), 0);
	agree(&p, SIGTERM, HANDLER, 0, HANDLER_DFL, 0);
	/* In the child the others are not there; here their tasks must not look at what is freed. */
	sighand_alone(p.b->sighand);
	p.a->sighand = c->sighand = NULL;
	assert_int_equal(kzalloc_live, live - 1);
	assert_ptr_equal(p.group->members, p.b->sighand);
	assert_null(p.b->sighand->next);
	assert_int_equal(p.group->mixed, SIGBIT(SIGTERM));
	assert_int_equal(sighand_agree(p.group, SIGTERM).handler, HANDLER_DFL);
	assert_false(sighand_agree(p.group, SIGTERM).handled);
	end_task(c);
	end_parted(&p);
}

static void who_leaves_makes_the_rest_agree(void **state)
{
	struct parted p = part();
	struct task *c = new_thread(p.a, CLONE_SIGHAND);

	assert_int_equal(ksys_unshare(c, CLONE_SIGHAND), 0);
	action(c, SIGUSR1)->handler = HANDLER_IGN;
	agree(&p, SIGUSR1, HANDLER_IGN, 0, HANDLER, 0);
	agree(&p, SIGUSR2, HANDLER, 0, HANDLER2, 0);
	assert_int_equal(p.group->mixed, SIGBIT(SIGUSR1) | SIGBIT(SIGUSR2));
	end_task(c);
	assert_int_equal(world.synced, SIGBIT(SIGUSR1) | SIGBIT(SIGUSR2));
	assert_int_equal(p.group->mixed, SIGBIT(SIGUSR1));
	end_task(p.b);
	assert_int_equal(world.synced, SIGBIT(SIGUSR1));
	assert_int_equal(p.group->mixed, 0);
	assert_string_equal(world.order, "hh");
	/* The last one says nothing more. */
	end_task(p.a);
	assert_string_equal(world.order, "hh");
}

/* ---- agreeing ---- */

static void one_alone_gets_what_it_asked_for(void **state)
{
	struct task *task = new_task();
	static const struct {
		int sig;
		u64 handler, flags;
		bool handled;
		u64 host, host_flags;
	} cases[] = {
	    {SIGTERM, HANDLER_DFL, SA_RESTART, false, HANDLER_DFL, 0},
	    {SIGTERM, HANDLER_IGN, 0, false, HANDLER_IGN, 0},
	    {SIGTERM, HANDLER, SA_RESTART | SA_ONSTACK, true, 0, SA_RESTART},
	    {SIGTERM, HANDLER, SA_NOCLDWAIT, true, 0, 0},
	    {SIGCHLD, HANDLER_DFL, SA_NOCLDWAIT, false, HANDLER_DFL, SA_NOCLDWAIT},
	    {SIGCHLD, HANDLER_IGN, 0, false, HANDLER_IGN, 0},
	    {SIGCHLD, HANDLER, SA_NOCLDSTOP, true, 0, SA_NOCLDSTOP},
	    {SIGURG, HANDLER_IGN, 0, false, HANDLER_DFL, 0}, /* which is the same */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct agreement agreed;

		*action(task, cases[i].sig) = (struct ksigaction){.handler = cases[i].handler, .flags = cases[i].flags};
		agreed = sighand_agree(task->sighand->group, cases[i].sig);
		assert_int_equal(agreed.handled, cases[i].handled);
		if (!agreed.handled)
			assert_int_equal(agreed.handler, cases[i].host);
		assert_int_equal(agreed.flags, cases[i].host_flags);
		assert_false(agreed.mixed || agreed.restarts || agreed.children);
	}
	end_task(task);
}

static void who_agrees_needs_no_handler(void **state)
{
	struct parted p = part();
	struct agreement agreed;

	for (int sig = 1; sig <= NSIG_GUEST; sig++) {
		agreed = agree(&p, sig, HANDLER_DFL, SA_RESTART, HANDLER_DFL, 0);
		assert_true(!agreed.mixed && !agreed.handled && agreed.handler == HANDLER_DFL);
		agreed = agree(&p, sig, HANDLER_IGN, 0, HANDLER_IGN, 0);
		assert_true(!agreed.mixed && !agreed.handled);
		agreed = agree(&p, sig, HANDLER, SA_RESTART, HANDLER2, SA_RESTART | SA_NODEFER);
		assert_true(!agreed.mixed && agreed.handled && agreed.flags == SA_RESTART && !agreed.restarts);
		agreed = agree(&p, sig, HANDLER, 0, HANDLER2, 0);
		assert_true(!agreed.mixed && agreed.handled && agreed.flags == 0);
	}
	assert_int_equal(p.group->mixed, 0);
	end_parted(&p);
}

static void who_differs_gets_our_handler(void **state)
{
	static const u64 handlers[] = {HANDLER_DFL, HANDLER_IGN, HANDLER};
	struct parted p = part();

	for (int sig = 1; sig <= NSIG_GUEST; sig++) {
		for (unsigned i = 0; i < 9; i++) {
			u64 a = handlers[i / 3], b = handlers[i % 3];
			/* Ignoring is the default of these. */
			bool same = a == b || (a < HANDLER && b < HANDLER &&
					       (sig == SIGURG || sig == SIGWINCH || sig == SIGCONT));
			struct agreement agreed = agree(&p, sig, a, 0, b, 0);

			assert_int_equal(agreed.mixed, !same);
			assert_int_equal(agreed.handled, !same || a == HANDLER);
			assert_int_equal(!!(p.group->mixed & SIGBIT(sig)), !same);
		}
	}
	end_parted(&p);
}

/* Who lives on without a handler wants interrupted calls to go on. */
static void calls_are_started_again_if_anybody_wants_that(void **state)
{
	struct parted p = part();
	static const struct {
		int sig;
		u64 a, a_flags, b, b_flags;
		bool restart, restarts;
	} cases[] = {
	    {SIGTERM, HANDLER, SA_RESTART, HANDLER2, 0, true, true},
	    {SIGTERM, HANDLER, 0, HANDLER_IGN, 0, true, true},
	    {SIGTERM, HANDLER, SA_RESTART, HANDLER_IGN, 0, true, false},
	    {SIGTERM, HANDLER, 0, HANDLER_DFL, 0, false, false}, /* it ends, and its calls with it */
	    {SIGTERM, HANDLER_DFL, 0, HANDLER_IGN, 0, true, false},
	    {SIGTSTP, HANDLER, 0, HANDLER_DFL, 0, true, true},
	    {SIGURG, HANDLER, 0, HANDLER_DFL, 0, true, true},
	    {SIGSEGV, HANDLER, 0, HANDLER_IGN, 0, true, true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (int turned = 0; turned < 2; turned++) {
			struct agreement agreed =
			    turned
				? agree(&p, cases[i].sig, cases[i].b, cases[i].b_flags, cases[i].a, cases[i].a_flags)
				: agree(&p, cases[i].sig, cases[i].a, cases[i].a_flags, cases[i].b, cases[i].b_flags);

			assert_true(agreed.mixed && agreed.handled);
			assert_int_equal(agreed.flags, cases[i].restart ? SA_RESTART : 0);
			assert_int_equal(agreed.restarts, cases[i].restarts);
			assert_int_equal(!!(p.group->restarts & SIGBIT(cases[i].sig)), cases[i].restarts);
		}
	}
	end_parted(&p);
}

/* What of SIGCHLD the host cannot do for some of a process's tasks alone. */
static void children_are_left_to_us_where_their_makers_differ(void **state)
{
	struct parted p = part();
	static const struct {
		u64 a, a_flags, b, b_flags, flags;
		bool mixed, children;
	} cases[] = {
	    {HANDLER, 0, HANDLER_DFL, 0, SA_RESTART, true, false},
	    {HANDLER_IGN, 0, HANDLER_DFL, 0, SA_RESTART, true, true},
	    {HANDLER_IGN, 0, HANDLER, SA_RESTART, SA_RESTART, true, true},
	    {HANDLER_DFL, SA_NOCLDWAIT, HANDLER_DFL, 0, SA_RESTART, true, true},
	    {HANDLER_DFL, SA_NOCLDWAIT, HANDLER, SA_NOCLDWAIT, SA_RESTART | SA_NOCLDWAIT, true, false},
	    {HANDLER_IGN, 0, HANDLER, SA_NOCLDWAIT, SA_RESTART, true, true},
	    {HANDLER, SA_NOCLDSTOP, HANDLER, 0, 0, true, true},
	    {HANDLER, SA_NOCLDSTOP, HANDLER_DFL, SA_NOCLDSTOP, SA_RESTART | SA_NOCLDSTOP, true, false},
	    {HANDLER, SA_NOCLDSTOP, HANDLER2, SA_NOCLDSTOP, SA_NOCLDSTOP, false, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (int turned = 0; turned < 2; turned++) {
			struct agreement agreed =
			    turned ? agree(&p, SIGCHLD, cases[i].b, cases[i].b_flags, cases[i].a, cases[i].a_flags)
				   : agree(&p, SIGCHLD, cases[i].a, cases[i].a_flags, cases[i].b, cases[i].b_flags);

			assert_true(agreed.handled);
			assert_int_equal(agreed.mixed, cases[i].mixed);
			assert_int_equal(agreed.flags, cases[i].flags);
			assert_int_equal(agreed.children, cases[i].children);
			assert_int_equal(p.group->children, cases[i].children);
		}
	}
	end_parted(&p);
}

/* signal(7) */
static void defaults_are_those_of_the_manual(void **state)
{
	for (int sig = 1; sig <= NSIG_GUEST; sig++) {
		bool ignores = sig == SIGCHLD || sig == SIGCONT || sig == SIGURG || sig == SIGWINCH;
		bool stops = sig == SIGSTOP || sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU;

		assert_int_equal(default_action(sig), ignores ? DEFAULT_IGNORES : stops ? DEFAULT_STOPS : DEFAULT_ENDS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(handlers_are_parted),
	    TEST(who_has_handlers_for_himself_keeps_them),
	    TEST(a_failing_allocation_leaves_handlers_shared),
	    TEST(a_child_shares_the_parted_ones),
	    TEST(a_fork_has_its_handlers_alone),
	    TEST(who_leaves_makes_the_rest_agree),
	    TEST(one_alone_gets_what_it_asked_for),
	    TEST(who_agrees_needs_no_handler),
	    TEST(who_differs_gets_our_handler),
	    TEST(calls_are_started_again_if_anybody_wants_that),
	    TEST(children_are_left_to_us_where_their_makers_differ),
	    TEST(defaults_are_those_of_the_manual),
	};

	return cmocka_run_group_tests_name("kernel/sighand", tests, NULL, NULL);
}
