/* SPDX-License-Identifier: MIT */
/*
 * Ids wherever the kernel tells them: each way is tried within a user namespace that maps the caller's ids to others,
 * and between one that is within and one that is outside.
 */
#include <fcntl.h>
#include <mqueue.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "tests/tools/lines.h"

#define PIDFD_INFO_64 _IOC(_IOC_READ | _IOC_WRITE, 0xff, 11, 64)
#ifndef F_GETOWNER_UIDS
#define F_GETOWNER_UIDS 17
#endif
#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59
#endif

static uid_t outer_uid;
static pid_t outside; /* a process that stays outside */

/* ---- the namespace ---- */

static void write_file(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY);

	CHECK_RESULT(write(fd, text, strlen(text)));
	close(fd);
}

static void enter(const char *inside)
{
	char text[64];
	gid_t gid = getgid();

	CHECK_RESULT(unshare(CLONE_NEWUSER));
	if (!inside)
		return;
	snprintf(text, sizeof(text), "%s %u 1", inside, outer_uid);
	write_file("/proc/self/uid_map", text);
	write_file("/proc/self/setgroups", "deny");
	snprintf(text, sizeof(text), "%s %u 1", inside, gid);
	write_file("/proc/self/gid_map", text);
}

/* ---- sockets ---- */

union control {
	char bytes[256];
	struct cmsghdr align;
};

static void show_control(struct msghdr *msg)
{
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		struct ucred cred = {0};

		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_CREDENTIALS) {
			memcpy(&cred, CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
			printf("cred len %zu pid %s uid %d gid %d ", c->cmsg_len - CMSG_LEN(0),
			       cred.pid == getpid()  ? "own"
			       : cred.pid == outside ? "outside"
			       : cred.pid	     ? "another"
						     : "0",
			       (int)cred.uid, (int)cred.gid);
		} else {
			printf("level %d type %d ", c->cmsg_level, c->cmsg_type);
		}
	}
	printf("flags %x; ", (unsigned)msg->msg_flags);
}

/* Nothing may have been sent: an error that is told. */
static int quiet = 1;

static void receive(int fd, int flags, size_t room)
{
	union control control;
	char byte;
	struct iovec iov = {&byte, 1};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = room};
	ssize_t n = recvmsg(fd, &msg, flags | (quiet ? MSG_DONTWAIT : 0));

	if (n < 0)
		tell("recvmsg", n);
	else
		show_control(&msg);
}

static void receive_many(int fd)
{
	union control control[2];
	char byte[2];
	struct iovec iov[2] = {{byte, 1}, {byte + 1, 1}};
	struct mmsghdr msgs[2] = {0};
	int i, n;

	for (i = 0; i < 2; i++)
		msgs[i].msg_hdr = (struct msghdr){.msg_iov = &iov[i],
						  .msg_iovlen = 1,
						  .msg_control = &control[i],
						  .msg_controllen = sizeof(control[i])};
	n = recvmmsg(fd, msgs, 2, MSG_DONTWAIT, NULL);
	printf("recvmmsg %d: ", n);
	for (i = 0; i < n; i++)
		show_control(&msgs[i].msg_hdr);
}

static ssize_t send_as(int fd, pid_t pid, uid_t uid, gid_t gid, int with_fd)
{
	union control control = {0};
	struct iovec iov = {"x", 1};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control};
	struct cmsghdr *c = &control.align;
	struct ucred cred = {pid, uid, gid};

	msg.msg_controllen = CMSG_SPACE(sizeof(cred)) + (with_fd ? CMSG_SPACE(sizeof(int)) : 0);
	if (with_fd) {
		*c = (struct cmsghdr){
		    .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
		memcpy(CMSG_DATA(c), &fd, sizeof(int));
		c = CMSG_NXTHDR(&msg, c);
	}
	*c = (struct cmsghdr){
	    .cmsg_len = CMSG_LEN(sizeof(cred)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_CREDENTIALS};
	memcpy(CMSG_DATA(c), &cred, sizeof(cred));
	return sendmsg(fd, &msg, 0);
}

static void pass_credentials(int fd)
{
	int on = 1;

	CHECK_RESULT(setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)));
}

static void socket_credentials(void)
{
	int fds[2];

	CHECK_RESULT(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds));
	receive(fds[1], MSG_DONTWAIT, 256);
	CHECK_RESULT(write(fds[0], "x", 1));
	receive(fds[1], 0, 256);
	pass_credentials(fds[1]);
	CHECK_RESULT(write(fds[0], "x", 1));
	receive(fds[1], MSG_PEEK, 256);
	receive(fds[1], 0, 256);
	CHECK_RESULT(send_as(fds[0], getpid(), getuid(), getgid(), 0));
	receive(fds[1], 0, 256);
	CHECK_RESULT(send_as(fds[0], getpid(), getuid(), getgid(), 1));
	receive(fds[1], 0, 256);
	CHECK_RESULT(write(fds[0], "x", 1));
	receive(fds[1], 0, CMSG_LEN(4));
	CHECK_RESULT(write(fds[0], "x", 1));
	receive(fds[1], 0, CMSG_LEN(0));
	CHECK_RESULT(write(fds[0], "x", 1));
	receive(fds[1], 0, 0);
	CHECK_RESULT(write(fds[0], "x", 1));
	CHECK_RESULT(write(fds[0], "y", 1));
	receive_many(fds[1]);
	tell("another uid", send_as(fds[0], getpid(), outer_uid + 7, getgid(), 0));
	tell("another gid", send_as(fds[0], getpid(), getuid(), outer_uid + 7, 0));
	tell("another pid", send_as(fds[0], getppid(), getuid(), getgid(), 0));
	tell("no pid", send_as(fds[0], 0, getuid(), getgid(), 0));
	tell("uid -1", send_as(fds[0], getpid(), (uid_t)-1, getgid(), 0));
}

static int inherited[2];
static volatile int asked;

static void *receive_in_thread(void *arg)
{
	while (!asked)
		usleep(1000);
	quiet = 0;
	receive(inherited[1], 0, 256);
	return NULL;
}

/* A thread that was there before anybody asked for credentials, a child, and a new program. */
static void inherited_credentials(void)
{
	pthread_t thread;
	char number[16];

	CHECK_RESULT(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, inherited));
	pthread_create(&thread, NULL, receive_in_thread, NULL);
	pass_credentials(inherited[1]);
	asked = 1;
	CHECK_RESULT(write(inherited[0], "xyz", 3));
	pthread_join(thread, NULL);
	pthread_create(&thread, NULL, receive_in_thread, NULL);
	CHECK_RESULT(write(inherited[0], "xyz", 3));
	pthread_join(thread, NULL);
	CHECK_RESULT(write(inherited[0], "xyz", 3));
	fflush(stdout);
	if (fork() == 0) {
		snprintf(number, sizeof(number), "%d", inherited[1]);
		execl("/proc/self/exe", "senders", "--receive", number, NULL);
	}
	wait(NULL);
}

static void peer_credentials(void)
{
	struct ucred cred = {0};
	socklen_t len = sizeof(cred);
	gid_t groups[100];
	int fds[2], i;

	CHECK_RESULT(socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
	CHECK_RESULT(getsockopt(fds[0], SOL_SOCKET, SO_PEERCRED, &cred, &len));
	printf("pid %d uid %d gid %d; ", cred.pid == getpid(), (int)cred.uid, (int)cred.gid);
	len = sizeof(groups);
	CHECK_RESULT(getsockopt(fds[0], SOL_SOCKET, SO_PEERGROUPS, groups, &len));
	printf("%zu groups:", len / sizeof(gid_t));
	for (i = 0; i < (int)(len / sizeof(gid_t)); i++)
		printf(" %d", (int)groups[i]);
	len = 1;
	errno = 0;
	printf("; %d %s len %d; ", getsockopt(fds[0], SOL_SOCKET, SO_PEERGROUPS, groups, &len), strerrorname_np(errno),
	       (int)len);
}

/* ---- signals ---- */

static void on_signal(int sig, siginfo_t *info, void *uc)
{
	printf("signal %d code %d uid %d; ", sig, info->si_code, (int)info->si_uid);
}

static void handle(int sig)
{
	struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};

	/* One after the other, also where they come together. */
	sigfillset(&action.sa_mask);
	sigaction(sig, &action, NULL);
}

static pid_t child_exits(int sig)
{
	pid_t pid = (pid_t)syscall(SYS_clone, sig, NULL, NULL, NULL, NULL);

	if (pid == 0)
		_exit(0);
	return pid;
}

static void signals(void)
{
	siginfo_t info;
	pid_t pid;

	handle(SIGUSR1);
	handle(SIGUSR2);
	raise(SIGUSR1);
	kill(getpid(), SIGUSR1);
	pid = fork();
	if (pid == 0) {
		kill(getppid(), SIGUSR1);
		_exit(0);
	}
	waitid(P_PID, (id_t)pid, &info, WEXITED);
	printf("waitid uid %d; ", (int)info.si_uid);
	handle(SIGCHLD);
	pid = child_exits(SIGCHLD);
	waitid(P_PID, (id_t)pid, &info, WEXITED);
	pid = child_exits(SIGUSR2);
	waitid(P_PID, (id_t)pid, &info, WEXITED | __WALL);
	printf("waitid uid %d; ", (int)info.si_uid);
}

static void taken_signals(void)
{
	struct signalfd_siginfo got[5];
	siginfo_t info;
	sigset_t set;
	int fd, i, n;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	kill(getpid(), SIGUSR1);
	sigwaitinfo(&set, &info);
	printf("sigwaitinfo uid %d; ", (int)info.si_uid);
	fd = signalfd(-1, &set, 0);
	kill(getpid(), SIGUSR1);
	sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 7});
	pthread_sigqueue(pthread_self(), SIGRTMIN, (union sigval){.sival_int = 7});
	waitpid(child_exits(SIGCHLD), NULL, 0);
	n = (int)read(fd, got, sizeof(got)) / (int)sizeof(got[0]);
	kill(getpid(), SIGUSR1);
	n += (int)read(dup(fd), got + n, sizeof(got[0])) / (int)sizeof(got[0]);
	for (i = 0; i < n; i++)
		printf("signalfd %u code %d uid %d; ", got[i].ssi_signo, got[i].ssi_code, (int)got[i].ssi_uid);
}

static void queue_notice(void)
{
	struct mq_attr attr = {.mq_maxmsg = 1, .mq_msgsize = 1};
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
	struct stat st;
	mqd_t queue;

	handle(SIGUSR1);
	queue = mq_open("/secede-senders", O_CREAT | O_RDWR, 0600, &attr);
	mq_unlink("/secede-senders");
	CHECK_RESULT(mq_notify(queue, &event));
	CHECK_RESULT(mq_send(queue, "x", 1, 0));
	CHECK_RESULT(fstat((int)queue, &st));
	printf("owner %d %d; ", (int)st.st_uid, (int)st.st_gid);
}

/* ---- objects ---- */

static void show_perm(const char *what, const struct ipc_perm *perm)
{
	printf("%s: %d %d %d %d mode %o; ", what, (int)perm->uid, (int)perm->gid, (int)perm->cuid, (int)perm->cgid,
	       perm->mode);
}

static void ipc(void)
{
	struct msqid_ds msg;
	struct shmid_ds shm;
	struct semid_ds sem;
	int id = msgget(IPC_PRIVATE, 0600);

	CHECK_RESULT(msgctl(id, IPC_STAT, &msg));
	show_perm("msg", &msg.msg_perm);
	msg.msg_perm.mode = 0640;
	tell("IPC_SET", msgctl(id, IPC_SET, &msg));
	msg.msg_perm.uid = outer_uid + 7;
	tell("IPC_SET another", msgctl(id, IPC_SET, &msg));
	CHECK_RESULT(msgctl(id, IPC_STAT, &msg));
	show_perm("msg", &msg.msg_perm);
	tell("bad pointer", msgctl(id, IPC_STAT, (void *)8));
	tell("IPC_RMID", msgctl(id, IPC_RMID, NULL));
	tell("IPC_STAT", msgctl(id, IPC_STAT, &msg));
	id = shmget(IPC_PRIVATE, 4096, 0600);
	CHECK_RESULT(shmctl(id, IPC_STAT, &shm));
	show_perm("shm", &shm.shm_perm);
	printf("size %zu, cpid %d; ", shm.shm_segsz, shm.shm_cpid == getpid());
	shm.shm_perm.mode = 0640;
	tell("IPC_SET", shmctl(id, IPC_SET, &shm));
	CHECK_RESULT(shmctl(id, IPC_STAT, &shm));
	show_perm("shm", &shm.shm_perm);
	shmctl(id, IPC_RMID, NULL);
	id = semget(IPC_PRIVATE, 3, 0600);
	CHECK_RESULT(semctl(id, 0, IPC_STAT, &sem));
	show_perm("sem", &sem.sem_perm);
	sem.sem_perm.mode = 0640;
	tell("IPC_SET", semctl(id, 0, IPC_SET, &sem));
	CHECK_RESULT(semctl(id, 0, IPC_STAT, &sem));
	show_perm("sem", &sem.sem_perm);
	printf("%lu semaphores; ", sem.sem_nsems);
	semctl(id, 0, IPC_RMID);
}

static void files(void)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd = open("file", O_CREAT | O_RDWR, 0600);
	uid_t owners[2] = {77, 77};
	struct statx stx;
	struct stat st;

	fstat(fd, &st);
	printf("fstat %d %d; ", (int)st.st_uid, (int)st.st_gid);
	statx(AT_FDCWD, "file", 0, STATX_BASIC_STATS, &stx);
	printf("statx %d %d; ", (int)stx.stx_uid, (int)stx.stx_gid);
	stat("/", &st);
	printf("/ %d %d; ", (int)st.st_uid, (int)st.st_gid);
	fcntl(fd, F_SETLK, &lock);
	fflush(stdout);
	if (fork() == 0) {
		fcntl(open("file", O_RDWR), F_GETLK, &lock);
		printf("lock of %s; ", lock.l_pid == getppid() ? "the parent" : "another");
		fflush(stdout);
		_exit(0);
	}
	wait(NULL);
	fcntl(fd, F_SETOWN, getpid());
	CHECK_RESULT(fcntl(fd, F_GETOWNER_UIDS, owners));
	printf("F_GETOWNER_UIDS: %d %d; ", (int)owners[0], (int)owners[1]);
	unlink("file");
}

/* A list of one user, whose id is ours, and how the host keeps it. */
static void lists(void)
{
	struct {
		uint32_t version;
		struct {
			uint16_t tag, perm;
			uint32_t id;
		} e[5];
	} acl = {2, {{1, 6, ~0U}, {2, 4, getuid()}, {4, 4, ~0U}, {16, 4, ~0U}, {32, 0, ~0U}}}, got;
	static const char name[] = "system.posix_acl_access";
	int fd = open("listed", O_CREAT | O_RDWR, 0600);

	tell("set", setxattr("listed", name, &acl, sizeof(acl), 0));
	tell_number("get", getxattr("listed", name, &got, sizeof(got)));
	printf("id %d; ", (int)got.e[1].id);
	tell_number("size", getxattr("listed", name, NULL, 0));
	tell("by descriptor", fsetxattr(fd, name, &acl, sizeof(acl), 0));
	memset(&got, 0, sizeof(got));
	tell_number("get", fgetxattr(fd, name, &got, sizeof(got)));
	printf("id %d; ", (int)got.e[1].id);
	acl.e[1].id = outer_uid + 7;
	tell("another", lsetxattr("listed", name, &acl, sizeof(acl), 0));
	unlink("listed");
}

static void own_ids(void)
{
	static char text[8192];
	struct {
		uint64_t mask, cgroup;
		uint32_t pid, tgid, ppid, ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
		int32_t exit_code;
	} info = {.mask = 1};
	gid_t groups[100];
	uid_t r, e, s;
	int fd, n, i;
	char *at;

	getresuid(&r, &e, &s);
	printf("resuid %d %d %d; ", (int)r, (int)e, (int)s);
	n = getgroups(100, groups);
	printf("groups");
	for (i = 0; i < n; i++)
		printf(" %d", (int)groups[i]);
	fd = open("/proc/self/status", O_RDONLY);
	text[read(fd, text, sizeof(text) - 1)] = '\0';
	close(fd);
	at = strstr(text, "Uid:");
	printf("; %.*s; ", (int)strcspn(at, "\n"), at);
	at = strstr(text, "Gid:");
	printf("%.*s; ", (int)strcspn(at, "\n"), at);
	at = strstr(text, "Groups:");
	printf("%.*s; ", (int)strcspn(at, "\n"), at);
	fd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	CHECK_RESULT(ioctl(fd, PIDFD_INFO_64, &info));
	printf("pidfd %d %d %d %d, %d %d %d %d; ", (int)info.ruid, (int)info.euid, (int)info.suid, (int)info.fsuid,
	       (int)info.rgid, (int)info.egid, (int)info.sgid, (int)info.fsgid);
	/* The user's other processes may have a higher one, if this is run with a low one. */
	errno = 0;
	printf("priority %d %s ", getpriority(PRIO_USER, getuid()) <= getpriority(PRIO_PROCESS, 0),
	       errno ? strerrorname_np(errno) : "");
	errno = 0;
	printf("%d %s; ", getpriority(PRIO_USER, outer_uid + 7), errno ? strerrorname_np(errno) : "");
}

/* ---- with somebody outside ---- */

static int to_outside[2];

static void answer(pid_t pid)
{
	kill(pid, SIGUSR1);
	sigqueue(pid, SIGRTMIN, (union sigval){.sival_int = 1});
}

/* Answers whatever comes: by a message, and by signals. */
static void stay_outside(void)
{
	int flags = MSG_CMSG_CLOEXEC;

	handle(SIGRTMIN);
	setvbuf(stdout, NULL, _IONBF, 0);
	pass_credentials(to_outside[1]);
	CHECK_RESULT(write(to_outside[1], "r", 1));
	for (;;) {
		union control control;
		char byte;
		struct iovec iov = {&byte, 1};
		struct msghdr msg = {
		    .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};

		if (recvmsg(to_outside[1], &msg, flags) <= 0)
			_exit(0);
		printf("{outside: ");
		show_control(&msg);
		printf("} ");
		fflush(stdout);
		if (CMSG_FIRSTHDR(&msg))
			answer(((struct ucred *)CMSG_DATA(CMSG_FIRSTHDR(&msg)))->pid);
		CHECK_RESULT(write(to_outside[1], "y", 1));
	}
}

static void with_outside(void)
{
	struct ucred cred = {0};
	socklen_t len = sizeof(cred);

	handle(SIGUSR1);
	handle(SIGRTMIN);
	quiet = 0;
	printf("send ");
	fflush(stdout);
	sigqueue(outside, SIGRTMIN, (union sigval){.sival_int = 1});
	pass_credentials(to_outside[0]);
	CHECK_RESULT(write(to_outside[0], "x", 1));
	receive(to_outside[0], 0, 256);
	if (send_as(to_outside[0], getpid(), getuid(), getgid(), 0) < 0)
		tell("send", -1);
	else
		receive(to_outside[0], 0, 256);
	CHECK_RESULT(getsockopt(to_outside[0], SOL_SOCKET, SO_PEERCRED, &cred, &len));
	printf("peer uid %d gid %d; ", (int)cred.uid, (int)cred.gid);
}

static const struct line lines[] = {
    {"own ids", own_ids},
    {"SCM_CREDENTIALS", socket_credentials},
    {"inherited", inherited_credentials},
    {"SO_PEERCRED", peer_credentials},
    {"signals", signals},
    {"taken signals", taken_signals},
    {"mq_notify", queue_notice},
    {"System V IPC", ipc},
    {"files", files},
    {"access lists", lists},
    {"with one outside", with_outside},
};

/* senders [INSIDE]: in a namespace that maps our ids to INSIDE, or none; "same": in none. */
int main(int argc, char **argv)
{
	const char *inside = argc > 1 ? argv[1] : NULL;
	int status;
	char ready;

	if (argc == 3) {
		receive(atoi(argv[2]), 0, 256);
		return 0;
	}
	outer_uid = getuid();
	CHECK_RESULT(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, to_outside));
	outside = fork();
	if (outside == 0) {
		close(to_outside[0]);
		stay_outside();
	}
	close(to_outside[1]);
	CHECK_RESULT(read(to_outside[0], &ready, 1));
	if (!inside || strcmp(inside, "same") != 0)
		enter(inside);
	SHOW_LINES(lines);
	close(to_outside[0]);
	waitpid(outside, &status, 0);
	return 0;
}
