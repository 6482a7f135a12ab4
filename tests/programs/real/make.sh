#!/bin/sh
# SPDX-License-Identifier: MIT
# needs: gcc make
# make -j2 with gcc: compiler drivers, temporary files on the tmpfs, libraries, linking, running.
cat >Makefile <<'END'
OBJECTS = $(addsuffix .o,$(basename $(wildcard part*.c)))
all: program shared
	@./program; echo "status $$?"
	@LD_LIBRARY_PATH=. ./shared; echo "shared $$?"
program: main.o libparts.a
	gcc -o $@ main.o -L. -lparts
libparts.a: $(OBJECTS)
	@ar rcs $@ $(sort $^)
shared: main.o libshared.so
	@gcc -o $@ main.o -L. -lshared
libshared.so: $(OBJECTS)
	@gcc -shared -o $@ $^
%.o: %.c
	@gcc -O1 -fPIC -Wall -c -o $@ $<
sub:
	@$(MAKE) --no-print-directory all
.PHONY: all sub
END
for i in 1 2 3 4 5 6 7 8; do echo "int part$i(int x) { return x + $i; }" >part$i.c; done
{
	echo '#include <stdio.h>'
	for i in 1 2 3 4 5 6 7 8; do echo "int part$i(int x);"; done
	echo 'int main(void) { int x = 0;'
	for i in 1 2 3 4 5 6 7 8; do echo "x = part$i(x);"; done
	echo 'puts(x == 36 ? "linked" : "wrong"); return x & 7; }'
} >main.c
make -j2 >log 2>&1
echo "make: $?"
sort log
make -q && echo 'nothing to do'
touch part3.c && make -n | grep -c gcc
make -j2 sub >/dev/null && ls -- *.o *.a *.so
echo 'int broken(' >part9.c && make -k part9.o 2>&1 | grep -c error
make nonexistent 2>/dev/null
echo "make: $?"
ls "$TMPDIR"
