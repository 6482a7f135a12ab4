/* SPDX-License-Identifier: MIT */
/* Writes small ELF programs for tests of execve(2): headers as one likes, and code that exits with 42. */
#ifndef SECEDE_TESTS_PROGRAMS_ELF_H
#define SECEDE_TESTS_PROGRAMS_ELF_H

#include <elf.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/stat.h>

#include "tests/spec/tap.h"

#define ELF_EXITS 42
#define ELF_SIZE  4096

struct elf {
	union {
		struct {
			Elf64_Ehdr ehdr;
			Elf64_Phdr load, bss, interp, stack;
			char name[256]; /* of the interpreter */
		};
		char bytes[ELF_SIZE];
	};
};

/* mov $42, %edi; mov $231, %eax; syscall */
static const unsigned char elf_code[] = {0xbf, ELF_EXITS, 0, 0, 0, 0xb8, 231, 0, 0, 0, 0x0f, 0x05};
#define ELF_CODE_AT 2048

/* A static program for `base`: one readable and executable page, then two pages of bss. */
static inline void elf_init(struct elf *e, int type, unsigned long base)
{
	memset(e, 0, sizeof(*e));
	memcpy(e->ehdr.e_ident, ELFMAG, SELFMAG);
	e->ehdr.e_ident[EI_CLASS] = ELFCLASS64;
	e->ehdr.e_ident[EI_DATA] = ELFDATA2LSB;
	e->ehdr.e_ident[EI_VERSION] = EV_CURRENT;
	e->ehdr.e_type = (Elf64_Half)type;
	e->ehdr.e_machine = EM_X86_64;
	e->ehdr.e_version = EV_CURRENT;
	e->ehdr.e_entry = base + ELF_CODE_AT;
	e->ehdr.e_phoff = offsetof(struct elf, load);
	e->ehdr.e_ehsize = sizeof(Elf64_Ehdr);
	e->ehdr.e_phentsize = sizeof(Elf64_Phdr);
	e->ehdr.e_phnum = 4;
	e->load = (Elf64_Phdr){PT_LOAD, PF_R | PF_X, 0, base, base, ELF_SIZE, ELF_SIZE, 4096};
	e->bss = (Elf64_Phdr){PT_LOAD, PF_R | PF_W, 0, base + 8192, base + 8192, 0, 8192, 4096};
	e->interp.p_type = PT_NULL;
	e->stack = (Elf64_Phdr){.p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W};
	memcpy(e->bytes + ELF_CODE_AT, elf_code, sizeof(elf_code));
}

static inline void elf_set_interp(struct elf *e, const char *name)
{
	strcpy(e->name, name);
	e->interp = (Elf64_Phdr){.p_type = PT_INTERP, .p_flags = PF_R, .p_offset = offsetof(struct elf, name)};
	e->interp.p_filesz = e->interp.p_memsz = strlen(name) + 1;
}

/* A file with these bytes and this mode. */
static inline void put_file(const char *path, const void *data, size_t len, mode_t mode)
{
	int fd;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	CHECK(fd >= 0 && write(fd, data, len) == (ssize_t)len);
	CHECK_OK(fchmod(fd, mode));
	close(fd);
}

static inline void put_text(const char *path, const char *text, mode_t mode)
{
	put_file(path, text, strlen(text), mode);
}

static inline void put_elf(const char *path, const struct elf *e)
{
	put_file(path, e, sizeof(*e), 0755);
}

/* How a child ends that executes `path`: its wait status; 255 << 8 when execve fails. */
static inline int run_status(const char *path)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		execl(path, path, (char *)NULL);
		_exit(255);
	}
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
	return status;
}

#define CHECK_EXITS(path, code)                                                                                        \
	do {                                                                                                           \
		int status_ = run_status(path);                                                                        \
		CHECK(WIFEXITED(status_) && WEXITSTATUS(status_) == (code));                                           \
	} while (0)

/* A scratch directory of the test's own as the working directory, gone when the test program ends. */
static char elf_scratch[] = "/var/tmp/exec-test.XXXXXX";
static inline void leave_scratch(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", elf_scratch);
	if (chdir("/") == 0 && system(command) != 0)
		perror(elf_scratch);
}
static inline void enter_scratch(void)
{
	CHECK(mkdtemp(elf_scratch) && chdir(elf_scratch) == 0);
	atexit(leave_scratch);
}

#endif
