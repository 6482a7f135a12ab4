/* SPDX-License-Identifier: MIT */
/* fsconfig(2)'s commands, with the one that not every system's headers have. */
#ifndef SECEDE_LIB_FSCONFIG_H
#define SECEDE_LIB_FSCONFIG_H

#include <linux/mount.h>

#ifndef FSCONFIG_CMD_CREATE_EXCL
#define FSCONFIG_CMD_CREATE_EXCL 8
#endif

#endif
