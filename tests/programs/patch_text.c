/* SPDX-License-Identifier: MIT */
/*
 * What programs may do to the text in which their call sites stand, and to the addresses and registers that patched
 * sites need: they write to it, move it, replace it, map it twice, and have gs for themselves.
 */
#include <asm/prctl.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include "tests/programs/patch.h"
#include "tests/spec/tap.h"

#define PAGE  4096UL
#define OFTEN 200
#define TABLE 0x050f0000UL

static bool under_secede;

SITE(getuid_site, 102);
SITE(geteuid_site, 107);
SITE(wait4_site, 61);

/* A page of text with a site, and nothing else. */
extern unsigned char text_page[], text_page_end[];
__asm__(".text\n.balign 4096\n.globl text_page, text_page_end\ntext_page:\n"
	"	.skip 16, 0x90\n"
	"	mov $102, %eax\n"
	"	syscall\n"
	"	ret\n"
	"	.balign 64\n"
	"	mov $102, %eax\n"
	"	xor %edi, %edi\n"
	"	syscall\n"
	"	ret\n"
	"	.balign 32\n"
	"	.balign 4096\n"
	"text_page_end:\n");
#define TEXT_SITE  16
#define SHORT_SITE 64
#define SHORT_CALL 7 /* bytes behind that, where the syscall instruction is */

static const unsigned char plain[7] = {0xb8, 102, 0, 0, 0, 0x0f, 0x05};

static long run(const void *code)
{
	return ((long (*)(long, long, long, long))(uintptr_t)code)(0, 0, 0, 0);
}

static void often(const void *code)
{
	for (int i = 0; i < OFTEN; i++)
		run(code);
}

static void make_patched(const unsigned char *code)
{
	often(code);
	CHECK((code[0] == 0xff) == patches_are_made(under_secede));
}

/* ---- text that is read anew ---- */

/* The host brings back what the file has, in the whole page: the sites are to be patched again. */
static void dropped(void)
{
	static unsigned char file[PAGE];
	unsigned char *call = text_page + SHORT_SITE + SHORT_CALL;

	memcpy(file, text_page, PAGE);
	for (int i = 0; i < 3; i++) {
		make_patched(text_page + TEXT_SITE);
		often(text_page + SHORT_SITE);
		CHECK((*call == 0xeb) == patches_are_made(under_secede));
		CHECK_OK(madvise(text_page, PAGE, MADV_DONTNEED));
		CHECK(!memcmp(text_page, file, PAGE));
		CHECK(run(text_page + TEXT_SITE) == (long)getuid() && run(text_page + SHORT_SITE) == (long)getuid());
	}
}

static _Atomic bool over;

/* Time and again so often in a row that it comes in the middle of a patch, and seldom enough that there are any. */
static void *drop_it(void *arg)
{
	while (!over) {
		usleep(50);
		for (int i = 0; i < 4; i++)
			madvise(text_page, PAGE, MADV_DONTNEED);
	}
	return NULL;
}

static void dropped_by_another_thread(void)
{
	pthread_t thread;

	CHECK(!pthread_create(&thread, NULL, drop_it, NULL));
	for (int i = 0; i < 1000 * OFTEN; i++)
		CHECK(run(text_page + TEXT_SITE) == (long)getuid() && run(text_page + SHORT_SITE) == (long)getuid());
	over = true;
	CHECK(!pthread_join(thread, NULL));
}

/* ---- text that is written ---- */

static void made_writable(int prot)
{
	unsigned char *site = text_page + TEXT_SITE;

	make_patched(site);
	CHECK_OK(mprotect(text_page, PAGE, prot));
	CHECK(!memcmp(site, plain, sizeof(plain)));
	site[1] = SYS_uname;
	CHECK_OK(mprotect(text_page, PAGE, PROT_READ | PROT_EXEC));
	CHECK(run(site) == -EFAULT);
	often(site);
	CHECK(run(site) == -EFAULT);
}

static void written(void)
{
	made_writable(PROT_READ | PROT_WRITE);
}

static void written_and_executed(void)
{
	made_writable(PROT_READ | PROT_WRITE | PROT_EXEC);
}

/* As those do who have calls come to themselves: the syscall instruction alone is another one. */
static void syscall_replaced(void)
{
	unsigned char *site = text_page + TEXT_SITE;

	make_patched(site);
	CHECK_OK(mprotect(text_page, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC));
	memcpy(site + 5, "\x90\x90", 2);
	CHECK(run(site) == 102);
	often(site);
	CHECK(run(site) == 102);
}

static volatile uintptr_t trap_rip;
static volatile long trap_rax;

static void note_trap(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	trap_rip = (uintptr_t)uc->uc_mcontext.gregs[REG_RIP];
	trap_rax = uc->uc_mcontext.gregs[REG_RAX];
	uc->uc_mcontext.gregs[REG_RIP]++; /* over the second byte of the syscall instruction */
	uc->uc_mcontext.gregs[REG_RAX] = 7;
}

/* A breakpoint, as one who writes to the memory of a process sets it. */
static void breakpoint_on(int fd, long offset, unsigned char *site)
{
	struct sigaction action = {.sa_sigaction = note_trap, .sa_flags = SA_SIGINFO};
	const unsigned char int3 = 0xcc;
	unsigned char was;

	CHECK_OK(sigaction(SIGTRAP, &action, NULL));
	CHECK(pread(fd, &was, 1, (off_t)(uintptr_t)(site + offset)) == 1);
	CHECK(was == plain[offset]);
	CHECK(pwrite(fd, &int3, 1, (off_t)(uintptr_t)(site + offset)) == 1);
	CHECK(run(site) == 7);
	CHECK(trap_rip == (uintptr_t)site + (uintptr_t)offset + 1 && trap_rax == 102);
	CHECK(pwrite(fd, &was, 1, (off_t)(uintptr_t)(site + offset)) == 1);
	CHECK(run(site) == (long)getuid());
}

static void written_from_outside(void)
{
	unsigned char *site = text_page + TEXT_SITE;
	int fd;

	make_patched(site);
	fd = open("/proc/self/mem", O_RDWR);
	CHECK(fd >= 0);
	breakpoint_on(fd, 5, site);
	often(site);
	breakpoint_on(fd, 5, site);
}

/* ---- text that moves ---- */

static void moved(void)
{
	char *to = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	make_patched(text_page + TEXT_SITE);
	CHECK(to != MAP_FAILED);
	CHECK(mremap(text_page, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to);
	CHECK(!memcmp(to + TEXT_SITE, plain, sizeof(plain)));
	CHECK(run(to + TEXT_SITE) == (long)getuid());
	make_patched((unsigned char *)to + TEXT_SITE);
	CHECK(run(to + TEXT_SITE) == (long)getuid());
}

/* A file of text: a site that makes that call. */
static int text_file(const char *name, unsigned char nr)
{
	unsigned char page[PAGE];
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0700);

	memset(page, 0x90, sizeof(page));
	memcpy(page + TEXT_SITE, plain, sizeof(plain));
	page[TEXT_SITE + 1] = nr;
	page[TEXT_SITE + sizeof(plain)] = 0xc3;
	CHECK(fd >= 0 && write(fd, page, sizeof(page)) == sizeof(page));
	return fd;
}

static unsigned char *map_text(void *at, int fd)
{
	unsigned char *text = mmap(at, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | (at ? MAP_FIXED : 0), fd, 0);

	CHECK(text != MAP_FAILED);
	return text + TEXT_SITE;
}

static void replaced(void)
{
	int uid = text_file("uid", SYS_getuid), other = text_file("uname", SYS_uname);
	unsigned char *site = map_text(NULL, uid), *at = site - TEXT_SITE;

	for (int i = 0; i < 3; i++) {
		often(site);
		CHECK(run(site) == (long)getuid());
		map_text(at, other);
		CHECK(run(site) == -EFAULT);
		often(site);
		CHECK(run(site) == -EFAULT);
		CHECK_OK(munmap(at, PAGE));
		map_text(at, uid);
	}
}

/* What is written through one mapping is executed through the other. */
static void mapped_twice(void)
{
	int fd = text_file("text", SYS_getuid);
	unsigned char *site = map_text(NULL, fd);
	unsigned char *view = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	CHECK(view != MAP_FAILED);
	for (int i = 0; i < OFTEN; i++) {
		view[TEXT_SITE + 1] = i % 2 ? SYS_getuid : SYS_uname;
		CHECK(run(site) == (i % 2 ? (long)getuid() : -EFAULT));
	}
}

/* A file that has no name any more may be one of a compiler's. */
static void nameless(void)
{
	unsigned char *site = map_text(NULL, text_file("gone", SYS_getuid));

	CHECK_OK(unlink("gone"));
	often(site);
	CHECK(!memcmp(site, plain, sizeof(plain)));
}

/* ---- the addresses that are needed ---- */

static void address_wished_for(void)
{
	void *want = (void *)TABLE;

	make_patched(CODE(getuid_site));
	CHECK(mmap(want, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == want);
	memset(want, 0, 16 * PAGE);
	CHECK(run(CODE(getuid_site)) == (long)getuid());
}

/* /proc/self/mem is not to be had then. */
static void addresses_wanted_undumpable(void)
{
	void *low;

	make_patched(CODE(getuid_site));
	CHECK_OK(prctl(PR_SET_DUMPABLE, 0));
	low = mmap((void *)TABLE, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
		   -1, 0);
	CHECK(low == (void *)TABLE);
	memset(low, 0, 16 * PAGE);
	CHECK(!memcmp(CODE(getuid_site), plain, sizeof(plain)));
	CHECK(run(CODE(getuid_site)) == (long)getuid());
	often(CODE(geteuid_site));
	CHECK(run(CODE(geteuid_site)) == (long)geteuid());
}

/* ---- gs ---- */

static uint64_t read_gs_base(void)
{
	uint64_t base;

	__asm__ volatile("rdgsbase %0" : "=r"(base));
	return base;
}

static void write_gs_base(uint64_t base)
{
	__asm__ volatile("wrgsbase %0" : : "r"(base));
}

static _Atomic uint64_t sleeper_gs;
static _Atomic int ready, stop;

static void *sleeper(void *arg)
{
	make_patched(CODE(getuid_site));
	sleeper_gs = read_gs_base();
	ready = 1;
	while (!stop)
		if (run(CODE(getuid_site)) != (long)getuid() || run(CODE(geteuid_site)) != (long)geteuid())
			return "a wrong result";
	return NULL;
}

/* The other thread's base, and then what it makes of that. */
static void gs_of_another_thread(void)
{
	uint64_t own;
	pthread_t id;
	void *result;

	if (!(getauxval(AT_HWCAP2) & 2))
		return;
	make_patched(CODE(getuid_site));
	CHECK(!pthread_create(&id, NULL, sleeper, NULL));
	often(CODE(geteuid_site));
	while (!ready)
		usleep(1000);
	own = read_gs_base();
	for (int i = 0; i < 100000; i++) {
		write_gs_base(sleeper_gs);
		CHECK(run(CODE(getuid_site)) == (long)getuid());
		write_gs_base(own);
		CHECK(run(CODE(geteuid_site)) == (long)geteuid());
	}
	stop = 1;
	CHECK(!pthread_join(id, &result) && !result);
}

/* A base of its own, with no call that says so. */
static void own_gs_base(void)
{
	static uint64_t mine[2] = {17, 4};
	uint64_t found;

	if (!(getauxval(AT_HWCAP2) & 2))
		return;
	make_patched(CODE(getuid_site));
	write_gs_base((uintptr_t)mine);
	for (int i = 0; i < OFTEN; i++) {
		CHECK(run(CODE(getuid_site)) == (long)getuid());
		CHECK(run(CODE(geteuid_site)) == (long)geteuid());
		CHECK(read_gs_base() == (uintptr_t)mine);
		__asm__ volatile("mov %%gs:8, %0" : "=r"(found));
		CHECK(found == 4);
	}
}

/* fs is another one's for a moment, as in a program that goes from stack to stack. */
static void other_fs_base(void)
{
	static uint64_t mine[64];
	uint64_t was;
	long uid, again;

	if (!(getauxval(AT_HWCAP2) & 2))
		return;
	make_patched(CODE(getuid_site));
	mine[0] = mine[2] = (uintptr_t)mine; /* where a C library looks for itself */
	for (int i = 0; i < OFTEN; i++) {
		__asm__ volatile("rdfsbase %0" : "=r"(was));
		__asm__ volatile("wrfsbase %0" : : "r"(mine));
		uid = run(CODE(getuid_site));
		again = run(CODE(getuid_site));
		__asm__ volatile("wrfsbase %0" : : "r"(was));
		CHECK(uid == (long)getuid() && again == uid);
		CHECK(run(CODE(geteuid_site)) == (long)geteuid());
	}
}

/* ---- core files ---- */

/* Is the mapping at that address left out of core files? */
static bool is_left_out(const void *addr)
{
	unsigned long start, end;
	char line[512];
	bool here = false, out = false;
	FILE *smaps = fopen("/proc/self/smaps", "r");

	CHECK(smaps != NULL);
	while (fgets(line, sizeof(line), smaps)) {
		if (sscanf(line, "%lx-%lx %*4s", &start, &end) == 2)
			here = (uintptr_t)addr >= start && (uintptr_t)addr < end;
		else if (here && !strncmp(line, "VmFlags:", 8))
			out = strstr(line, " dd") != NULL;
	}
	fclose(smaps);
	return out;
}

/* The first page of a program's file is in every core file: it says which file it is. */
static void headers_in_core_files(void)
{
	char page[PAGE] = {0};
	int fd = open("text", O_RDWR | O_CREAT | O_TRUNC, 0700);
	unsigned char *text;

	CHECK(fd >= 0 && write(fd, page, PAGE) == PAGE && write(fd, text_page, PAGE) == PAGE);
	text = mmap(NULL, 2 * PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	CHECK(text != MAP_FAILED);
	make_patched(text + PAGE + TEXT_SITE);
	CHECK(!is_left_out(text));
	CHECK(is_left_out(text + PAGE) == patches_are_made(under_secede));
}

static const struct test tests[] = {
    {"text is read anew", dropped},
    {"another thread has it read anew", dropped_by_another_thread},
    {"text is made writable, and written", written},
    {"text is writable and executable", written_and_executed},
    {"another instruction instead of syscall", syscall_replaced},
    {"text is written through /proc/self/mem", written_from_outside},
    {"text is moved", moved},
    {"other text takes its place", replaced},
    {"text is mapped a second time, for writing", mapped_twice},
    {"text whose file has no name any more", nameless},
    {"a wish for the addresses that are needed", address_wished_for},
    {"they are wanted, and the process is not dumpable", addresses_wanted_undumpable},
    {"the gs base of another thread", gs_of_another_thread},
    {"a gs base of the program's", own_gs_base},
    {"fs is another thread's", other_fs_base},
    {"headers stay in core files", headers_in_core_files},
};

int main(int argc, char **argv)
{
	under_secede = argc > 2;
	CHECK_OK(chdir(argv[1]));
	return RUN_TESTS(tests);
}
