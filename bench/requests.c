/* SPDX-License-Identifier: MIT */
/*
 * What a request costs: starts a server, which says its port first ("port N"), has threads ask it for a second, each
 * connection one request, GUESTS of ten below /guest/, and prints "NAME NANOSECONDS".
 *
 *	requests NAME GUESTS COMMAND [ARGUMENT]...
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "bench/measure.h"

#define CLIENTS 8

static struct sockaddr_in server;
static int guests;
static _Atomic long served;
static _Atomic bool over;

static void give_up(const char *what)
{
	fprintf(stderr, "requests: %s\n", what);
	exit(1);
}

/* The server is a child, and ends with us. */
static pid_t start_server(char **command)
{
	int out[2], port;
	FILE *said;
	pid_t pid;

	if (pipe(out) != 0)
		give_up("no pipe");
	pid = fork();
	if (pid == 0) {
		dup2(out[1], 1);
		close(out[0]);
		close(out[1]);
		execvp(command[0], command);
		_exit(127);
	}
	close(out[1]);
	said = fdopen(out[0], "r");
	if (!said || fscanf(said, "port %d", &port) != 1)
		give_up("the server says no port");
	server = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return pid;
}

static bool ask(const char *request)
{
	static const char good[] = "HTTP/1.0 200";
	const struct linger at_once = {1, 0}; /* so that no port is kept for a while after each request */
	int s = socket(AF_INET, SOCK_STREAM, 0);
	char reply[1000] = "";
	ssize_t n = -1;
	size_t len = 0;

	if (connect(s, (struct sockaddr *)&server, sizeof(server)) == 0 &&
	    write(s, request, strlen(request)) == (ssize_t)strlen(request))
		while ((n = read(s, reply + len, sizeof(reply) - len)) > 0)
			len += (size_t)n;
	setsockopt(s, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(s);
	return n == 0 && len > sizeof(good) && memcmp(reply, good, sizeof(good) - 1) == 0;
}

static void *client(void *unused)
{
	for (int i = 0; !atomic_load(&over); i = (i + 1) % 10) {
		if (!ask(i < guests ? "GET /guest/hello HTTP/1.0\r\n\r\n" : "GET / HTTP/1.0\r\n\r\n"))
			give_up("a request was not served");
		atomic_fetch_add(&served, 1);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[CLIENTS];
	double start;
	pid_t pid;
	long count;
	int i;

	if (argc < 4)
		return 2;
	guests = atoi(argv[2]);
	signal(SIGCHLD, SIG_IGN); /* those who leave the server are our children, and nobody waits for them */
	signal(SIGPIPE, SIG_IGN);
	pid = start_server(argv + 3);
	for (i = 0; i < CLIENTS; i++)
		if (pthread_create(&threads[i], NULL, client, NULL) != 0)
			give_up("no thread");
	usleep(200000); /* until all are at work */
	start = now_ns();
	count = atomic_load(&served);
	sleep(1);
	count = atomic_load(&served) - count;
	print_ns(argv[1], (now_ns() - start) / (double)count);
	atomic_store(&over, true);
	for (i = 0; i < CLIENTS; i++)
		pthread_join(threads[i], NULL);
	kill(pid, SIGTERM);
	return 0;
}
