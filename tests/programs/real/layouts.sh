#!/bin/sh
# SPDX-License-Identifier: MIT
# needs: gcc setarch
# Programs that lie oddly in memory: linked high and low, with large .bss, aligned to 2 MiB, with segments in the wrong
# places; each executes itself once, opens a file, and lets its heap grow.
cat >large.c <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char big[BSS];
static int aligned __attribute__((aligned(ALIGN))) = 5;

int main(int argc, char **argv)
{
	unsigned long sum = 0;
	struct stat st;
	char *heap;

	for (unsigned long i = 0; i < BSS; i += 1 << 20) {
		sum += big[i];
		big[i] = 1;
	}
	heap = sbrk(1 << 20);
	printf("sum %lu, stat %d, aligned %d %lu\n", sum, stat("/etc/passwd", &st), aligned, (unsigned long)&aligned % ALIGN);
	heap[0] = heap[(1 << 20) - 1] = 1;
	if (argc == 1)
		execl("./program", "program", "again", NULL);
	return 0;
}
END
cat >small.c <<'END'
/* No C library: one text segment wherever the linker was told. */
static char bss[8192], stat_buffer[256];
static int data = 42;

static long call(long nr, long a, long b, long c)
{
	long ret;

	__asm__ volatile("syscall" : "=a"(ret) : "0"(nr), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
	return ret;
}

void start(void)
{
	char answer[] = "stat 0 data 0 bss 0 heap 0\n";
	long heap = call(12, 0, 0, 0);

	answer[5] += call(4, (long)"/etc/passwd", (long)stat_buffer, 0) == 0;
	answer[12] += data == 42;
	answer[18] += bss[0] == 0 && bss[8191] == 0;
	if (call(12, heap + 8192, 0, 0) == heap + 8192) {
		*(char *)(heap + 8191) = 1;
		answer[25]++;
	}
	call(1, 1, (long)answer, sizeof(answer) - 1);
	call(60, 7, 0, 0);
}
__asm__(".globl _start\n_start: xor %ebp, %ebp; and $-16, %rsp; call start");
END
run() {
	setarch -R ./program
	echo "exit $?"
	./program
	echo "exit $?"
}
# large BSS ALIGN FLAGS...
large() {
	bss=$1 align=$2
	shift 2
	echo "== $bss of bss, aligned to $align, $*"
	gcc -w -O1 -DBSS="$bss" -DALIGN="$align" large.c -o program "$@" && run
}
exec 2>/dev/null # where the shell says which process was killed
for how in '-no-pie' '-no-pie -static' '-static-pie' '-pie'; do
	# shellcheck disable=SC2086  # a list of flags
	large '(300UL << 20)' 64 $how
	# shellcheck disable=SC2086
	large 4096 0x200000 $how -Wl,-z,max-page-size=0x200000
done
large '(1UL << 31)' 64 -no-pie
large '(6UL << 30)' 64 -mcmodel=large
for at in 0x1000 0x10000 0x7e000000 0x100000000 0x100001000 0x200000000000 0x54ff00000000 0x552000000000 \
	0x555555554000 0x7f0000000000 0x7fffffffc000 0x800000000000; do
	echo "== at $at"
	gcc -w -O0 -fno-stack-protector -mcmodel=large -nostdlib -static -no-pie small.c -o program \
		-Wl,-Ttext-segment=$at,--build-id=none && run
done
# Text above data, far apart, and everything in one segment that may be written and executed.
echo '== apart'
gcc -w -O0 -fno-stack-protector -mcmodel=large -nostdlib -static -no-pie small.c -o program \
	-Wl,-Ttext=0x200000000000,-Tdata=0x100000123458,--build-id=none && run
echo '== one segment'
gcc -w -O0 -fno-stack-protector -nostdlib -static -no-pie small.c -o program -Wl,-N,--build-id=none && run
