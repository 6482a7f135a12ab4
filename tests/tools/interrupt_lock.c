/* SPDX-License-Identifier: MIT */
/* Signals that meet calls which wait for each other: futexes, semaphores, file locks, FIFOs, signals. */
#include "tests/tools/interrupt.h"

#include <linux/futex.h>
#include <stdint.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/stat.h>

#define LONG_S 20 /* what is woken waits this long at most */

#ifndef SYS_futex_wait
#define SYS_futex_wait 455
#endif
#define FUTEX2_U32 2

static int in, out;

static void send_usr2(void)
{
	kill(sleeping, SIGUSR2);
}

/* ---- locks ---- */

static int *word;

static void a_word(void)
{
	word = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	*word = 0;
}

static void wake_word(void)
{
	syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static long do_futex(void)
{
	return syscall(SYS_futex, word, FUTEX_WAIT, 0, NULL, NULL, 0);
}

static long do_futex_time(void)
{
	struct timespec time = {LONG_S, 0};

	return syscall(SYS_futex, word, FUTEX_WAIT, 0, &time, NULL, 0);
}

static long do_futex_timeout(void)
{
	struct timespec nap = nap_time();

	return syscall(SYS_futex, word, FUTEX_WAIT, 0, &nap, NULL, 0);
}

static long do_futex_bitset(void)
{
	struct timespec end;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += LONG_S;
	return syscall(SYS_futex, word, FUTEX_WAIT_BITSET, 0, &end, NULL, 1);
}

static long do_futex_wait2(void)
{
	return syscall(SYS_futex_wait, word, 0UL, ~0U, FUTEX2_U32, NULL, CLOCK_MONOTONIC);
}

static long do_futex_waitv(void)
{
	struct futex_waitv wait = {.uaddr = (uintptr_t)word, .flags = FUTEX_32};

	return syscall(SYS_futex_waitv, &wait, 1, 0, NULL, CLOCK_MONOTONIC);
}

static void a_held_pi_word(void)
{
	a_word();
	*word = (int)syscall(SYS_gettid);
}

static long do_futex_pi(void)
{
	return syscall(SYS_futex, word, FUTEX_LOCK_PI, 0, NULL, NULL, 0);
}

static void unlock_pi(void)
{
	syscall(SYS_futex, word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0);
}

static int semaphores;

static void a_semaphore(void)
{
	semaphores = (int)MUST(semget(IPC_PRIVATE, 1, 0600));
}

static void post(void)
{
	struct sembuf op = {0, 1, 0};

	semop(semaphores, &op, 1);
	until_asleep(sleeping);
	semctl(semaphores, 0, IPC_RMID);
}

static long do_semop(void)
{
	struct sembuf op = {0, -1, 0};

	return semop(semaphores, &op, 1);
}

static long do_semtimedop(void)
{
	struct sembuf op = {0, -1, 0};
	struct timespec time = {LONG_S, 0};

	return semtimedop(semaphores, &op, 1, &time);
}

static char lock_name[32];

static void a_file(void)
{
	snprintf(lock_name, sizeof(lock_name), "lock-%d", (int)getpid());
	out = (int)MUST(open(lock_name, O_CREAT | O_RDWR, 0600));
}

static void a_flock(void)
{
	a_file();
	MUST(flock(out, LOCK_EX));
}

static void unlock_flock(void)
{
	MUST(flock(out, LOCK_UN));
}

static long do_flock(void)
{
	return flock(open(lock_name, O_RDWR), LOCK_EX);
}

static struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

static void a_posix_lock(void)
{
	a_file();
	MUST(fcntl(out, F_SETLK, &whole));
}

static void unlock_posix(void)
{
	struct flock none = {.l_type = F_UNLCK, .l_whence = SEEK_SET};

	MUST(fcntl(out, F_SETLK, &none));
}

static long do_setlkw(void)
{
	return fcntl(open(lock_name, O_RDWR), F_SETLKW, &whole);
}

static long do_ofd_setlkw(void)
{
	return fcntl(open(lock_name, O_RDWR), F_OFD_SETLKW, &whole);
}

/* ---- opening ---- */

static char fifo_name[32];

static void a_fifo(void)
{
	snprintf(fifo_name, sizeof(fifo_name), "fifo-%d", (int)getpid());
	MUST(mkfifo(fifo_name, 0600));
}

static long do_open_fifo_read(void)
{
	return some(open(fifo_name, O_RDONLY));
}

static long do_open_fifo_write(void)
{
	return some(openat(AT_FDCWD, fifo_name, O_WRONLY));
}

static void open_fifo(void)
{
	in = open(fifo_name, O_RDWR);
}

static void on_lease(int sig)
{
}

static void a_lease(void)
{
	a_file();
	close(out);
	out = (int)MUST(open(lock_name, O_RDONLY));
	act(SIGIO, on_lease, SA_RESTART);
	MUST(fcntl(out, F_SETLEASE, F_RDLCK));
}

static void end_lease(void)
{
	MUST(fcntl(out, F_SETLEASE, F_UNLCK));
}

static long do_open_leased(void)
{
	return some(open(lock_name, O_WRONLY));
}

/* ---- signals ---- */

static void block_usr2(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static long do_sigtimedwait(void)
{
	struct timespec time = {LONG_S, 0};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	return sigtimedwait(&set, NULL, &time);
}

static long do_sigwaitinfo(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	return sigwaitinfo(&set, NULL);
}

static long do_sigsuspend(void)
{
	sigset_t none;

	sigemptyset(&none);
	return sigsuspend(&none);
}

static long do_pause(void)
{
	return pause();
}

static const struct sleeper sleepers[] = {
    {"futex", a_word, do_futex, wake_word},
    {"futex, long", a_word, do_futex_time, wake_word},
    {"futex, timeout", a_word, do_futex_timeout, NULL},
    {"futex, bitset", a_word, do_futex_bitset, wake_word},
    {"futex_wait", a_word, do_futex_wait2, wake_word},
    {"futex_waitv", a_word, do_futex_waitv, wake_word},
    {"futex, PI", a_held_pi_word, do_futex_pi, unlock_pi},
    {"semop", a_semaphore, do_semop, post},
    {"semtimedop", a_semaphore, do_semtimedop, post},
    {"flock", a_flock, do_flock, unlock_flock},
    {"F_SETLKW", a_posix_lock, do_setlkw, unlock_posix},
    {"F_OFD_SETLKW", a_posix_lock, do_ofd_setlkw, unlock_posix},
    {"open, FIFO to read", a_fifo, do_open_fifo_read, open_fifo},
    {"openat, FIFO to write", a_fifo, do_open_fifo_write, open_fifo},
    {"open, leased file", a_lease, do_open_leased, end_lease},
    {"sigtimedwait", block_usr2, do_sigtimedwait, send_usr2},
    {"sigwaitinfo", block_usr2, do_sigwaitinfo, send_usr2},
    {"sigsuspend", NULL, do_sigsuspend, send_usr2},
    {"pause", NULL, do_pause, send_usr2},
};

int main(int argc, char **argv)
{
	if (argc == 2)
		subject = atoi(argv[1]);
	return interrupt_all(sleepers, sizeof(sleepers) / sizeof(sleepers[0]));
}
