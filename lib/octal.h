/* SPDX-License-Identifier: MIT */
/* The escapes of /proc/PID/mountinfo (proc_pid_mountinfo(5)). */
#ifndef SECEDE_LIB_OCTAL_H
#define SECEDE_LIB_OCTAL_H

/* Blanks, newlines and backslashes stand as a backslash and three octal digits: makes them what they were, in place. */
static inline void unescape_octal(char *s)
{
	char *out = s;

	for (; *s; s++) {
		if (s[0] == '\\' && s[1] && s[2] && s[3]) {
			*out++ = (char)((s[1] & 7) << 6 | (s[2] & 7) << 3 | (s[3] & 7));
			s += 3;
		} else {
			*out++ = *s;
		}
	}
	*out = '\0';
}

#endif
