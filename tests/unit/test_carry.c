/* SPDX-License-Identifier: MIT */
/* The carry: what is written is read back, and whatever else is read does no harm. */
#include "unit.h"

#include "exec/exec.h"

#define NGROUPS 3
#define NFDS	2

static char text[CARRY_MAX];

static const u32 groups[NGROUPS] = {0, 1000, 4294967294u};
static const struct fd_info fds[NFDS] = {
    {.fd = 3, .kind = FD_DIR, .mnt = 7, .dev = 0xfd01, .ino = ~0ULL},
    {.fd = 1000000, .kind = FD_NS, .sub = 2, .dev = 4, .ino = 4026531840},
};

static struct carry example(void)
{
	struct carry c = {
	    .arena_fd = 1022,
	    .fd_base = 1020,
	    .handle = 1021,
	    .handle_inode = 123456789,
	    .mnt_ns = ARENA_BASE + 4096,
	    .uts_ns = ARENA_BASE + 8192,
	    .user_ns = ARENA_BASE + 12288,
	    .root_mnt = 1,
	    .pwd_mnt = ~0ULL,
	    .exe_mnt = 0,
	    .umask = 027,
	    .nfds = NFDS,
	    .blocked_hidden = 1ULL << 30,
	    .sig_mask = ~0ULL,
	    .sig_ignored = 1,
	    .sig_mixed = 1ULL << 63,
	    .cred = {.uid = 1000, .euid = 0, .fsgid = 4294967295u, .cap_permitted = CAP_FULL_SET, .securebits = 0x55},
	    .ngroups = NGROUPS,
	    .exe_fd = 4,
	    .interp_fd = -1,
	    .filters_fd = -1,
	    .no_new_privs = 1,
	    .root = "/",
	    .pwd = "/a b\n\x01\xff/12 34",
	    .exe = "/bin/true",
	    .execfn = "",
	    .comm = "fifteen letters",
	    .groups = groups,
	    .fds = fds,
	};

	return c;
}

static void test_roundtrip(void **state)
{
	struct carry in = example(), out;
	s64 len = carry_encode(&in, text, sizeof(text));

	assert_true(len > 0);
	assert_int_equal(strlen(text), len);
	assert_true(carry_decode(text, &out));
	assert_int_equal(out.arena_fd, in.arena_fd);
	assert_int_equal(out.handle_inode, in.handle_inode);
	assert_int_equal(out.pwd_mnt, in.pwd_mnt);
	assert_int_equal(out.sig_mask, in.sig_mask);
	assert_int_equal(out.interp_fd, -1);
	assert_int_equal(out.filters_fd, -1);
	assert_int_equal(out.no_new_privs, 1);
	assert_int_equal(out.cred.fsgid, in.cred.fsgid);
	assert_int_equal(out.cred.cap_permitted, in.cred.cap_permitted);
	assert_null(out.cred.groups);
	assert_string_equal(out.pwd, in.pwd);
	assert_string_equal(out.execfn, "");
	assert_string_equal(out.comm, in.comm);
	assert_int_equal(out.ngroups, NGROUPS);
	assert_memory_equal(out.groups, groups, sizeof(groups));
	assert_int_equal(out.nfds, NFDS);
	assert_memory_equal(out.fds, fds, sizeof(fds));
	carry_release(&out);
	assert_int_equal(kzalloc_live, 0);
}

static void test_too_long(void **state)
{
	struct carry in = example();
	s64 len = carry_encode(&in, text, sizeof(text));

	assert_int_equal(carry_encode(&in, text, (size_t)len), -E2BIG);
	assert_int_equal(carry_encode(&in, text, (size_t)len + 1), len);
}

static void refuse(const struct carry *c)
{
	struct carry out;

	assert_true(carry_encode(c, text, sizeof(text)) > 0);
	assert_false(carry_decode(text, &out));
	assert_int_equal(kzalloc_live, 0);
}

static void test_insane(void **state)
{
	struct carry c;

	c = example(), c.mnt_ns = 4096, refuse(&c);
	c = example(), c.user_ns = ARENA_BASE + ARENA_SIZE - 1, refuse(&c);
	c = example(), c.exe_fd = -1, refuse(&c);
	c = example(), c.interp_fd = -2, refuse(&c);
	c = example(), c.filters_fd = -2, refuse(&c);
	c = example(), c.pwd = "relative", refuse(&c);
	c = example(), c.comm = "sixteen letters.", refuse(&c);
	c = example(), c.umask = 01000, refuse(&c);
}

/* Every shorter text is refused, and every text with one byte changed is read without harm. */
static void test_damaged(void **state)
{
	struct carry in = example(), out;
	s64 len = carry_encode(&in, text, sizeof(text)), i;
	char *copy = malloc((size_t)len + 1);

	for (i = 0; i < len; i++) {
		memcpy(copy, text, (size_t)i);
		copy[i] = '\0';
		assert_false(carry_decode(copy, &out));
	}
	for (i = 0; i < len * 64; i++) {
		strcpy(copy, text);
		copy[i / 64] = "0123456789abcdef \n\x01\xff/"[rand() % 21];
		if (carry_decode(copy, &out))
			carry_release(&out);
		assert_int_equal(kzalloc_live, 0);
	}
	free(copy);
}

static void test_no_memory(void **state)
{
	struct carry in = example(), out;
	unsigned at;

	carry_encode(&in, text, sizeof(text));
	for (at = 1;; at++) {
		kzalloc_fail_at = at;
		if (carry_decode(text, &out))
			break;
		assert_int_equal(kzalloc_live, 0);
	}
	kzalloc_fail_at = 0;
	carry_release(&out);
	assert_true(at > 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_roundtrip), TEST(test_too_long), TEST(test_insane), TEST(test_damaged), TEST(test_no_memory),
	};

	return cmocka_run_group_tests_name("carry", tests, NULL, NULL);
}
