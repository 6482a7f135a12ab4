/* SPDX-License-Identifier: MIT */
/* uname(2), sethostname(2), setdomainname(2): the names of the task's UTS namespace, the host's for the rest. */
#include <linux/utsname.h>
#include "host/host.h"
#include "host/uaccess.h"
#include "lib/string.h"
#include "sys/sys.h"
#include "warden/client.h"

s64 sys_uname(struct task *task, struct regs *regs)
{
	struct new_utsname names;
	long err = host_call1(__NR_uname, &names);

	if (err)
		return err;
	memset(names.nodename, 0, sizeof(names.nodename));
	memset(names.domainname, 0, sizeof(names.domainname));
	uts_read(task->nsproxy->uts, names.nodename, names.domainname);
	return put_guest(ARG0(regs), names);
}

static s64 set_name(struct task *task, u64 which, u64 uname, s32 len)
{
	struct request req;
	char name[UTS_LEN];

	if (!ns_capable(task, task->nsproxy->uts->user_ns, CAP_SYS_ADMIN))
		return -EPERM;
	if (len < 0 || len > UTS_LEN)
		return -EINVAL;
	if (copy_from_guest(name, uname, (size_t)len))
		return -EFAULT;
	request_init(&req, REQ_SETNAME, task);
	req.arg = which;
	request_add(&req, name, (size_t)len);
	return warden_call(task, &req, NULL);
}

s64 sys_sethostname(struct task *task, struct regs *regs)
{
	return set_name(task, 0, ARG0(regs), (s32)ARG1(regs));
}

s64 sys_setdomainname(struct task *task, struct regs *regs)
{
	return set_name(task, 1, ARG0(regs), (s32)ARG1(regs));
}
