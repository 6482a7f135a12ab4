/* SPDX-License-Identifier: MIT */
/* What execve(2) and execveat(2) refuse, and with which error. */
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "tests/programs/elf.h"

static char *const no_args[] = {"test", NULL};

/* Past the compiler's eyes, which know a bad pointer when they see one. */
static int exec_raw(const void *path, const void *argv, const void *envp)
{
	return (int)syscall(SYS_execve, path, argv, envp);
}

static int exec(const char *path)
{
	return exec_raw(path, no_args, environ);
}

static int exec_at(int dfd, const char *path, int flags)
{
	return (int)syscall(SYS_execveat, dfd, path, no_args, environ, flags);
}

/* ---- the path ---- */

static void test_paths(void)
{
	char long_path[PATH_MAX + 1];

	CHECK_FAILS(exec("missing"), ENOENT);
	CHECK_FAILS(exec(""), ENOENT);
	put_text("plain", "", 0644);
	CHECK_FAILS(exec("plain/below"), ENOTDIR);
	CHECK_FAILS(exec("plain/"), ENOTDIR);
	CHECK_FAILS(exec("plain"), EACCES);
	CHECK_FAILS(exec("."), EACCES);
	CHECK_FAILS(exec("/"), EACCES);
	CHECK_FAILS(exec("/dev/null"), EACCES);
	CHECK_OK(symlink("loop", "loop"));
	CHECK_FAILS(exec("loop"), ELOOP);
	CHECK_OK(symlink("missing", "dangling"));
	CHECK_FAILS(exec("dangling"), ENOENT);
	memset(long_path, 'x', PATH_MAX);
	long_path[PATH_MAX] = 0;
	CHECK_FAILS(exec(long_path), ENAMETOOLONG);
	long_path[300] = 0;
	CHECK_FAILS(exec(long_path), ENAMETOOLONG);
}

static void test_noexec(void)
{
	/* /proc is a mount that executes nothing, wherever there is one. */
	CHECK_FAILS(exec("/proc/self/status"), EACCES);
	CHECK_FAILS(exec("/proc/version"), EACCES);
}

static void test_execveat_flags(void)
{
	int dir = open(".", O_RDONLY | O_DIRECTORY), fd;

	put_text("plain", "", 0644);
	fd = open("plain", O_RDONLY);
	CHECK_FAILS(exec_at(AT_FDCWD, "/bin/true", 0x40000000), EINVAL);
	CHECK_FAILS(exec_at(dir, "missing", 0), ENOENT);
	CHECK_FAILS(exec_at(dir, "", 0), ENOENT);
	CHECK_FAILS(exec_at(dir, "", AT_EMPTY_PATH), EACCES);
	CHECK_FAILS(exec_at(fd, "", AT_EMPTY_PATH), EACCES);
	CHECK_FAILS(exec_at(fd, "below", 0), ENOTDIR);
	CHECK_FAILS(exec_at(999, "below", 0), EBADF);
	CHECK_FAILS(exec_at(999, "", AT_EMPTY_PATH), EBADF);
	CHECK_OK(symlink("/bin/true", "link"));
	CHECK_FAILS(exec_at(dir, "link", AT_SYMLINK_NOFOLLOW), ELOOP);
}

/* ---- pointers and sizes ---- */

static void test_pointers(void)
{
	char *const bad_string[] = {"test", (char *)8, NULL};
	const void *bad = (const void *)8;
	char **edge, *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK_FAILS(exec_raw(bad, no_args, environ), EFAULT);
	CHECK_FAILS(exec_raw("/bin/true", bad, environ), EFAULT);
	CHECK_FAILS(exec_raw("/bin/true", no_args, bad), EFAULT);
	CHECK_FAILS(exec_raw("/bin/true", bad_string, environ), EFAULT);
	CHECK_FAILS(exec_raw("/bin/true", no_args, bad_string), EFAULT);
	CHECK_FAILS(exec_raw("missing", bad, environ), ENOENT);
	/* an array that runs into nothing before its end, and one that ends just in time */
	CHECK_OK(munmap(page + 4096, 4096));
	edge = (char **)(page + 4096) - 2;
	edge[0] = edge[1] = "x";
	CHECK_FAILS(exec_raw("/bin/true", edge, environ), EFAULT);
	edge[1] = NULL;
	put_text("text", "echo hello\n", 0755);
	CHECK_FAILS(exec_raw("text", edge, edge), ENOEXEC);
}

static void test_too_much(void)
{
	enum { COUNT = 400000 };
	static char *many[COUNT + 1];
	static char big[131073];
	char *one[] = {"test", big, NULL};
	int i;

	memset(big, 'x', sizeof(big) - 1);
	CHECK_FAILS(exec_raw("/bin/true", one, environ), E2BIG);
	for (i = 0; i < COUNT; i++)
		many[i] = "0123456789abcdef";
	CHECK_FAILS(exec_raw("/bin/true", many, environ), E2BIG);
	CHECK_FAILS(exec_raw("/bin/true", no_args, many), E2BIG);
}

/* ---- the file ---- */

static void test_formats(void)
{
	struct elf e;

	put_text("empty", "", 0755);
	CHECK_FAILS(exec("empty"), ENOEXEC);
	put_text("text", "echo hello\n", 0755);
	CHECK_FAILS(exec("text"), ENOEXEC);
	elf_init(&e, ET_EXEC, 0x400000);
	put_file("short", &e, 4, 0755);
	CHECK_FAILS(exec("short"), ENOEXEC);
	put_file("short", &e, 63, 0755);
	CHECK_FAILS(exec("short"), ENOEXEC);
	put_file("short", &e, 64, 0755);
	CHECK_FAILS(exec("short"), ENOEXEC);
	e.ehdr.e_machine = EM_AARCH64;
	put_elf("foreign", &e);
	CHECK_FAILS(exec("foreign"), ENOEXEC);
	elf_init(&e, ET_REL, 0x400000);
	put_elf("object", &e);
	CHECK_FAILS(exec("object"), ENOEXEC);
	elf_init(&e, ET_EXEC, 0x400000);
	e.ehdr.e_phentsize = 32;
	put_elf("phentsize", &e);
	CHECK_FAILS(exec("phentsize"), ENOEXEC);
	elf_init(&e, ET_EXEC, 0x400000);
	e.ehdr.e_phnum = 0;
	put_elf("phnum", &e);
	CHECK_FAILS(exec("phnum"), ENOEXEC);
	elf_init(&e, ET_EXEC, 0x400000);
	e.ehdr.e_phoff = 1UL << 40;
	put_elf("phoff", &e);
	CHECK_FAILS(exec("phoff"), ENOEXEC);
}

static void test_elf_interpreters(void)
{
	struct elf e;

	elf_init(&e, ET_EXEC, 0x400000);
	elf_set_interp(&e, "interp");
	put_elf("program", &e);
	CHECK_FAILS(exec("program"), ENOENT);
	put_text("interp", "", 0755);
	CHECK_FAILS(exec("program"), EIO);
	put_text("interp", "This text is no ELF file, but longer than the header of one would be.\n", 0755);
	CHECK_FAILS(exec("program"), ELIBBAD);
	CHECK_OK(chmod("interp", 0644));
	CHECK_FAILS(exec("program"), EACCES);
	unlink("interp");
	CHECK_OK(mkdir("interp", 0755));
	CHECK_FAILS(exec("program"), EACCES);
	e.name[6] = 'x'; /* no NUL behind the name */
	put_elf("program", &e);
	CHECK_FAILS(exec("program"), ENOEXEC);
	elf_set_interp(&e, "interp");
	e.interp.p_offset = 1 << 20;
	put_elf("program", &e);
	CHECK_FAILS(exec("program"), EIO);
}

static void test_scripts(void)
{
	char line[300] = "#!/bin/true";

	put_text("missing_interp", "#!./missing\n", 0755);
	CHECK_FAILS(exec("./missing_interp"), ENOENT);
	put_text("directory", "#!/\n", 0755);
	CHECK_FAILS(exec("./directory"), EACCES);
	put_text("nothing", "#! \t\n", 0755);
	CHECK_FAILS(exec("./nothing"), ENOEXEC);
	put_text("self", "#!./self\n", 0755);
	CHECK_FAILS(exec("./self"), ELOOP);
	memset(line + 11, 'e', 280);
	put_text("long", line, 0755);
	CHECK_FAILS(exec("./long"), ENOEXEC);
}

static void test_script_by_descriptor(void)
{
	int fd;

	put_text("script", "#!/bin/true\n", 0755);
	fd = open("script", O_RDONLY | O_CLOEXEC);
	CHECK_FAILS(exec_at(fd, "", AT_EMPTY_PATH), ENOENT);
	fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK_FAILS(exec_at(fd, "script", 0), ENOENT);
}

/* A refused call leaves no descriptor and no mapping behind. */
static int count_lines(const char *path)
{
	FILE *f = fopen(path, "r");
	int c, n = 0;

	CHECK(f != NULL);
	while ((c = getc(f)) != EOF)
		n += c == '\n';
	fclose(f);
	return n;
}

static void test_nothing_left(void)
{
	int before, fd = dup(0), i;

	put_text("text", "#!./bad\n", 0755);
	put_text("bad", "no\n", 0755);
	before = count_lines("/proc/self/maps");
	for (i = 0; i < 500; i++) {
		CHECK_FAILS(exec("./text"), ENOEXEC);
		CHECK_FAILS(exec("missing"), ENOENT);
	}
	CHECK(count_lines("/proc/self/maps") <= before + 1);
	CHECK(dup(0) == fd + 1);
}

static const struct test tests[] = {
    {"bad paths", test_paths},
    {"a mount that executes nothing", test_noexec},
    {"execveat: flags and descriptors", test_execveat_flags},
    {"bad pointers: EFAULT", test_pointers},
    {"too long lists and strings: E2BIG", test_too_much},
    {"files that are no programs: ENOEXEC", test_formats},
    {"bad ELF interpreters", test_elf_interpreters},
    {"bad scripts", test_scripts},
    {"a script that could not be found again: ENOENT", test_script_by_descriptor},
    {"a refused execve leaves nothing behind", test_nothing_left},
};

int main(void)
{
	enter_scratch();
	return RUN_TESTS(tests);
}
