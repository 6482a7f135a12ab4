/* SPDX-License-Identifier: MIT */
/*
 * What a lookup costs: prints "NAME NANOSECONDS" for calls that take a path, at several depths and through symbolic
 * links, with MOUNTS more bind mounts in the same namespace. For these it needs the right to mount.
 *
 *	lookup DIRECTORY [MOUNTS]
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include "bench/measure.h"
#include "bench/path.h"

static void call_missing(void)
{
	struct stat st;

	if (stat(path, &st) == 0)
		abort();
}

static void call_access(void)
{
	if (access(path, R_OK) != 0)
		abort();
}

static void call_readlink(void)
{
	char text[4096];

	if (readlink(path, text, sizeof(text)) < 0)
		abort();
}

static void must(int failed, const char *what)
{
	if (failed)
		die(what);
}

static void make_file(const char *name)
{
	int fd = open(name, O_CREAT | O_WRONLY, 0644);

	must(fd < 0, name);
	close(fd);
}

/* d/d/.../d/file, `depth` components below `base`, and a link beside it; the path of the file is left in `path`. */
static void make_deep(const char *base, int depth)
{
	char link[4096 + 8];
	int i;

	strcpy(path, base);
	for (i = 1; i < depth; i++) {
		strcat(path, "/d");
		mkdir(path, 0755);
	}
	snprintf(link, sizeof(link), "%s/link", path);
	strcat(path, "/file");
	make_file(path);
	must(symlink("file", link) != 0, link);
}

static void report_deep(const char *base, int depth)
{
	char name[64];

	make_deep(base, depth);
	snprintf(name, sizeof(name), "stat-%d", depth);
	report(name, call_stat);
	snprintf(name, sizeof(name), "open-%d", depth);
	report(name, call_open_close);
	snprintf(name, sizeof(name), "access-%d", depth);
	report(name, call_access);
	strcpy(strrchr(path, '/'), "/none");
	snprintf(name, sizeof(name), "missing-%d", depth);
	report(name, call_missing);
	strcpy(strrchr(path, '/'), "/link");
	snprintf(name, sizeof(name), "readlink-%d", depth);
	report(name, call_readlink);
	snprintf(name, sizeof(name), "final-%d", depth);
	report(name, call_stat);
}

static void report_links(const char *base)
{
	char name[4096];

	snprintf(path, sizeof(path), "%s/one", base);
	must(symlink("d/d", path) != 0, path);
	snprintf(path, sizeof(path), "%s/two", base);
	must(symlink("one/d", path) != 0, path);
	snprintf(name, sizeof(name), "%s/one", base);
	snprintf(path, sizeof(path), "%s/abs", base);
	must(symlink(name, path) != 0, path);
	snprintf(path, sizeof(path), "%s/one/file", base);
	make_file(path);
	report("stat-link", call_stat);
	report("open-link", call_open_close);
	snprintf(path, sizeof(path), "%s/two/file", base);
	make_file(path);
	report("stat-link-link", call_stat);
	report("open-link-link", call_open_close);
	snprintf(path, sizeof(path), "%s/abs/file", base);
	report("stat-abs-link", call_stat);
	strcpy(path, "/bin/sh");
	report("stat-bin-sh", call_stat);
	strcpy(path, "/bin/cat");
	report("stat-bin-cat", call_stat);
	report("open-bin-cat", call_open_close);
	strcpy(path, "/lib/os-release");
	report("stat-lib", call_stat);
	must(chdir(base) != 0, base);
	strcpy(path, "one/file");
	report("stat-rel-link", call_stat);
	report("open-rel-link", call_open_close);
	strcpy(path, "d/d/file");
	report("stat-rel", call_stat);
	strcpy(path, "file");
	report("stat-name", call_stat);
	snprintf(path, sizeof(path), "%s/d/d/../d/file", base);
	make_file(path);
	report("stat-dotdot", call_stat);
}

static void make_mounts(const char *base, int nr)
{
	char point[4096];
	int i;

	for (i = 0; i < nr; i++) {
		snprintf(point, sizeof(point), "%s/m%d", base, i);
		must(mkdir(point, 0755) != 0, point);
		must(mount(base, point, NULL, MS_BIND, NULL) != 0, point);
	}
}

int main(int argc, char **argv)
{
	static const int depths[] = {1, 4, 16, 64};
	unsigned i;

	if (argc != 2 && argc != 3)
		return 2;
	measure_clock = CLOCK_PROCESS_CPUTIME_ID;
	make_mounts(argv[1], argc == 3 ? atoi(argv[2]) : 0);
	for (i = 0; i < sizeof(depths) / sizeof(depths[0]); i++)
		report_deep(argv[1], depths[i]);
	report_links(argv[1]);
	return 0;
}
