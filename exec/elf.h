/* SPDX-License-Identifier: MIT */
/* An executable file's headers (elf(5)), as far as they have been read from an open descriptor. */
#ifndef SECEDE_EXEC_ELF_H
#define SECEDE_EXEC_ELF_H

#include <linux/elf.h>
#include "lib/types.h"

#define ELF_HEAD 1024 /* read at once: holds the program headers of nearly every file */

struct elf_file {
	int fd;
	u32 head_len;
	union {
		char head[ELF_HEAD]; /* zero past head_len */
		Elf64_Ehdr ehdr;
	};
	const Elf64_Phdr *phdr; /* in head, or at phdr_alloc */
	void *phdr_alloc;
};

/* What the loadable segments cover, before they are moved: [low, high), page-aligned. */
struct elf_span {
	u64 low, high, align;
};

/* Reads the first bytes. 0 or -errno of read(2). elf_release() is needed only after elf_headers(). */
int elf_open(struct elf_file *elf, int fd);
bool is_elf(const struct elf_file *elf);
/* Checks the header and finds the program headers. 0, -ENOEXEC (also of a foreign machine), -ENOMEM. */
int elf_headers(struct elf_file *elf);
void elf_release(struct elf_file *elf);

/* The first program header of that type, or NULL. */
const Elf64_Phdr *elf_find(const struct elf_file *elf, u32 type);
/* The interpreter's name: its length, 0 when the program needs none, or -errno. */
int elf_interp(const struct elf_file *elf, char *buf, size_t size);
/* False: nothing to load, or segments beyond the address space. */
bool elf_span(const struct elf_file *elf, struct elf_span *out);

#endif
