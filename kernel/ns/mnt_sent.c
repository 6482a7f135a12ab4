/* SPDX-License-Identifier: MIT */
/*
 * Files and directories that were sent in messages (unix(7), SCM_RIGHTS). The receiver has a number about which its own
 * process has noted nothing; of one of proc or of a tmpfs the host's path does not say through which mount it is seen.
 */
#include "kernel/ns/mnt_tree.h"

u64 mnt_sent(u64 dev, u64 ino)
{
	const struct file_sent *sent = arena()->sent;
	u64 nr = atomic_load(&arena()->files_sent), mnt;

	for (u64 i = nr; i > 0 && i + FILES_SENT > nr; i--) {
		const struct file_sent *s = &sent[(i - 1) % FILES_SENT];

		if (atomic_load(&s->ino) != ino || atomic_load(&s->dev) != dev)
			continue;
		mnt = atomic_load(&s->mnt);
		/* It may be another one's, which has got the entry meanwhile. */
		if (atomic_load(&s->ino) == ino)
			return mnt;
	}
	return 0;
}

void mnt_send(const struct mount *m, u64 dev, u64 ino)
{
	u64 nr = atomic_load(&arena()->files_sent);
	struct file_sent *s = &arena()->sent[nr % FILES_SENT];

	mnt_remember(m, false);
	atomic_store(&s->ino, 0);
	atomic_store(&s->dev, dev);
	atomic_store(&s->mnt, m->id);
	atomic_store(&s->ino, ino);
	atomic_store(&arena()->files_sent, nr + 1);
}
