/* SPDX-License-Identifier: MIT */
/* The functions that sys/table.c names, by family (one file each: sys/FAMILY.c). Included by sys/sys.h alone. */

/* sys/open.c */
SYSCALL(open);
SYSCALL(creat);
SYSCALL(openat);
SYSCALL(openat2);

/* sys/fd.c */
SYSCALL(close);
SYSCALL(dup);
SYSCALL(dup2);
SYSCALL(fcntl);
SYSCALL(dup3);
SYSCALL(close_range);

/* sys/nsfs.c */
SYSCALL(ioctl);

/* sys/futex_pi.c */
SYSCALL(futex);

/* sys/pids.c */
SYSCALL(timer_create);

/* sys/scm.c */
SYSCALL(setsockopt);

/* sys/recv.c */
SYSCALL(accept);
SYSCALL(recvfrom);
SYSCALL(recvmsg);
SYSCALL(accept4);
SYSCALL(recvmmsg);

/* sys/read.c */
SYSCALL(read);
SYSCALL(write);
SYSCALL(writev);

/* sys/sigqueue.c */
SYSCALL(rt_sigqueueinfo);
SYSCALL(rt_tgsigqueueinfo);
SYSCALL(pidfd_send_signal);

/* sys/pidfd.c */
SYSCALL(pidfd_getfd);

/* sys/ipc.c */
SYSCALL(msgctl);
SYSCALL(shmctl);
SYSCALL(semctl);

/* sys/stat.c, sys/access.c */
SYSCALL(stat);
SYSCALL(fstat);
SYSCALL(lstat);
SYSCALL(access);
SYSCALL(readlink);
SYSCALL(statfs);
SYSCALL(fstatfs);
SYSCALL(newfstatat);
SYSCALL(readlinkat);
SYSCALL(faccessat);
SYSCALL(statx);
SYSCALL(faccessat2);

/* sys/mm.c */
SYSCALL(mmap);
SYSCALL(mprotect);
SYSCALL(munmap);
SYSCALL(mremap);
SYSCALL(madvise);
SYSCALL(remap_file_pages);
SYSCALL(pkey_mprotect);
SYSCALL(mseal);
SYSCALL(msync);
SYSCALL(mincore);
SYSCALL(mlock);
SYSCALL(munlock);
SYSCALL(mlock2);
SYSCALL(mbind);
SYSCALL(map_shadow_stack);
SYSCALL(shmat);
SYSCALL(process_madvise);

/* sys/signal.c */
SYSCALL(rt_sigaction);
SYSCALL(rt_sigprocmask);
SYSCALL(rt_sigreturn);
SYSCALL(rt_sigpending);
SYSCALL(sigaltstack);

/* sys/socket.c */
SYSCALL(connect);
SYSCALL(sendto);
SYSCALL(sendmsg);
SYSCALL(bind);
SYSCALL(getsockname);
SYSCALL(getpeername);
SYSCALL(getsockopt);
SYSCALL(sendmmsg);

/* sys/process.c */
SYSCALL(clone);
SYSCALL(fork);
SYSCALL(vfork);
SYSCALL(exit);
SYSCALL(unshare);
SYSCALL(clone3);

/* sys/limit.c */
SYSCALL(getrlimit);
SYSCALL(setrlimit);
SYSCALL(prlimit64);

/* sys/kill.c */
SYSCALL(kill);

/* sys/ptrace.c */
SYSCALL(ptrace);
SYSCALL(wait4);
SYSCALL(waitid);

/* sys/exec.c */
SYSCALL(execve);
SYSCALL(execveat);

/* sys/ns.c */
SYSCALL(setns);

/* sys/uts.c */
SYSCALL(uname);
SYSCALL(sethostname);
SYSCALL(setdomainname);

/* sys/attr.c */
SYSCALL(fallocate);
SYSCALL(truncate);
SYSCALL(chmod);
SYSCALL(fchmod);
SYSCALL(chown);
SYSCALL(fchown);
SYSCALL(lchown);
SYSCALL(utime);
SYSCALL(utimes);
SYSCALL(fchownat);
SYSCALL(futimesat);
SYSCALL(fchmodat);
SYSCALL(utimensat);
SYSCALL(fchmodat2);

/* sys/xattr.c */
SYSCALL(setxattr);
SYSCALL(lsetxattr);
SYSCALL(fsetxattr);
SYSCALL(getxattr);
SYSCALL(lgetxattr);
SYSCALL(listxattr);
SYSCALL(llistxattr);
SYSCALL(removexattr);
SYSCALL(lremovexattr);
SYSCALL(fgetxattr);
SYSCALL(fremovexattr);
SYSCALL(setxattrat);
SYSCALL(getxattrat);
SYSCALL(listxattrat);
SYSCALL(removexattrat);
SYSCALL(file_getattr);
SYSCALL(file_setattr);

/* sys/fs.c */
SYSCALL(getcwd);
SYSCALL(chdir);
SYSCALL(fchdir);
SYSCALL(umask);
SYSCALL(chroot);

/* sys/name.c */
SYSCALL(rename);
SYSCALL(mkdir);
SYSCALL(rmdir);
SYSCALL(link);
SYSCALL(unlink);
SYSCALL(symlink);
SYSCALL(mknod);
SYSCALL(mkdirat);
SYSCALL(mknodat);
SYSCALL(unlinkat);
SYSCALL(renameat);
SYSCALL(linkat);
SYSCALL(symlinkat);
SYSCALL(renameat2);

/* sys/cred.c */
SYSCALL(getuid);
SYSCALL(getgid);
SYSCALL(setuid);
SYSCALL(setgid);
SYSCALL(geteuid);
SYSCALL(getegid);
SYSCALL(setreuid);
SYSCALL(setregid);
SYSCALL(getgroups);
SYSCALL(setgroups);
SYSCALL(setresuid);
SYSCALL(getresuid);
SYSCALL(setresgid);
SYSCALL(getresgid);
SYSCALL(setfsuid);
SYSCALL(setfsgid);

/* sys/cap.c */
SYSCALL(capget);
SYSCALL(capset);
SYSCALL(prctl);

/* sys/patch.c */
SYSCALL(arch_prctl);

/* sys/seccomp.c */
SYSCALL(seccomp);

/* sys/mount.c, sys/umount.c, sys/pivot.c */
SYSCALL(mount);
SYSCALL(umount2);
SYSCALL(pivot_root);

/* sys/fsopen.c, sys/open_tree.c, sys/mount_setattr.c, sys/statmount.c, sys/listmount.c */
SYSCALL(open_tree);
SYSCALL(move_mount);
SYSCALL(fsopen);
SYSCALL(fsconfig);
SYSCALL(fsmount);
SYSCALL(fspick);
SYSCALL(mount_setattr);
SYSCALL(statmount);
SYSCALL(listmount);
SYSCALL(open_tree_attr);

/* sys/watch.c */
SYSCALL(acct);
SYSCALL(swapon);
SYSCALL(swapoff);
SYSCALL(quotactl);
SYSCALL(inotify_add_watch);
SYSCALL(fanotify_mark);
SYSCALL(name_to_handle_at);
SYSCALL(open_by_handle_at);
SYSCALL(quotactl_fd);

/* sys/mq.c */
SYSCALL(mq_open);

/* sys/sigwait.c */
SYSCALL(rt_sigtimedwait);
SYSCALL(rt_sigsuspend);
SYSCALL(pselect6);
SYSCALL(io_pgetevents);
SYSCALL(ppoll);
SYSCALL(epoll_pwait);
SYSCALL(signalfd);
SYSCALL(signalfd4);
SYSCALL(epoll_pwait2);

/* sys/landlock.c */
SYSCALL(landlock_add_rule);
SYSCALL(landlock_restrict_self);

/* sys/sem.c */
SYSCALL(semop);
SYSCALL(semtimedop);

/* sys/getdents.c */
SYSCALL(getdents);
SYSCALL(getdents64);
