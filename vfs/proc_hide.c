/* SPDX-License-Identifier: MIT */
/* The mount options hidepid=, gid= and subset= of proc (proc(5)): what of it a mount keeps from whom. */
#include <asm/errno.h>
#include <asm/stat.h>
#include <linux/fcntl.h>
#include "arena/arena.h"
#include "host/host.h"
#include "lib/string.h"
#include "vfs/proc_internal.h"

/* What the host says of one of its processes to us, who are its user's: who may follow this link may look into it. */
static bool host_lets(int pid)
{
	char path[PROC_PATH_SIZE], text[1];

	return proc_host_path(path, sizeof(path), pid, "exe") &&
	       host_readlinkat(AT_FDCWD, path, text, sizeof(text)) != -EACCES;
}

static bool is_owned(int pid, u32 kuid)
{
	char path[PROC_PATH_SIZE];
	struct stat st;

	return proc_host_path(path, sizeof(path), pid, "") && !host_call4(__NR_newfstatat, AT_FDCWD, path, &st, 0) &&
	       st.st_uid == kuid;
}

static bool has_ids_and_less(const struct cred *of, const struct cred *c)
{
	return c->fsuid == of->euid && c->fsuid == of->suid && c->fsuid == of->uid && c->fsgid == of->egid &&
	       c->fsgid == of->sgid && c->fsgid == of->gid && !(of->cap_permitted & ~c->cap_effective);
}

/* May the task look into the process (ptrace(2), PTRACE_MODE_READ_FSCREDS)? */
static bool may_look(struct task *task, int pid)
{
	struct proc_task who;
	struct task_facts facts;
	bool may;

	if (!proc_find(task, pid, &who))
		return host_lets(pid) && task->nsproxy->user == arena()->init_user && is_owned(pid, task->cred->fsuid);
	if ((who.own && who.own->tgid == task->tgid) || ns_capable(task, who.user, CAP_SYS_PTRACE))
		return true;
	if (who.user != task->nsproxy->user || !host_lets(pid) || !facts_get(&who, &facts))
		return false;
	may = has_ids_and_less(&facts.cred, task->cred);
	facts_put(&facts);
	return may;
}

int proc_denies(struct task *task, const struct proc_view *view, const char *rel, bool entered)
{
	u32 hidepid = view->hides & HIDEPID_MASK;
	const char *rest = rel;
	u64 pid;

	if (!view->hides || !*rel)
		return 0;
	if (!parse_u64(&rest, &pid) || pid > INT32_MAX || (*rest && *rest != '/'))
		return (view->hides & SUBSET_PID) && strcmp(rel, "self") && strcmp(rel, "thread-self") ? -ENOENT : 0;
	if (!hidepid || (hidepid == HIDEPID_NO_ACCESS && !*rest && !entered))
		return 0;
	if ((hidepid != HIDEPID_NOT_PTRACEABLE && in_group_p(task->cred, view->gid)) || may_look(task, (int)pid))
		return 0;
	return hidepid == HIDEPID_NO_ACCESS ? -EPERM : -ENOENT;
}

static __attribute__((noinline)) int may_enter(struct task *task, const struct nameidata *nd)
{
	char rel[PATH_MAX];
	int err = nd_proc_rel(task, nd, rel, sizeof(rel));

	return err < 0 ? err : proc_denies(task, &nd->view, rel, true);
}

int proc_may_enter(struct task *task, const struct nameidata *nd)
{
	return nd->proc && nd->view.hides && nd->len && !nd->magic ? may_enter(task, nd) : 0;
}
