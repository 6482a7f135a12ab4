/* SPDX-License-Identifier: MIT */
/*
 * User namespaces: the maps and who may write them, the ids that a task sees, and the capabilities that it has
 * (user_namespaces(7), credentials(7), capabilities(7)).
 */
#include <grp.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>

#include "tests/spec/world.h"

#define OVERFLOW 65534U

static uid_t outer_uid;
static gid_t outer_gid;

/* write(2)'s own answer for a control file of this process: 0 or -errno. */
static int control(const char *file, const char *text)
{
	char path[64];
	ssize_t n;
	int fd, error;

	snprintf(path, sizeof(path), "/proc/self/%s", file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = write(fd, text, strlen(text));
	error = errno;
	close(fd);
	return n == (ssize_t)strlen(text) ? 0 : -error;
}

static void read_control(const char *file, char *buf, size_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/%s", file);
	fd = (int)CHECK_OK(open(path, O_RDONLY | O_CLOEXEC));
	n = read(fd, buf, size - 1);
	CHECK_OK(n);
	buf[n] = 0;
	close(fd);
}

static void enter(void)
{
	outer_uid = getuid();
	outer_gid = getgid();
	CHECK_OK(unshare(CLONE_NEWUSER));
}

/* Maps `inside` and `inside` to who one was. */
static void map_self(unsigned inside)
{
	char line[64];

	CHECK(control("setgroups", "deny") == 0);
	snprintf(line, sizeof(line), "%u %u 1\n", inside, outer_uid);
	CHECK(control("uid_map", line) == 0);
	snprintf(line, sizeof(line), "%u %u 1\n", inside, outer_gid);
	CHECK(control("gid_map", line) == 0);
}

static unsigned long capabilities(const char *field)
{
	char line[256];
	unsigned long value = 0;
	FILE *f = fopen("/proc/self/status", "re");

	CHECK(f != NULL);
	while (fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, field, strlen(field)) == 0)
			value = strtoul(line + strlen(field) + 1, NULL, 16);
	fclose(f);
	return value;
}

static void unmapped(void)
{
	struct stat st;
	gid_t groups[8];

	enter();
	CHECK(getuid() == OVERFLOW && geteuid() == OVERFLOW);
	CHECK(getgid() == OVERFLOW && getegid() == OVERFLOW);
	CHECK(getgroups(8, groups) <= 8);
	CHECK_OK(stat("/", &st));
	CHECK(st.st_uid == OVERFLOW && st.st_gid == OVERFLOW);
	CHECK_FAILS(setuid(0), EINVAL);
	CHECK_FAILS(setgid(0), EINVAL);
	CHECK_FAILS(setgroups(0, NULL), EPERM);
}

static void mapped(void)
{
	char path[] = "/tmp/secede-userns.XXXXXX", text[256], wanted[64];
	struct stat st;
	uid_t r, e, s;
	int fd;

	fd = mkstemp(path);
	CHECK_OK(fd);
	unlink(path);
	enter();
	map_self(0);
	CHECK(getuid() == 0 && geteuid() == 0 && getgid() == 0 && getegid() == 0);
	CHECK_OK(getresuid(&r, &e, &s));
	CHECK(r == 0 && e == 0 && s == 0);
	CHECK_OK(fstat(fd, &st));
	CHECK(st.st_uid == 0);
	read_control("uid_map", text, sizeof(text));
	snprintf(wanted, sizeof(wanted), "%10u %10u %10u\n", 0U, outer_uid, 1U);
	CHECK(strcmp(text, wanted) == 0);
	read_control("setgroups", text, sizeof(text));
	CHECK(strcmp(text, "deny\n") == 0);
	CHECK_FAILS(setgroups(0, NULL), EPERM);
	CHECK_OK(setuid(0));
	CHECK_OK(setresuid(0, 0, 0));
	CHECK_FAILS(setuid(5), EINVAL);
	CHECK_FAILS(setresgid(5, 5, 5), EINVAL);
	CHECK_FAILS(fchown(fd, 7, 7), EINVAL);
	CHECK_OK(fchown(fd, 0, 0));
	CHECK(setfsuid((uid_t)-1) == 0);
}

static void mapped_elsewhere(void)
{
	enter();
	map_self(1234);
	CHECK(getuid() == 1234 && getegid() == 1234);
	CHECK_OK(setuid(1234));
	CHECK_FAILS(setuid(0), EINVAL);
}

static void map_errors(void)
{
	char line[64];

	enter();
	CHECK(control("uid_map", "0\n") == -EINVAL);
	CHECK(control("uid_map", "0 0 0\n") == -EINVAL);
	CHECK(control("uid_map", "a b c\n") == -EINVAL);
	CHECK(control("uid_map", "0 4294967295 2\n") == -EINVAL);
	snprintf(line, sizeof(line), "0 %u 1\n0 5 1\n", outer_uid);
	CHECK(control("uid_map", line) == -EINVAL); /* overlap */
	CHECK(control("setgroups", "perhaps") == -EINVAL);
	snprintf(line, sizeof(line), "0 %u 1\n", outer_uid);
	CHECK(control("uid_map", line) == 0);
	CHECK(control("uid_map", line) == -EPERM); /* once only */
	CHECK(control("setgroups", "deny") == 0);
	CHECK(control("setgroups", "allow") == -EPERM);
	snprintf(line, sizeof(line), "0 %u 1\n", outer_gid);
	CHECK(control("gid_map", line) == 0);
	CHECK(control("gid_map", line) == -EPERM);
	CHECK(control("setgroups", "deny") == -EPERM); /* too late */
}

static void capabilities_inside(void)
{
	unsigned long last = capabilities("CapBnd:");

	enter();
	CHECK(capabilities("CapPrm:") == capabilities("CapBnd:"));
	CHECK(capabilities("CapEff:") == capabilities("CapBnd:"));
	CHECK(capabilities("CapInh:") == 0);
	CHECK(capabilities("CapAmb:") == 0);
	CHECK((capabilities("CapBnd:") & last) == last);
	CHECK(prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN, 0, 0, 0) == 1);
	CHECK(prctl(PR_GET_SECUREBITS, 0, 0, 0, 0) == 0);
}

static void capabilities_go(void)
{
	enter();
	map_self(0);
	drop_capability(CAP_SETUID);
	CHECK((capabilities("CapEff:") & 1UL << CAP_SETUID) == 0);
	CHECK_OK(prctl(PR_CAPBSET_DROP, CAP_CHOWN, 0, 0, 0));
	CHECK(prctl(PR_CAPBSET_READ, CAP_CHOWN, 0, 0, 0) == 0);
	drop_capability(CAP_SETPCAP);
	CHECK_FAILS(prctl(PR_CAPBSET_DROP, CAP_KILL, 0, 0, 0), EPERM);
	CHECK_FAILS(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0), EPERM);
	CHECK_FAILS(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 1000, 0, 0), EINVAL);
}

static void nested(void)
{
	char line[64];

	enter();
	map_self(0);
	CHECK_OK(unshare(CLONE_NEWUSER));
	CHECK(getuid() == OVERFLOW);
	CHECK(control("setgroups", "deny") == 0);
	snprintf(line, sizeof(line), "77 0 1\n");
	CHECK(control("uid_map", line) == 0);
	CHECK(getuid() == 77);
	CHECK(control("gid_map", "0 5 1\n") == -EPERM); /* no such id above */
}

static void own_objects(void)
{
	enter();
	CHECK_FAILS(sethostname("x", 1), EPERM);
	CHECK_FAILS(mount("none", "/mnt", "tmpfs", 0, NULL), EPERM);
	CHECK_OK(chroot("/")); /* only this task's own root */
}

static const struct test tests[] = {
    {"unmapped ids read as the overflow id", unmapped},
    {"a mapped root", mapped},
    {"a mapped ordinary user", mapped_elsewhere},
    {"the control files' errors come from write(2)", map_errors},
    {"a new namespace gives all capabilities in it", capabilities_inside},
    {"capabilities can be given up", capabilities_go},
    {"a namespace in a namespace", nested},
    {"no power over the old namespaces' objects", own_objects},
};

int main(void)
{
	return RUN_TESTS(tests);
}
