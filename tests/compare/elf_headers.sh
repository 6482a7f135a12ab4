# SPDX-License-Identifier: MIT
# Programs with one field of their ELF headers changed: refused, killed or run as the kernel does.
# native: hostile sh
# secede: secede sh
"$TOP/build/tests/tools/elf_fuzz" "$TOP/build/tests/tools/hello-dynamic"
"$TOP/build/tests/tools/elf_fuzz" "$TOP/build/tests/tools/hello-musl"
