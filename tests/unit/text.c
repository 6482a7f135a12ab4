/* SPDX-License-Identifier: MIT */
/* See tests/unit/text.h. */
#include "tests/unit/text.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "tests/unit/unit.h"

static void for_each_text_in(const char *path, void (*fn)(const struct code *text))
{
	int fd = open(path, O_RDONLY);
	const Elf64_Phdr *phdr;
	struct stat st;
	u8 *elf;

	if (fd < 0)
		return;
	assert_int_equal(fstat(fd, &st), 0);
	elf = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	assert_true(elf != MAP_FAILED);
	phdr = (const Elf64_Phdr *)(elf + ((const Elf64_Ehdr *)elf)->e_phoff);
	for (int i = 0; i < ((const Elf64_Ehdr *)elf)->e_phnum; i++)
		if (phdr[i].p_type == PT_LOAD && (phdr[i].p_flags & PF_X))
			fn(&(struct code){elf + phdr[i].p_offset, phdr[i].p_vaddr, phdr[i].p_filesz});
	munmap(elf, (size_t)st.st_size);
	close(fd);
}

void for_each_text(void (*fn)(const struct code *text))
{
	static const char *const files[] = {"/lib/x86_64-linux-gnu/libc.so.6",
					    "/lib/x86_64-linux-gnu/libm.so.6",
					    "/lib/x86_64-linux-musl/libc.so",
					    "/lib64/ld-linux-x86-64.so.2",
					    "/bin/busybox",
					    "/proc/self/exe"};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		for_each_text_in(files[i], fn);
}
