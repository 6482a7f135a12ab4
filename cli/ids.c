/* SPDX-License-Identifier: MIT */
/* Users and groups: the maps of a new user namespace, -S and -G, --keep-caps. */
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "cli/cli.h"

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		die_errno("cannot open %s", path);
	if (write(fd, text, strlen(text)) < 0)
		die_errno("cannot write \"%s\" to %s", text, path);
	close(fd);
}

static void write_map(const char *path, unsigned inside, unsigned outside)
{
	char text[64];

	snprintf(text, sizeof(text), "%u %u 1", inside, outside);
	write_file(path, text);
}

void write_id_maps(const struct options *options, unsigned euid, unsigned egid)
{
	enum setgroups setgroups = options->setgroups;

	if (options->map_user != ID_NONE)
		write_map("/proc/self/uid_map", options->map_user, euid);
	if (options->map_group != ID_NONE) {
		/* The condition for mapping a group without privilege: user_namespaces(7). */
		write_file("/proc/self/setgroups", "deny");
		write_map("/proc/self/gid_map", options->map_group, egid);
		setgroups = SETGROUPS_NONE;
	}
	if (setgroups != SETGROUPS_NONE)
		write_file("/proc/self/setgroups", setgroups == SETGROUPS_ALLOW ? "allow" : "deny");
}

void change_ids(const struct options *options)
{
	if (options->setgid != ID_NONE) {
		if (setgroups(0, NULL) != 0)
			die_errno("cannot drop the supplementary groups");
		if (setgid(options->setgid) != 0)
			die_errno("cannot become group %u", options->setgid);
	}
	if (options->setuid != ID_NONE && setuid(options->setuid) != 0)
		die_errno("cannot become user %u", options->setuid);
}

/* Permitted capabilities become inheritable, then ambient: so they survive execve(2). */
void keep_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data) != 0)
		die_errno("cannot read the capabilities");
	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		data[i].inheritable = data[i].permitted;
	if (syscall(SYS_capset, &header, data) != 0)
		die_errno("cannot make the capabilities inheritable");
	for (unsigned cap = 0; cap <= CAP_LAST_CAP; cap++) {
		if ((data[cap / 32].permitted >> cap % 32 & 1) &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) != 0)
			die_errno("cannot keep capability %u", cap);
	}
}
