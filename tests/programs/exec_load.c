/* SPDX-License-Identifier: MIT */
/* Programs and scripts that execve(2) must be able to start, and how broken ones end. */
#include <limits.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "tests/programs/elf.h"

#define BASE 0x400000UL

static void put_code(struct elf *e, const void *code, size_t len)
{
	memcpy(e->bytes + ELF_CODE_AT, code, len);
}

static void check_elf_runs(const struct elf *e)
{
	put_elf("program", e);
	CHECK_EXITS("./program", ELF_EXITS);
}

static void check_elf_dies(const struct elf *e)
{
	int status;

	put_elf("program", e);
	status = run_status("./program");
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

/* ---- ELF ---- */

static void test_static(void)
{
	static const unsigned long bases[] = {BASE, 0x10000, 0x10000000000};
	struct elf e;
	size_t i;

	for (i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
		elf_init(&e, ET_EXEC, bases[i]);
		check_elf_runs(&e);
	}
	elf_init(&e, ET_DYN, 0);
	check_elf_runs(&e);
	elf_init(&e, ET_DYN, 0x10000);
	check_elf_runs(&e);
	/* segments far from each other */
	elf_init(&e, ET_EXEC, BASE);
	e.bss.p_vaddr = BASE + (16 << 20);
	check_elf_runs(&e);
}

/*
 * Exits with the or of two pages behind the code, having overwritten each word after it was read:
 *	xor %edi, %edi; mov $2048, %ecx; lea distance(%rip), %rsi
 * 1:	or (%rsi), %edi; movl $-1, (%rsi); add $4, %rsi; loop 1b; mov $231, %eax; syscall
 */
static const unsigned char read_bss[] = {
    0x31, 0xff, 0xb9, 0,    0x08, 0,	0,    0x48, 0x8d, 0x35, 0,    0,   0, 0, 0x0b, 0x3e, 0xc7, 0x06,
    0xff, 0xff, 0xff, 0xff, 0x48, 0x83, 0xc6, 4,    0xe2, 0xf2, 0xb8, 231, 0, 0, 0,    0x0f, 0x05,
};
#define DISTANCE_AT 10

static void test_bss(void)
{
	int distance = 8192 - (ELF_CODE_AT + DISTANCE_AT + 4);
	struct elf e;

	elf_init(&e, ET_EXEC, BASE);
	put_code(&e, read_bss, sizeof(read_bss));
	memcpy(e.bytes + ELF_CODE_AT + DISTANCE_AT, &distance, sizeof(distance));
	put_elf("program", &e);
	CHECK_EXITS("./program", 0);
	/* the file's part ends in the middle of a page: what stands behind it in the file must not show */
	memset(e.name, 0x80, sizeof(e.name));
	e.bss.p_filesz = 4;
	put_elf("program", &e);
	CHECK_EXITS("./program", ELFMAG0);
}

/* The interpreter runs, not the program, which would exit with 1. */
static void test_interpreter(void)
{
	struct elf e, interp;
	int type;

	elf_init(&interp, ET_DYN, 0);
	put_elf("interp", &interp);
	for (type = ET_EXEC; type <= ET_DYN; type++) {
		elf_init(&e, type, type == ET_EXEC ? BASE : 0);
		e.bytes[ELF_CODE_AT + 1] = 1;
		elf_set_interp(&e, "./interp");
		check_elf_runs(&e);
	}
	elf_init(&interp, ET_EXEC, 0x10000000);
	put_elf("interp", &interp);
	check_elf_runs(&e);
}

/* mov $"mov $231, %eax; syscall", %rax; push %rax; mov $42, %edi; jmp *%rsp */
static const unsigned char run_on_stack[] = {0x48, 0xb8, 0xb8, 231, 0, 0, 0, 0x0f, 0x05,
					     0x90, 0x50, 0xbf, 42,  0, 0, 0, 0xff, 0xe4};

static void test_executable_stack(void)
{
	struct elf e;

	elf_init(&e, ET_EXEC, BASE);
	put_code(&e, run_on_stack, sizeof(run_on_stack));
	check_elf_dies(&e);
	e.stack.p_flags = PF_R | PF_W | PF_X;
	check_elf_runs(&e);
}

/* Without a path of its own: by a link of /proc, from memory, deleted. */
static void test_nameless(void)
{
	char path[64];
	struct elf e;
	int fd;

	elf_init(&e, ET_EXEC, BASE);
	put_elf("program", &e);
	fd = open("program", O_RDONLY);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	CHECK_EXITS(path, ELF_EXITS);
	CHECK_OK(unlink("program"));
	CHECK_EXITS(path, ELF_EXITS);
	fd = memfd_create("program", 0);
	CHECK(write(fd, &e, sizeof(e)) == sizeof(e));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	CHECK_EXITS(path, ELF_EXITS);
}

/* Broken beyond what the headers show: it is too late for an error. */
static void test_broken(void)
{
	struct elf e;

	elf_init(&e, ET_EXEC, BASE);
	e.load.p_offset = 1; /* not congruent with its address */
	check_elf_dies(&e);
	elf_init(&e, ET_EXEC, BASE);
	e.bss.p_offset = 1 << 20; /* behind the end of the file */
	e.bss.p_filesz = 100;
	check_elf_dies(&e);
	elf_init(&e, ET_EXEC, BASE);
	e.bss.p_memsz = ~0UL >> 1;
	check_elf_dies(&e);
	elf_init(&e, ET_EXEC, BASE);
	e.ehdr.e_entry = 8;
	check_elf_dies(&e);
	elf_init(&e, ET_EXEC, BASE);
	e.load.p_type = e.bss.p_type = PT_NOTE; /* nothing to load */
	check_elf_dies(&e);
	elf_init(&e, ET_EXEC, BASE);
	put_file("program", &e, ELF_CODE_AT - 1, 0755); /* its code is cut off: zeros up to the page's end */
	CHECK(WIFSIGNALED(run_status("./program")));
}

/* ---- scripts ---- */

/* This program as an interpreter: its name and its arguments, a line each. */
static int interpreter(char **argv)
{
	char comm[17] = {0};

	prctl(PR_GET_NAME, comm);
	puts(comm);
	for (; *argv; argv++)
		puts(*argv);
	return 0;
}

/* Runs `path` below `dfd` as a script with one argument, and compares what its interpreter says. */
static void check_script(int dfd, const char *path, int flags, const char *want)
{
	char got[1024] = {0}, *const argv[] = {"zero", "one", NULL};
	int out[2], status;
	size_t len = 0;
	ssize_t n;
	pid_t pid;

	CHECK_OK(pipe(out));
	pid = fork();
	if (pid == 0) {
		dup2(out[1], 1);
		syscall(SYS_execveat, dfd, path, argv, environ, flags);
		_exit(127);
	}
	close(out[1]);
	while ((n = read(out[0], got + len, sizeof(got) - 1 - len)) > 0)
		len += (size_t)n;
	close(out[0]);
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	if (strcmp(got, want) != 0)
		printf("# wanted:\n%s# got:\n%s", want, got);
	CHECK(strcmp(got, want) == 0);
}

static void test_scripts(void)
{
	put_text("script", "#!./self see\n", 0755);
	check_script(AT_FDCWD, "./script", 0, "script\n./self\nsee\n./script\none\n");
	put_text("script", "#! \t./self   see  two words \t\n", 0755);
	check_script(AT_FDCWD, "script", 0, "script\n./self\nsee  two words\nscript\none\n");
	put_text("script", "#!./self", 0755);
	check_script(AT_FDCWD, "./script", 0, "script\n./self\n./script\none\n");
	put_text("a_script_with_a_long_name", "#!./self\n", 0755);
	check_script(AT_FDCWD, "./a_script_with_a_long_name", 0,
		     "a_script_with_a\n./self\n./a_script_with_a_long_name\none\n");
}

/* A script's interpreter may be a script, five deep. */
static void test_nested(void)
{
	put_text("s1", "#!./self a1\n", 0755);
	put_text("s2", "#!./s1 a2\n", 0755);
	put_text("s3", "#!./s2\n", 0755);
	put_text("s4", "#!./s3 a4\n", 0755);
	put_text("s5", "#!./s4 a5\n", 0755);
	put_text("s6", "#!./s5 a6\n", 0755);
	check_script(AT_FDCWD, "./s5", 0, "s5\n./self\na1\n./s1\na2\n./s2\n./s3\na4\n./s4\na5\n./s5\none\n");
	CHECK_FAILS(execl("./s6", "./s6", (char *)NULL), ELOOP);
}

/* A script named by descriptor is found again through /dev/fd. */
static void test_by_descriptor(void)
{
	char want[128];
	int fd, dir;

	put_text("script", "#!./self see\n", 0755);
	dir = open(".", O_RDONLY | O_DIRECTORY);
	snprintf(want, sizeof(want), "script\n./self\nsee\n/dev/fd/%d/script\none\n", dir);
	check_script(dir, "script", 0, want);
	/* whose name the thread then has differs between versions of Linux; here it is left out */
	put_text("script", "#!/bin/sh\necho \"$0\" \"$1\"\n", 0755);
	fd = open("script", O_RDONLY);
	snprintf(want, sizeof(want), "/dev/fd/%d one\n", fd);
	check_script(fd, "", AT_EMPTY_PATH, want);
}

static const struct test tests[] = {
    {"static programs", test_static},
    {"bss", test_bss},
    {"an ELF interpreter", test_interpreter},
    {"an executable stack", test_executable_stack},
    {"programs without a path", test_nameless},
    {"broken programs end by SIGSEGV", test_broken},
    {"scripts", test_scripts},
    {"scripts with scripts as interpreters", test_nested},
    {"scripts by descriptor", test_by_descriptor},
};

int main(int argc, char **argv)
{
	char self[PATH_MAX];

	if (argc > 1 && strcmp(argv[0], "./self") == 0)
		return interpreter(argv);
	CHECK(realpath("/proc/self/exe", self) != NULL);
	enter_scratch();
	CHECK_OK(symlink(self, "self"));
	return RUN_TESTS(tests);
}
