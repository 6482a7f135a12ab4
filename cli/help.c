/* SPDX-License-Identifier: MIT */
/* --help: fits a screen of 24 lines and 80 columns. */
#include <stdio.h>
#include "cli/cli.h"

void print_help(void)
{
	fputs("Usage: secede [options] [program [arguments]]\n"
	      "       secede enter|ls|map ...   (join, list, draw running sessions: --help)\n"
	      "Run a program in new namespaces, like unshare(1), without any privilege.\n"
	      "\n"
	      " -m, --mount               new mount namespace\n"
	      " -u, --uts                 new UTS namespace (host name)\n"
	      " -U, --user                new user namespace\n"
	      " -r, --map-root-user       be root in it    -c, --map-current-user   be yourself\n"
	      "     --map-user=UID|NAME, --map-group=GID|NAME    be that one\n"
	      "     --bind SRC:DST        show SRC at DST; read-only: --ro-bind SRC:DST\n"
	      "     --tmpfs DIR           an empty file system on DIR\n"
	      "     --mount-proc[=DIR]    proc on DIR (default: /proc)\n"
	      "     --propagation private|shared|slave|unchanged\n"
	      "     --hostname NAME       set the host name\n"
	      "     --setgroups allow|deny, --keep-caps          in a user namespace\n"
	      " -R, --root=DIR            root directory      -w, --wd=DIR   working directory\n"
	      " -S, --setuid=UID          user id             -G, --setgid=GID   group id\n"
	      " -f, --fork                run the program as a child\n"
	      "     --kill-child[=SIGNAL] and let it die with secede (default: KILL)\n"
	      "     --log=FILE            append a line for each call refused or not known\n"
	      "     --strict-linux        answer only as Linux does\n"
	      "     --no-patch            stop each system call by a signal, patch no call sites\n"
	      "     --stats               tell the log at the end how many call sites were patched\n"
	      " -h, --help                show this           -V, --version\n"
	      "\n"
	      "Without a program, $SHELL is run (default: /bin/sh). See secede(1).\n",
	      stdout);
}
