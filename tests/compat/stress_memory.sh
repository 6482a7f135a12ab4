#!/bin/sh
# SPDX-License-Identifier: MIT
# needs: stress-ng
# limit: 400
# stress-ng: memory and its mappings.
. "$TOP/tests/compat/stressors"
stress 5 mmap mremap
stress 1 fault icache madvise malloc memfd mincore misaligned mlock mmapaddr mmapfixed mmaphuge \
	mmapmany mprotect msync munmap nop pagemove physpage pkey randlist remap rmap seal secretmem shm shm-sysv \
	stackmmap tlb-shootdown userfaultfd vm vm-addr vm-rw vm-splice
