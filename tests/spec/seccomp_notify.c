/* SPDX-License-Identifier: MIT */
/* Calls that another process answers (seccomp_unotify(2)): those that secede carries out and those that the host does.
 */
#include <poll.h>
#include <sys/socket.h>

#include "tests/spec/filters.h"

/* Receives one notification from `fd` and sends the answer. The call's number. */
static int answer(int fd, long long val, int error, unsigned flags)
{
	struct seccomp_notif notif = {0};
	struct seccomp_notif_resp resp = {.val = val, .error = error, .flags = flags};

	CHECK_OK(ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &notif));
	CHECK(notif.data.arch == AUDIT_ARCH_X86_64);
	CHECK_OK(ioctl(fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &notif.id));
	resp.id = notif.id;
	CHECK_OK(ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &resp));
	return notif.data.nr;
}

static void send_fd(int socket, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = {0}, byte = 0;
	struct iovec iov = {&byte, 1};
	struct msghdr msg = {
	    .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	CHECK(sendmsg(socket, &msg, 0) == 1);
}

static int receive_fd(int socket)
{
	char control[CMSG_SPACE(sizeof(int))], byte;
	struct iovec iov = {&byte, 1};
	struct msghdr msg = {
	    .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	struct cmsghdr *cmsg;
	int fd = -1;

	CHECK(recvmsg(socket, &msg, 0) == 1);
	cmsg = CMSG_FIRSTHDR(&msg);
	CHECK(cmsg != NULL);
	if (cmsg)
		memcpy(&fd, CMSG_DATA(cmsg), sizeof(fd));
	return fd;
}

/* A child whose calls `nr` are told to the caller, as sandboxes are set up; it then runs `work`. */
static pid_t supervised(int nr, void (*work)(void), int *listener)
{
	int sockets[2];
	pid_t pid;

	CHECK_OK(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	pid = fork();
	if (pid == 0) {
		alarm(60);
		*listener = (int)CHECK_OK(install_with(nr, SECCOMP_RET_USER_NOTIF, SECCOMP_FILTER_FLAG_NEW_LISTENER));
		send_fd(sockets[1], *listener);
		close(*listener);
		work();
		_exit(0);
	}
	*listener = receive_fd(sockets[0]);
	close(sockets[0]);
	close(sockets[1]);
	return pid;
}

/* ---- answers ---- */

static void make_directory(void)
{
	CHECK_FAILS(syscall(SYS_mkdirat, AT_FDCWD, "made", 0700), ENETDOWN);
	CHECK_FAILS(access("made", F_OK), ENOENT);
	CHECK(syscall(SYS_mkdirat, AT_FDCWD, "made", 0700) == 12345678901);
	CHECK_FAILS(access("made", F_OK), ENOENT);
	CHECK(syscall(SYS_mkdirat, AT_FDCWD, "made", 0700) == 0);
	CHECK_OK(access("made", F_OK));
	CHECK_FAILS(syscall(SYS_mkdirat, AT_FDCWD, "made", 0700), EEXIST);
}

static void ask_group(void)
{
	CHECK_FAILS(syscall(SYS_getpgid, 0), ENETDOWN);
	CHECK(syscall(SYS_getpgid, 0) == 12345678901);
	CHECK(syscall(SYS_getpgid, 0) == getpgrp());
	CHECK(syscall(SYS_getpgid, 0) == getpgrp());
}

static void answers(int nr, void (*work)(void))
{
	int fd;
	pid_t pid = supervised(nr, work, &fd);

	CHECK(answer(fd, 0, -ENETDOWN, 0) == nr);
	CHECK(answer(fd, 12345678901, 0, 0) == nr);
	CHECK(answer(fd, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE) == nr);
	CHECK(answer(fd, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE) == nr);
	check_child(pid);
}

/* In a directory that only the session knows: that it is made there says who has made it. */
static void answers_of_file_call(void)
{
	CHECK_OK(unshare(CLONE_NEWNS));
	CHECK_OK(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL));
	CHECK_OK(mount("none", "/mnt", "tmpfs", 0, NULL));
	CHECK_OK(chdir("/mnt"));
	answers(SYS_mkdirat, make_directory);
}

static void answers_of_other_call(void)
{
	answers(SYS_getpgid, ask_group);
}

/* ---- what the listener gets to know ---- */

static int notified(int fd, struct seccomp_notif *notif)
{
	memset(notif, 0, sizeof(*notif));
	return (int)CHECK_OK(ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, notif));
}

static void make_named(void)
{
	syscall(SYS_mkdirat, 17, "a name", 0712);
}

static void read_name(const struct seccomp_notif *notif)
{
	char path[64], name[8] = {0};
	int mem;

	snprintf(path, sizeof(path), "/proc/%u/mem", notif->pid);
	mem = (int)CHECK_OK(open(path, O_RDONLY));
	CHECK(pread(mem, name, 7, (off_t)notif->data.args[1]) == 7 && strcmp(name, "a name") == 0);
	close(mem);
}

static void arguments(void)
{
	struct seccomp_notif notif;
	struct seccomp_notif_resp resp = {0};
	struct pollfd poll_fd = {.events = POLLIN | POLLOUT};
	int fd;
	pid_t pid = supervised(SYS_mkdirat, make_named, &fd);

	poll_fd.fd = fd;
	CHECK(poll(&poll_fd, 1, 5000) == 1 && poll_fd.revents == POLLIN);
	notified(fd, &notif);
	CHECK(notif.pid == (unsigned)pid && notif.flags == 0);
	CHECK(notif.data.nr == SYS_mkdirat && notif.data.args[0] == 17 && notif.data.args[2] == 0712);
	read_name(&notif);
	CHECK_FAILS(ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &resp), ENOENT);
	resp.id = notif.id;
	resp.flags = 1U << 30;
	CHECK_FAILS(ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &resp), EINVAL);
	resp.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	resp.val = 1;
	CHECK_FAILS(ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &resp), EINVAL);
	resp.val = 0;
	CHECK_OK(ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &resp));
	CHECK_FAILS(ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, (void *)8), EFAULT);
	CHECK_FAILS(ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, (void *)8), EFAULT);
	check_child(pid);
	CHECK_FAILS(ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &resp), ENOENT);
	CHECK(poll(&poll_fd, 1, 5000) == 1 && (poll_fd.revents & POLLHUP));
}

/* ---- descriptors from the listener ---- */

static void open_things(void)
{
	char text[8] = {0};
	struct stat st;
	int fd = (int)CHECK_OK(syscall(SYS_openat, AT_FDCWD, "/no such file", O_RDONLY));

	CHECK(read(fd, text, sizeof(text)) == 5 && strcmp(text, "given") == 0);
	CHECK(syscall(SYS_openat, AT_FDCWD, "/no such file either", O_RDONLY) == 99);
	CHECK_OK(fchdir(99));
	CHECK_OK(fstatat(99, ".", &st, 0));
}

static void add_descriptors(void)
{
	struct seccomp_notif notif;
	struct seccomp_notif_addfd add = {.flags = SECCOMP_ADDFD_FLAG_SEND};
	struct seccomp_notif_resp resp = {.val = 99};
	int pipe_fds[2], fd;
	pid_t pid = supervised(SYS_openat, open_things, &fd);

	CHECK_OK(pipe(pipe_fds));
	CHECK(write(pipe_fds[1], "given", 5) == 5);
	notified(fd, &notif);
	add.id = notif.id;
	add.srcfd = (unsigned)pipe_fds[0];
	CHECK_OK(ioctl(fd, SECCOMP_IOCTL_NOTIF_ADDFD, &add));
	notified(fd, &notif);
	add = (struct seccomp_notif_addfd){
	    .id = notif.id,
	    .flags = SECCOMP_ADDFD_FLAG_SETFD,
	    .srcfd = (unsigned)CHECK_OK(open("/tmp", O_RDONLY | O_DIRECTORY)),
	    .newfd = 99,
	};
	CHECK(ioctl(fd, SECCOMP_IOCTL_NOTIF_ADDFD, &add) == 99);
	resp.id = notif.id;
	CHECK_OK(ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &resp));
	check_child(pid);
}

/* ---- interrupted, and left alone ---- */

static volatile int handled;

static void on_signal(int sig)
{
	handled++;
}

static void interrupted_call(void)
{
	struct sigaction action = {.sa_handler = on_signal};

	CHECK_OK(sigaction(SIGUSR1, &action, NULL));
	CHECK_FAILS(syscall(SYS_mkdirat, AT_FDCWD, "/tmp/never", 0700), EINTR);
	CHECK(handled == 1);
	action.sa_flags = SA_RESTART;
	CHECK_OK(sigaction(SIGUSR1, &action, NULL));
	CHECK_FAILS(syscall(SYS_mkdirat, AT_FDCWD, "/tmp/never", 0700), ENETDOWN);
	CHECK(handled == 2);
}

static void interrupted(void)
{
	struct seccomp_notif notif;
	int fd;
	pid_t pid = supervised(SYS_mkdirat, interrupted_call, &fd);

	for (int i = 0; i < 2; i++) {
		notified(fd, &notif);
		CHECK_OK(kill(pid, SIGUSR1));
		/* Once the signal has been handled nobody waits for an answer to this one any more. */
		for (int n = 0; n < 5000 && ioctl(fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &notif.id) == 0; n++)
			usleep(10000);
		CHECK_FAILS(ioctl(fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &notif.id), ENOENT);
	}
	answer(fd, 0, -ENETDOWN, 0);
	check_child(pid);
}

static void call_nobody(void)
{
	CHECK_FAILS(syscall(SYS_mkdirat, AT_FDCWD, "/tmp/never", 0700), ENOSYS);
}

static void no_listener(void)
{
	int fd;
	pid_t pid = supervised(SYS_mkdirat, call_nobody, &fd);

	close(fd);
	check_child(pid);
}

static void killed(void)
{
	struct seccomp_notif notif;
	int fd, status;
	pid_t pid = supervised(SYS_mkdirat, call_nobody, &fd);

	notified(fd, &notif);
	CHECK_OK(kill(pid, SIGKILL));
	CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
	CHECK_FAILS(ioctl(fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &notif.id), ENOENT);
}

/* A stronger answer of an older filter keeps the question from being asked; of two listeners there is only one. */
static void stacked(void)
{
	int fd;

	CHECK_OK(install(SYS_mkdirat, ERROR(ENETDOWN)));
	fd = (int)CHECK_OK(install_with(SYS_mkdirat, SECCOMP_RET_USER_NOTIF, SECCOMP_FILTER_FLAG_NEW_LISTENER));
	CHECK_FAILS(syscall(SYS_mkdirat, AT_FDCWD, "/tmp/never", 0700), ENETDOWN);
	CHECK_FAILS(install_with(SYS_rmdir, SECCOMP_RET_USER_NOTIF, SECCOMP_FILTER_FLAG_NEW_LISTENER), EBUSY);
	close(fd);
}

/* A program executed by the supervised child is supervised as well. */
static void run_program(void)
{
	execl("/bin/sh", "sh", "-c", "umask 027; umask", NULL);
	_exit(127);
}

static void program(void)
{
	struct pollfd poll_fd = {.events = POLLIN};
	int fd, status, answered = 0;
	pid_t pid = supervised(SYS_umask, run_program, &fd);

	poll_fd.fd = fd;
	while (poll(&poll_fd, 1, 5000) == 1 && (poll_fd.revents & POLLIN)) {
		answer(fd, 022, 0, 0);
		answered++;
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	CHECK(answered >= 2);
}

static const struct test tests[] = {
    {"answers to a call on files", answers_of_file_call},
    {"answers to another call", answers_of_other_call},
    {"the call's arguments", arguments},
    {"descriptors from the listener", add_descriptors},
    {"interrupted by a signal", interrupted},
    {"nobody listens", no_listener},
    {"killed while it waits", killed},
    {"stacked filters", stacked},
    {"a program", program},
};

int main(void)
{
	return RUN_TESTS(tests);
}
