/* SPDX-License-Identifier: MIT */
/*
 * Maps ELF segments as the kernel's loader does: first the whole span is reserved in one piece,
 * so that nothing else gets between, then each segment takes its place in it.
 */
#include "exec/image.h"

#include <asm/errno.h>
#include <linux/mman.h>
#include "host/host.h"
#include "host/uaccess.h"
#include "kernel/mm.h"

#define PAGE 4096UL

static const char zeros[PAGE];

static long map(u64 addr, u64 size, int prot, int flags, int fd, u64 offset)
{
	return host_call6(__NR_mmap, addr, size, prot, MAP_PRIVATE | flags, fd, offset);
}

static void unmap(u64 addr, u64 end)
{
	if (addr < end)
		host_call2(__NR_munmap, addr, end - addr);
}

/* ---- the place ---- */

static long reserve_at(u64 addr, u64 size)
{
	long at;

	if (range_is_ours(addr, size))
		return -EEXIST;
	at = map(addr, size, PROT_NONE, MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
	return at < 0 || (u64)at == addr ? at : -EEXIST;
}

/* Wherever the host likes; the bias is a multiple of the alignment. */
static long reserve_anywhere(const struct elf_span *span)
{
	u64 size = span->high - span->low, slack = span->align > PAGE ? span->align : 0, first;
	long at = map(0, size + slack, PROT_NONE, MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at < 0 || !slack)
		return at;
	first = ALIGN_UP((u64)at - span->low, span->align) + span->low;
	unmap((u64)at, first);
	unmap(first + size, (u64)at + size + slack);
	return (long)first;
}

/* The address of span->low in memory, or -errno. */
static long reserve(const struct elf_file *elf, const struct elf_span *span, u64 hint)
{
	u64 size = span->high - span->low;
	long at = -EEXIST;

	if (elf->ehdr.e_type == ET_EXEC)
		return reserve_at(span->low, size);
	if (hint)
		at = reserve_at(ALIGN_DOWN(hint, span->align) + span->low, size);
	return at < 0 ? reserve_anywhere(span) : at;
}

/* ---- the segments ---- */

static int segment_prot(const Elf64_Phdr *ph)
{
	return (ph->p_flags & PF_R ? PROT_READ : 0) | (ph->p_flags & PF_W ? PROT_WRITE : 0) |
	       (ph->p_flags & PF_X ? PROT_EXEC : 0);
}

/* What lies behind the file's part: the rest of its last page, then pages of zeros. The rest of a
 * page that the program cannot write stays as the file has it, as the kernel leaves it. */
static long map_bss(const Elf64_Phdr *ph, u64 bias)
{
	u64 from = ph->p_vaddr + bias + ph->p_filesz, to = ph->p_vaddr + bias + ph->p_memsz;
	u64 page = ph->p_filesz ? ALIGN_UP(from, PAGE) : ALIGN_DOWN(from, PAGE);
	int prot = PROT_READ | PROT_WRITE | (segment_prot(ph) & PROT_EXEC);
	long err = 0;

	if (from < page && (ph->p_flags & PF_W))
		err = copy_to_guest(from, zeros, page - from);
	if (!err && page < to)
		err = map(page, ALIGN_UP(to, PAGE) - page, prot, MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	return err;
}

static int map_segment(const struct elf_file *elf, const Elf64_Phdr *ph, u64 bias)
{
	u64 start = ph->p_vaddr + bias, page = ALIGN_DOWN(start, PAGE);
	long err = 0;

	if (ph->p_filesz)
		err = map(page, ALIGN_UP(start + ph->p_filesz, PAGE) - page, segment_prot(ph), MAP_FIXED, elf->fd,
			  ph->p_offset - (start - page));
	if (err >= 0 && ph->p_memsz > ph->p_filesz)
		err = map_bss(ph, bias);
	return err < 0 ? (int)err : 0;
}

/* Widens what /proc and the auxiliary vector are told by one segment. */
static void note_segment(const struct elf_file *elf, const Elf64_Phdr *ph, struct image *out)
{
	u64 start = ph->p_vaddr + out->bias, file_end = start + ph->p_filesz, phoff = elf->ehdr.e_phoff;

	if (phoff >= ph->p_offset && phoff - ph->p_offset < ph->p_filesz)
		out->phdr = phoff - ph->p_offset + start;
	if (ph->p_flags & PF_X) {
		out->start_code = MIN(out->start_code, start);
		out->end_code = MAX(out->end_code, file_end);
	}
	out->start_data = MAX(out->start_data, start);
	out->end_data = MAX(out->end_data, file_end);
	out->end = MAX(out->end, start + ph->p_memsz);
}

/* What no segment covers is not the program's. They need not be in order, nor apart. */
static void unmap_holes(const struct elf_file *elf, u64 bias, u64 at, u64 end)
{
	while (at < end) {
		u64 covered = at, next = end;
		u32 i;

		for (i = 0; i < elf->ehdr.e_phnum; i++) {
			const Elf64_Phdr *ph = &elf->phdr[i];
			u64 from = ALIGN_DOWN(ph->p_vaddr + bias, PAGE),
			    to = ALIGN_UP(ph->p_vaddr + ph->p_memsz + bias, PAGE);

			if (ph->p_type != PT_LOAD)
				continue;
			if (from <= at)
				covered = MAX(covered, to);
			else
				next = MIN(next, from);
		}
		if (covered == at)
			unmap(at, next);
		at = covered == at ? next : covered;
	}
}

int image_map(const struct elf_file *elf, u64 hint, struct image *out)
{
	struct elf_span span;
	long at;
	u32 i;

	if (!elf_span(elf, &span))
		return -EINVAL;
	at = reserve(elf, &span, hint);
	if (at < 0)
		return (int)at;
	*out = (struct image){.bias = (u64)at - span.low, .start_code = UINT64_MAX};
	out->entry = elf->ehdr.e_entry + out->bias;
	out->phdr = out->bias; /* unless a segment has them */
	for (i = 0; i < elf->ehdr.e_phnum; i++) {
		const Elf64_Phdr *ph = &elf->phdr[i];
		int err;

		if (ph->p_type != PT_LOAD)
			continue;
		err = map_segment(elf, ph, out->bias);
		if (err)
			return err;
		note_segment(elf, ph, out);
	}
	unmap_holes(elf, out->bias, (u64)at, (u64)at + span.high - span.low);
	return 0;
}
