/* SPDX-License-Identifier: MIT */
/* An ELF file's segments in memory. */
#ifndef SECEDE_EXEC_IMAGE_H
#define SECEDE_EXEC_IMAGE_H

#include "exec/elf.h"

struct image {
	u64 bias; /* address in memory less address in the file */
	u64 entry;
	u64 phdr; /* 0: the program headers are in no segment */
	u64 end;  /* of the highest segment; the heap may follow */
	u64 start_code, end_code, start_data, end_data;
};

/*
 * Maps the segments: ET_EXEC where it says, ET_DYN at `hint` if that is free, or anywhere (hint 0).
 * 0 or -errno; what was mapped before an error stays, for the caller has no way back.
 */
int image_map(const struct elf_file *elf, u64 hint, struct image *out);

#endif
