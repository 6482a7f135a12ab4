/* SPDX-License-Identifier: MIT */
/*
 * Programs with one field of their ELF headers changed: each is executed, and what came of it is told: an errno, a
 * signal after the point of no return, or the program's own exit status.
 */
#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "tests/tools/lines.h"

struct field {
	const char *name;
	size_t offset, size;
};
#define EHDR(f)                                                                                                        \
	{                                                                                                              \
#f, offsetof(Elf64_Ehdr, f), sizeof(((Elf64_Ehdr *)0)->f)                                              \
	}
#define PHDR(f)                                                                                                        \
	{                                                                                                              \
#f, offsetof(Elf64_Phdr, f), sizeof(((Elf64_Phdr *)0)->f)                                              \
	}

static const struct field ehdr_fields[] = {
    EHDR(e_type),  EHDR(e_machine), EHDR(e_version), EHDR(e_entry),	EHDR(e_phoff),
    EHDR(e_shoff), EHDR(e_flags),   EHDR(e_ehsize),  EHDR(e_phentsize), EHDR(e_phnum),
};
static const struct field phdr_fields[] = {
    PHDR(p_type), PHDR(p_flags), PHDR(p_offset), PHDR(p_vaddr), PHDR(p_filesz), PHDR(p_memsz), PHDR(p_align),
};

static const uint64_t values[] = {
    0, 1, 3, 8, 56, 0xfff, 0x1000, 0x2000, 0xffffffff, 0x7ffffffff000, 1UL << 63, UINT64_MAX,
};

static char *image;
static size_t image_size;

static void load(const char *name)
{
	struct stat st;
	int fd = open(name, O_RDONLY);

	CHECK_RESULT(fstat(fd, &st));
	image_size = (size_t)st.st_size;
	image = mmap(NULL, image_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	close(fd);
}

static void store(void)
{
	int fd = open("mutant", O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0700);

	CHECK_RESULT(write(fd, image, image_size));
	close(fd);
}

static void run(void)
{
	struct rlimit cpu = {2, 2}, none = {0, 0};
	int status, null, tell;
	pid_t pid;

	store();
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		setrlimit(RLIMIT_CPU, &cpu);
		setrlimit(RLIMIT_CORE, &none);
		tell = fcntl(1, F_DUPFD_CLOEXEC, 10);
		null = open("/dev/null", O_RDWR);
		dup2(null, 0);
		dup2(null, 1);
		dup2(null, 2);
		execl("./mutant", "mutant", NULL);
		dprintf(tell, " %s", strerrorname_np(errno));
		_exit(0);
	}
	waitpid(pid, &status, 0);
	if (status)
		printf(" %x", (unsigned)status);
}

static void mutate(char *at, const struct field *f, const char *name)
{
	uint64_t before = 0;
	size_t i;

	memcpy(&before, at + f->offset, f->size);
	printf("%s%s:", name, f->name);
	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		if (f->size < 8 && values[i] >> (8 * f->size) && values[i] != UINT64_MAX)
			continue;
		memcpy(at + f->offset, &values[i], f->size);
		printf(" %lx", (unsigned long)values[i]);
		run();
		printf(",");
	}
	memcpy(at + f->offset, &before, f->size);
	printf("\n");
}

int main(int argc, char **argv)
{
	Elf64_Ehdr *ehdr;
	Elf64_Phdr *phdr;
	size_t i, j;

	if (argc < 2)
		return 2;
	load(argv[1]);
	ehdr = (void *)image;
	phdr = (void *)(image + ehdr->e_phoff);
	printf("unchanged:");
	run();
	printf("\n");
	for (i = 0; i < sizeof(ehdr_fields) / sizeof(ehdr_fields[0]); i++)
		mutate(image, &ehdr_fields[i], "");
	for (j = 0; j < ehdr->e_phnum; j++) {
		char name[32];

		if (phdr[j].p_type != PT_LOAD && phdr[j].p_type != PT_INTERP && phdr[j].p_type != PT_PHDR)
			continue;
		snprintf(name, sizeof(name), "%zu: ", j);
		for (i = 0; i < sizeof(phdr_fields) / sizeof(phdr_fields[0]); i++)
			mutate((char *)&phdr[j], &phdr_fields[i], name);
	}
	return 0;
}
