/* SPDX-License-Identifier: MIT */
/*
 * A web server with a thread for each request. Threads share memory and descriptors: that makes them cheap, and it is
 * why one bad request can ruin all the others. So a request from somebody whom we do not trust (its path begins with
 * /guest/) leaves: in the middle of serving it, its thread unshares memory, descriptors and file system context, and
 * goes on in a private copy. Whatever happens to it there, the others do not notice.
 *
 *	make examples && build/secede -- build/examples/server 8080
 *
 *	curl localhost:8080/               you are visitor 1
 *	curl localhost:8080/guest/hello    olleh, from a copy in which you are visitor -1
 *	curl localhost:8080/guest/crash    half a reply
 *	curl localhost:8080/               you are visitor 2
 *
 * Who leaves is a child of the server's parent, here the shell. For comparison, `server PORT thread` serves guests in
 * the shared memory, and `server PORT fork` forks for every request, before it knows whose it is.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "libsecede/secede.h"

/* What all requests share. */
static _Atomic int visitors;

/* ---- leaving ---- */

static int leave(int client)
{
	/* CLONE_SYSVSEM: the list of semop(2)'s adjustments, which would have to be kept for both of us. */
	if (secede_unshare(CLONE_VM | CLONE_FILES | CLONE_FS | CLONE_SYSVSEM) != 0)
		return -1;
	/* From here on we are a process, and all that we have is a copy. What a guest has no business with goes: the
	 * others' connections, and the socket that new ones arrive at. */
	close_range(3, (unsigned)client - 1, 0);
	close_range((unsigned)client + 1, ~0U, 0);
	umask(077);
	return chdir("/");
}

static int stay(int client)
{
	return 0;
}

static int (*before_guest)(int client) = leave;

/* ---- requests ---- */

static void say(int client, const char *text)
{
	size_t left = strlen(text);
	ssize_t n;

	for (; left && (n = write(client, text, left)) > 0; text += n)
		left -= (size_t)n;
}

static void serve_visitor(int client)
{
	char text[64];

	snprintf(text, sizeof(text), "you are visitor %d\n", atomic_fetch_add(&visitors, 1) + 1);
	say(client, "HTTP/1.0 200 OK\r\n\r\n");
	say(client, text);
}

static void crash(void)
{
	static const char stone[] = "this cannot be written to";

	*(volatile char *)(uintptr_t)stone = 0;
}

static void wait_for_client(int client)
{
	char text[64];

	snprintf(text, sizeof(text), "process %d waits\n", getpid());
	say(client, text);
	if (read(client, text, 1) == 1)
		say(client, "and goes on\n");
}

static void turn_around(char *text)
{
	size_t i, len = strlen(text);

	for (i = 0; i < len / 2; i++) {
		char c = text[i];

		text[i] = text[len - 1 - i];
		text[len - 1 - i] = c;
	}
}

/* Does what it should not, as a program with a hole would: it writes where all have their memory. */
static void serve_guest(int client, char *wish)
{
	char text[64];

	say(client, "HTTP/1.0 200 OK\r\n\r\n");
	if (strcmp(wish, "crash") == 0) {
		say(client, "so far, so good\n");
		crash();
	}
	if (strcmp(wish, "wait") == 0)
		wait_for_client(client);
	visitors = -1;
	turn_around(wish);
	say(client, wish);
	snprintf(text, sizeof(text), ", from a copy in which you are visitor %d\n", visitors);
	say(client, text);
}

/* The path of a request, whose other lines are nothing to us. */
static int read_request(int client, char *path)
{
	char text[2048] = "";
	size_t len = 0;
	ssize_t n;

	while (!strstr(text, "\r\n\r\n")) {
		n = read(client, text + len, sizeof(text) - 1 - len);
		if (n <= 0)
			return -1;
		len += (size_t)n;
	}
	return sscanf(text, "GET %255s", path) == 1 ? 0 : -1;
}

static void hang_up(void *client)
{
	close(*(int *)client);
}

/*
 * When a request leaves, its thread ends here, for the server, as by pthread_exit(3): hang_up() closes the server's
 * copy of the connection, and later, where the request is served, that one's.
 */
static void *serve(void *connection)
{
	static const char guests[] = "/guest/";
	int client = (int)(intptr_t)connection;
	char path[256];

	pthread_cleanup_push(hang_up, &client);
	if (read_request(client, path) != 0)
		say(client, "HTTP/1.0 400 Bad Request\r\n\r\n");
	else if (strncmp(path, guests, strlen(guests)) != 0)
		serve_visitor(client);
	else if (before_guest(client) == 0)
		serve_guest(client, path + strlen(guests));
	else
		say(client, "HTTP/1.0 503 Service Unavailable\r\n\r\nWe cannot part here: is this under secede?\n");
	pthread_cleanup_pop(1);
	return NULL;
}

/* ---- connections ---- */

static void in_thread(int client)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)client) == 0)
		pthread_detach(thread);
	else
		close(client);
}

static void in_process(int client)
{
	if (fork() == 0) {
		serve((void *)(intptr_t)client);
		_exit(0);
	}
	close(client);
}

static int listen_at(uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
	socklen_t len = sizeof(address);
	int at = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(at, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(at, (struct sockaddr *)&address, len) != 0 || listen(at, SOMAXCONN) != 0 ||
	    getsockname(at, (struct sockaddr *)&address, &len) != 0) {
		perror("server");
		exit(1);
	}
	printf("port %d\n", ntohs(address.sin_port));
	fflush(stdout);
	return at;
}

int main(int argc, char **argv)
{
	const char *how = argc > 2 ? argv[2] : "";
	void (*take)(int client) = in_thread;
	int at, client;

	if (argc < 2) {
		fputs("usage: server PORT [thread | fork]\n", stderr);
		return 2;
	}
	if (*how)
		before_guest = stay;
	if (strcmp(how, "fork") == 0)
		take = in_process;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	at = listen_at((uint16_t)strtoul(argv[1], NULL, 10)); /* 0: any port */
	for (;;) {
		client = accept(at, NULL, NULL);
		if (client >= 0)
			take(client);
	}
}
