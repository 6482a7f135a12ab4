/* SPDX-License-Identifier: MIT */
/*
 * How processes end: the status for every signal, whether the host dumped its core, and what is in that core: what a
 * debugger needs to know of signal, registers, memory and arguments.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/procfs.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile char marker[] = "what stood in memory";
static char core_name[64];

static void allow_core(rlim_t size)
{
	struct rlimit limit = {size, RLIM_INFINITY};

	setrlimit(RLIMIT_CORE, &limit);
}

/* The name that the host gives a core: kernel.core_pattern, where it is a plain name. */
static int host_writes_cores(void)
{
	char pattern[64] = "";
	int fd = open("/proc/sys/kernel/core_pattern", O_RDONLY);
	ssize_t n = read(fd, pattern, sizeof(pattern) - 1);

	close(fd);
	pattern[n > 0 ? n - 1 : 0] = '\0';
	return strcmp(pattern, "core") == 0;
}

/* ---- ends ---- */

static int fatal;

static void by_raise(void)
{
	raise(fatal);
}

static void by_kill(void)
{
	kill(getpid(), fatal);
}

static int status_of(void (*end)(void))
{
	int status;
	pid_t pid;

	fflush(stdout);
	unlink("core");
	pid = fork();
	if (pid == 0) {
		end();
		_exit(7);
	}
	waitpid(pid, &status, WUNTRACED);
	if (WIFSTOPPED(status)) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	snprintf(core_name, sizeof(core_name), "core.%d", (int)pid);
	if (access(core_name, F_OK))
		strcpy(core_name, "core");
	return status;
}

static void every_signal(const char *how, void (*end)(void))
{
	printf("%s:", how);
	for (fatal = 1; fatal <= 64; fatal++) {
		if (fatal == 32 || fatal == 33)
			continue;
		printf(" %x", (unsigned)status_of(end));
		if (access(core_name, F_OK) == 0)
			printf("c");
	}
	printf("\n");
}

static void every_exit(void)
{
	static int codes[] = {0, 1, 127, 128, 255, 256, -1, 0x1234};
	size_t i;

	printf("exit:");
	for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		int status;

		fflush(stdout);
		if (fork() == 0)
			_exit(codes[i]);
		wait(&status);
		printf(" %x", (unsigned)status);
	}
	printf("\n");
}

/* ---- in the core ---- */

static char *core;
static size_t core_size;

static int map_core(void)
{
	struct stat st;
	int fd = open(core_name, O_RDONLY);

	if (fd < 0 || fstat(fd, &st))
		return 0;
	core_size = (size_t)st.st_size;
	core = mmap(NULL, core_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	return core != MAP_FAILED;
}

/* What stood at `addr`, or NULL. */
static const char *in_core(uint64_t addr)
{
	const Elf64_Ehdr *ehdr = (void *)core;
	const Elf64_Phdr *phdr = (void *)(core + ehdr->e_phoff);
	int i;

	for (i = 0; i < ehdr->e_phnum; i++)
		if (phdr[i].p_type == PT_LOAD && addr >= phdr[i].p_vaddr && addr < phdr[i].p_vaddr + phdr[i].p_filesz)
			return core + phdr[i].p_offset + (addr - phdr[i].p_vaddr);
	return NULL;
}

static void tell_auxv(const uint64_t *auxv)
{
	printf("  auxv:");
	for (; auxv[0]; auxv += 2) {
		printf(" %lu", (unsigned long)auxv[0]);
		if (auxv[0] == AT_EXECFN)
			printf("(%s)", in_core(auxv[1]) ? "there" : "not there");
	}
	printf("\n");
}

extern char crash_here[];

static void tell_note(const Elf64_Nhdr *note, const char *desc)
{
	const struct elf_prstatus *status = (void *)desc;
	const struct elf_prpsinfo *info = (void *)desc;
	const siginfo_t *siginfo = (void *)desc;
	struct user_regs_struct regs;

	switch (note->n_type) {
	case NT_PRSTATUS:
		memcpy(&regs, status->pr_reg, sizeof(regs));
		printf("  thread: signal %d, at %s, rbx %llx, stack %s\n", status->pr_cursig,
		       regs.rip == (uintptr_t)crash_here ? "the fault" : "another place",
		       regs.rip == (uintptr_t)crash_here ? regs.rbx : 0, in_core(regs.rsp) ? "there" : "not there");
		break;
	case NT_PRPSINFO:
		printf("  program: %s, arguments %s, state %d, uid %s\n", info->pr_fname, info->pr_psargs,
		       info->pr_state, info->pr_uid == getuid() ? "ours" : "another");
		break;
	case NT_SIGINFO:
		printf("  siginfo: signal %d code %d addr %lx\n", siginfo->si_signo, siginfo->si_code,
		       siginfo->si_code > 0 ? (unsigned long)siginfo->si_addr : 0);
		break;
	case NT_AUXV:
		tell_auxv((void *)desc);
		break;
	case NT_FILE:
		printf("  files: %s\n",
		       memmem(desc, note->n_descsz, "tools/deaths", 12) ? "the program" : "not the program");
		break;
	}
}

static void tell_core(const char *what, int status)
{
	const Elf64_Ehdr *ehdr;
	const Elf64_Phdr *phdr;
	int i;

	printf("%s: status %x, ", what, (unsigned)status);
	if (!map_core()) {
		printf("no core\n");
		return;
	}
	ehdr = (void *)core;
	phdr = (void *)(core + ehdr->e_phoff);
	printf("core of %s\n", core_size < 2 << 20 ? "less than 2 MiB" : "MORE THAN 2 MiB");
	for (i = 0; i < ehdr->e_phnum; i++) {
		const char *at = core + phdr[i].p_offset, *end = at + phdr[i].p_filesz;

		while (phdr[i].p_type == PT_NOTE && at < end) {
			const Elf64_Nhdr *note = (void *)at;
			const char *desc = at + sizeof(*note) + ((note->n_namesz + 3) & ~3U);

			tell_note(note, desc);
			at = desc + ((note->n_descsz + 3) & ~3U);
		}
	}
	printf("  memory: %s\n", in_core((uintptr_t)marker) ? in_core((uintptr_t)marker) : "not there");
	munmap(core, core_size);
}

/* ---- ways to crash ---- */

__attribute__((noinline)) static void crash(void)
{
	strcpy((char *)marker, "what was written");
	__asm__ volatile("mov $0x1234abcd, %%ebx\n.globl crash_here\ncrash_here: movb $1, 8" ::: "rbx", "memory");
}

static void *wait_for_end(void *arg)
{
	struct stat st;

	/* One of the others is about its business. */
	while (arg)
		stat("/nowhere", &st);
	pause();
	return NULL;
}

static void crash_in_thread(void)
{
	pthread_t waits, works;

	pthread_create(&waits, NULL, wait_for_end, NULL);
	pthread_create(&works, NULL, wait_for_end, &waits);
	usleep(20000);
	crash();
}

static void on_fault(int sig)
{
	signal(SIGSEGV, SIG_DFL);
}

static void crash_again(void)
{
	signal(SIGSEGV, on_fault);
	crash();
}

static void abort_now(void)
{
	fatal = SIGABRT;
	by_raise();
}

static void sigsys_now(void)
{
	fatal = SIGSYS;
	by_kill();
}

static void no_core_wanted(void)
{
	allow_core(0);
	crash();
}

int main(void)
{
	every_exit();
	allow_core(0);
	every_signal("by raise", by_raise);
	every_signal("by kill", by_kill);
	if (!host_writes_cores()) {
		printf("# SKIP cores: the host does not write them to the working directory\n");
		return 0;
	}
	allow_core(RLIM_INFINITY);
	every_signal("by raise, with cores", by_raise);
	tell_core("fault", status_of(crash));
	tell_core("fault with threads", status_of(crash_in_thread));
	tell_core("fault after a handler", status_of(crash_again));
	tell_core("abort", status_of(abort_now));
	tell_core("SIGSYS", status_of(sigsys_now));
	tell_core("no core wanted", status_of(no_core_wanted));
	return 0;
}
