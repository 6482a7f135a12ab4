/* SPDX-License-Identifier: MIT */
/* RLIMIT_NOFILE, lifted for a moment: host/nofile.h. */
#include "host/nofile.h"

#include "host/host.h"

bool nofile_lift(struct rlimit64 *old)
{
	struct rlimit64 lifted;

	if (host_call4(__NR_prlimit64, 0, RLIMIT_NOFILE, NULL, old) || old->rlim_cur == old->rlim_max)
		return false;
	lifted = (struct rlimit64){old->rlim_max, old->rlim_max};
	return !host_call4(__NR_prlimit64, 0, RLIMIT_NOFILE, &lifted, NULL);
}

void nofile_restore(const struct rlimit64 *old)
{
	host_call4(__NR_prlimit64, 0, RLIMIT_NOFILE, old, NULL);
}
