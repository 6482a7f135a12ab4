/* SPDX-License-Identifier: MIT */
/* Lists of semaphore adjustments, as the warden keeps them (warden/undo.c). */
#include <signal.h>
#include <sys/sem.h>
#include "tests/programs/warden_talk.h"

static s64 sem_call(enum sem_op op, s64 list, pid_t pid)
{
	begin(REQ_SEM);
	req.flags = op;
	req.arg = (u64)list;
	req.src = (u64)pid;
	return call();
}

/* One operation with SEM_UNDO on semaphore 0, as the text of a struct sembuf. */
static s64 operate(s64 list, int set, const char *text)
{
	begin(REQ_SEM);
	req.flags = SEM_OPERATE;
	req.arg = (u64)list;
	req.src = (u64)set;
	add(text);
	return call();
}
#define UP   "000001000010"
#define DOWN "0000ffff0010"

static pid_t start_user(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		pause();
		_exit(0);
	}
	return pid;
}

static void end_user(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void lists_end_with_their_last_user(void)
{
	int set = semget(IPC_PRIVATE, 1, 0600);
	pid_t other = start_user();
	s64 list, second;

	start(-1);
	list = sem_call(SEM_NEW, 0, getpid());
	CHECK(list > 0 && arena()->sem_lists == 1);
	IS(operate(list, set, UP), 0);
	IS(operate(list, set, UP UP DOWN), 0);
	IS(sem_call(SEM_JOIN, list, other), 0);
	IS(sem_call(SEM_JOIN, list, other), 0);
	IS(sem_call(SEM_LEAVE, list, getpid()), 0);
	IS(semctl(set, 0, GETVAL), 2);
	end_user(other);
	IS(sem_call(SEM_SETTLE, 0, 0), 0);
	IS(semctl(set, 0, GETVAL), 0);
	IS(operate(list, set, UP), -EIO);
	/* Who executes a program keeps one. */
	list = sem_call(SEM_NEW, 0, getpid());
	second = sem_call(SEM_NEW, 0, getpid());
	CHECK(second > 0 && second != list && arena()->sem_lists == 2);
	IS(operate(list, set, UP), 0);
	IS(operate(second, set, UP), 0);
	IS(sem_call(SEM_KEEP, second, getpid()), 0);
	IS(semctl(set, 0, GETVAL), 1);
	IS(arena()->sem_lists, 1);
	IS(sem_call(SEM_KEEP, 0, getpid()), 0);
	IS(semctl(set, 0, GETVAL), 0);
	IS(arena()->sem_lists, 0);
	semctl(set, 0, IPC_RMID);
}

static void lists_and_nonsense(void)
{
	int set = semget(IPC_PRIVATE, 1, 0600);
	char many[12 * 501 + 1] = "";
	s64 list;

	start(-1);
	IS(sem_call(SEM_NEW, 0, -1), -ENOMEM);
	IS(sem_call(SEM_JOIN, 5, getpid()), -ESRCH);
	IS(sem_call(SEM_LEAVE, 5, getpid()), 0);
	IS(sem_call(SEM_OPERATE, 5, 0), -EIO);
	IS(sem_call(SEM_OPERATE + 1, 0, 0), -EINVAL);
	list = sem_call(SEM_NEW, 0, getpid());
	CHECK(list > 0);
	IS(sem_call(SEM_JOIN, list, 0x7fffffff), -ESRCH);
	IS(sem_call(SEM_OPERATE, list, set), -EINVAL);
	IS(operate(list, set, "0000"), -EINVAL);
	IS(operate(list, set, ""), -EINVAL);
	IS(operate(list, -1, UP), -EINVAL);
	IS(operate(list, set, "~~~~~~~~~~~~"), -EFBIG);
	for (int i = 0; i < 501; i++)
		strcat(many, UP);
	IS(operate(list, set, many), -EINVAL);
	IS(operate(list, set, UP), 0);
	IS(semctl(set, 0, GETVAL), 1);
	/* The session's end is theirs. */
	close(session.handle);
	SOON(semctl(set, 0, GETVAL) == 0);
	semctl(set, 0, IPC_RMID);
}

static const struct test tests[] = {
    {"lists of semaphore adjustments end with their last user", lists_end_with_their_last_user},
    {"lists of semaphore adjustments, and nonsense", lists_and_nonsense},
};

int main(void)
{
	return RUN_TESTS(tests);
}
