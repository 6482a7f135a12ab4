# SPDX-License-Identifier: MIT
# Building in a directory that is bound over another one, as an everyday job does it.
mkdir src here
cat >src/Makefile <<'END'
all: a.out
	./a.out
a.out: main.c part.c
	gcc -o $@ $^
END
echo 'int part(void); int main(void) { return part(); }' >src/main.c
echo '#include <stdio.h>
int part(void) { puts("built and run"); return 3; }' >src/part.c
mount --bind src here
cd here
make -j2
echo "status $?"
ls
pwd | sed 's,.*/,,'
