/* SPDX-License-Identifier: MIT */
/* Reads and judges ELF headers. The file is the guest's: every number in it may be anything. */
#include "exec/elf.h"

#include <asm/errno.h>
#include "host/host.h"
#include "kernel/alloc.h"
#include "lib/string.h"

#define PAGE	  4096UL
#define TASK_SIZE 0x7ffffffff000UL
#define PHDRS_MAX 65536UL /* bytes of program headers that Linux accepts */

int elf_open(struct elf_file *elf, int fd)
{
	long n;

	memset(elf, 0, sizeof(*elf));
	elf->fd = fd;
	n = host_call4(__NR_pread64, fd, elf->head, sizeof(elf->head), 0);
	if (n < 0)
		return (int)n;
	elf->head_len = (u32)n;
	return 0;
}

bool is_elf(const struct elf_file *elf)
{
	return memcmp(elf->head, ELFMAG, SELFMAG) == 0;
}

int elf_headers(struct elf_file *elf)
{
	const Elf64_Ehdr *ehdr = &elf->ehdr;
	size_t size = ehdr->e_phnum * sizeof(Elf64_Phdr);

	if (!is_elf(elf) || elf->head_len < sizeof(*ehdr) || ehdr->e_machine != EM_X86_64 ||
	    (ehdr->e_type != ET_EXEC && ehdr->e_type != ET_DYN))
		return -ENOEXEC;
	if (ehdr->e_phentsize != sizeof(Elf64_Phdr) || !size || size > PHDRS_MAX)
		return -ENOEXEC;
	if (ehdr->e_phoff % 8 == 0 && ehdr->e_phoff < elf->head_len && size <= elf->head_len - ehdr->e_phoff) {
		elf->phdr = (const Elf64_Phdr *)(elf->head + ehdr->e_phoff);
		return 0;
	}
	elf->phdr_alloc = kzalloc(size);
	if (!elf->phdr_alloc)
		return -ENOMEM;
	if (host_call4(__NR_pread64, elf->fd, elf->phdr_alloc, size, ehdr->e_phoff) != (long)size) {
		elf_release(elf);
		return -ENOEXEC;
	}
	elf->phdr = elf->phdr_alloc;
	return 0;
}

void elf_release(struct elf_file *elf)
{
	kfree(elf->phdr_alloc);
	elf->phdr_alloc = NULL;
	elf->phdr = NULL;
}

const Elf64_Phdr *elf_find(const struct elf_file *elf, u32 type)
{
	u32 i;

	for (i = 0; i < elf->ehdr.e_phnum; i++)
		if (elf->phdr[i].p_type == type)
			return &elf->phdr[i];
	return NULL;
}

int elf_interp(const struct elf_file *elf, char *buf, size_t size)
{
	const Elf64_Phdr *ph = elf_find(elf, PT_INTERP);
	long got;

	if (!ph)
		return 0;
	if (ph->p_filesz < 2 || ph->p_filesz > size)
		return -ENOEXEC;
	if (ph->p_offset < elf->head_len && ph->p_filesz <= elf->head_len - ph->p_offset) {
		memcpy(buf, elf->head + ph->p_offset, ph->p_filesz);
	} else {
		got = host_call4(__NR_pread64, elf->fd, buf, ph->p_filesz, ph->p_offset);
		if (got != (long)ph->p_filesz)
			return got < 0 ? (int)got : -EIO;
	}
	return buf[ph->p_filesz - 1] ? -ENOEXEC : (int)ph->p_filesz - 1;
}

static bool segment_sane(const Elf64_Phdr *ph)
{
	return ph->p_filesz <= ph->p_memsz && ph->p_memsz <= TASK_SIZE && ph->p_vaddr <= TASK_SIZE - ph->p_memsz;
}

bool elf_span(const struct elf_file *elf, struct elf_span *out)
{
	u32 i;

	*out = (struct elf_span){UINT64_MAX, 0, PAGE};
	for (i = 0; i < elf->ehdr.e_phnum; i++) {
		const Elf64_Phdr *ph = &elf->phdr[i];

		if (ph->p_type != PT_LOAD)
			continue;
		if (!segment_sane(ph))
			return false;
		out->low = MIN(out->low, ALIGN_DOWN(ph->p_vaddr, PAGE));
		out->high = MAX(out->high, ALIGN_UP(ph->p_vaddr + ph->p_memsz, PAGE));
		if (ph->p_align > out->align && (ph->p_align & (ph->p_align - 1)) == 0)
			out->align = ph->p_align;
	}
	return out->high > out->low;
}
