/* SPDX-License-Identifier: MIT */
/* --log's file: a line for each thing that a guest was refused or that is not known, and at last what --stats counts.
 */
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>
#include "warden/warden.h"

static int log_fd = -1;

void log_open(int fd)
{
	log_fd = fd;
}

/* A guest's words: whatever could pass for another line, or move a terminal's cursor, is shown as '?'. */
static void clean(char *dst, const char *src, size_t len)
{
	for (size_t i = 0; i < len; i++)
		dst[i] = (unsigned char)src[i] < ' ' || src[i] == 127 ? '?' : src[i];
}

void log_line(int pid, const char *line, size_t len)
{
	char text[1200];
	int n = snprintf(text, sizeof(text), "%d ", pid);

	if (log_fd < 0)
		return;
	len = MIN(len, sizeof(text) - (size_t)n - 1);
	clean(text + n, line, len);
	text[(size_t)n + len] = '\n';
	/* A full disk is no reason to stop, nor is a pipe that nobody reads: then the line is lost. */
	if (write(log_fd, text, (size_t)n + len + 1) < 0)
		return;
}

void log_refusal(const struct call *call, const char *what, const char *why)
{
	char text[512];

	if (log_fd >= 0)
		log_line(call->req->pid, text, (size_t)snprintf(text, sizeof(text), "%.250s: %.250s", what, why));
}

s64 do_log(struct call *call)
{
	log_line(call->req->pid, call->s[0], call->req->len[0]);
	return 0;
}

static u64 stats[STAT_KINDS];

s64 do_stat(struct call *call)
{
	if (call->req->arg < STAT_KINDS)
		stats[call->req->arg]++;
	return 0;
}

void log_stats(void)
{
	char text[200];

	if (arena()->stats)
		log_line(getpid(), text,
			 (size_t)snprintf(
			     text, sizeof(text),
			     "call sites: %llu patched, %llu of other shapes, %llu in no file's text, %llu refused",
			     (unsigned long long)stats[STAT_PATCHED], (unsigned long long)stats[STAT_SHAPE],
			     (unsigned long long)stats[STAT_TEXT], (unsigned long long)stats[STAT_REFUSED]));
}
