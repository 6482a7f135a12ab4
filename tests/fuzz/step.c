/* SPDX-License-Identifier: MIT */
/* Bytes become steps: any bytes are some steps, and small changes of bytes are small changes of steps. */
#include "step.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include "vfs/namei.h"

static unsigned byte(struct input *in)
{
	return in->at < in->end ? *in->at++ : 0;
}

/* ---- paths ---- */

static const char *const components[] = {
    "a", "b", "c", "d", "a", "b", "f", "l", "m", "n", ".", "..", "..", "",  "a", "b", "c", "d", "a",
    "b", "a", "b", "c", "d", "a", "b", "f", "l", "m", "n", "a",	 "b",  "c", "",	 "a", "b", "c", "d",
};
#define COMPONENTS (sizeof(components) / sizeof(components[0]))
#define LONG_NAME  COMPONENTS	    /* the number of one of 255 bytes */
#define LONGER	   (COMPONENTS + 1) /* of one that may have a byte more than a name can */

/* Symlinks stay short: secede has 8 KiB for all that is left to walk, and 40 of them may be on the way. */
enum names { NAMES_SHORT, NAMES_LONG, NAMES_TOO_LONG };

static char *add_component(char *to, unsigned which, enum names names)
{
	size_t len;

	if (which >= LONG_NAME && names == NAMES_SHORT)
		which -= LONG_NAME;
	if (which >= LONG_NAME) {
		len = which == LONGER && names == NAMES_TOO_LONG ? NAME_MAX + 1 : NAME_MAX;
		memset(to, 'x', len);
		return to + len;
	}
	len = strlen(components[which]);
	memcpy(to, components[which], len);
	return to + len;
}

/* A byte for its form, and one for each of up to seven components. */
static void decode_path(struct input *in, char *path, enum names names)
{
	static const char *const tails[] = {"", "", "", "", "", "/", "//", "/."};
	static const unsigned char counts[] = {0, 1, 1, 1, 2, 2, 3, 7};
	unsigned form = byte(in), nr = counts[form >> 4 & 7];
	char *to = path;

	if (!(form & 8))
		*to++ = '/';
	/* Now and then by a link of proc, of which task decode_of() says. */
	if ((form & 7) == 4 && names != NAMES_SHORT) {
		to = stpcpy(path, form & 8 ? "/p/1/cwd" : "/p/1/root");
		*to = '/';
		to += nr != 0;
	}
	for (unsigned i = 0; i < nr; i++) {
		if (i)
			*to++ = '/';
		to = add_component(to, byte(in) % (COMPONENTS + 2), names);
	}
	strcpy(to, tails[form & 7]);
}

/* Of calls that change mounts three paths of four are one of these, so that they often meet. */
static const char *const places[] = {"/a",   "/b",   "/c",   "/d",   "/a/b",   "/b/a", "/a/d", "/a/b/c",
				     "/d/a", "/c/b", "/a/a", "/c/a", "/a/b/a", "/b/b", "/p",   "/p/1/cwd",
				     "/",    "a",    "b",    ".",    "..",     "/f"};

static void decode_place(struct input *in, char *path)
{
	unsigned which = byte(in);

	if (which < 64)
		decode_path(in, path, NAMES_LONG);
	else
		strcpy(path, places[which % (sizeof(places) / sizeof(places[0]))]);
}

/* ---- flags ---- */

/* Each bit of a number switches one flag on. */
static unsigned long pick(unsigned bits, const unsigned long *flags, size_t nr)
{
	unsigned long out = 0;

	for (size_t i = 0; i < nr; i++) {
		if (bits >> i & 1)
			out |= flags[i];
	}
	return out;
}
#define PICK(bits, ...)                                                                                                \
	pick((bits), (const unsigned long[]){__VA_ARGS__},                                                             \
	     sizeof((unsigned long[]){__VA_ARGS__}) / sizeof(unsigned long))

static unsigned long decode_resolve(struct input *in)
{
	unsigned bits = byte(in);
	unsigned long resolve = PICK(bits >> 1, RESOLVE_NO_XDEV, RESOLVE_NO_SYMLINKS, RESOLVE_BENEATH, RESOLVE_IN_ROOT,
				     RESOLVE_NO_MAGICLINKS);

	/* Both of these together openat2(2) refuses. */
	if (resolve & RESOLVE_BENEATH)
		resolve &= ~(unsigned long)RESOLVE_IN_ROOT;
	return bits & 1 ? resolve : 0;
}

/* As they are put together in the walk's callers. */
static unsigned long decode_lookup(struct input *in)
{
	unsigned long flags = byte(in) & ~(unsigned)LOOKUP_CREATE;

	return flags & LOOKUP_PARENT ? flags & ~(unsigned long)LOOKUP_EMPTY : flags;
}

static unsigned long decode_stat(struct input *in)
{
	return PICK(byte(in), LOOKUP_FOLLOW, LOOKUP_EMPTY);
}

static unsigned long decode_open(struct input *in)
{
	unsigned bits = byte(in);
	unsigned long flags = PICK(bits >> 2, O_NOFOLLOW, O_DIRECTORY, O_PATH);

	if (flags & O_PATH)
		return flags;
	flags |= bits & 3 ? (bits & 3) - 1UL : 0; /* O_RDONLY, O_WRONLY, O_RDWR */
	/* Both together Linux refuses at once. */
	if (!(flags & O_DIRECTORY))
		flags |= PICK(bits >> 5, O_CREAT, O_EXCL, O_TRUNC);
	return flags & O_CREAT ? flags : flags & ~(unsigned long)O_EXCL;
}

static unsigned long decode_mount(struct input *in)
{
	unsigned bits = byte(in);

	return bits & 1 ? PICK(bits >> 1, MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_NOSYMFOLLOW) : 0;
}

/* Half of all is to be shared. */
static unsigned long decode_propagation(struct input *in)
{
	static const unsigned long types[] = {MS_SHARED, MS_SHARED,  MS_SHARED, MS_SHARED,
					      MS_SLAVE,	 MS_PRIVATE, MS_SLAVE,	MS_UNBINDABLE};
	unsigned bits = byte(in);

	return types[bits & 7] | PICK(bits >> 3, MS_REC);
}

/* With or without a type; something has to be asked for. */
static unsigned long decode_setattr_type(struct input *in)
{
	unsigned bits = byte(in);

	return bits & 1 ? decode_propagation(in) : PICK(bits >> 1, MS_REC);
}

/* ---- steps ---- */

static const enum step_op ops[] = {
    STEP_LOOKUP,    STEP_LOOKUP,    STEP_LOOKUP,    STEP_LOOKUP,      STEP_LOOKUP,	STEP_LOOKUP,
    STEP_STAT,	    STEP_STAT,	    STEP_STAT,	    STEP_STAT,	      STEP_OPEN,	STEP_OPEN,
    STEP_OPEN,	    STEP_GETCWD,    STEP_MKDIR,	    STEP_MKDIR,	      STEP_CREATE,	STEP_SYMLINK,
    STEP_SYMLINK,   STEP_UNLINK,    STEP_RMDIR,	    STEP_RENAME,      STEP_RENAME,	STEP_CHDIR,
    STEP_CHDIR,	    STEP_CHROOT,    STEP_TMPFS,	    STEP_TMPFS,	      STEP_BIND,	STEP_BIND,
    STEP_BIND,	    STEP_MOVE,	    STEP_UMOUNT,    STEP_UMOUNT,      STEP_REMOUNT,	STEP_PIVOT,
    STEP_FORK,	    STEP_FORK,	    STEP_EXIT,	    STEP_PROPAGATION, STEP_PROPAGATION, STEP_PROPAGATION,
    STEP_SETATTR,   STEP_SETATTR,   STEP_SET_GROUP, STEP_OPEN_TREE,   STEP_OPEN_TREE,	STEP_FSMOUNT,
    STEP_MOVE_TREE, STEP_MOVE_TREE, STEP_MOVE_TREE, STEP_CLOSE,	      STEP_PROC,
};

/* One in eight. */
static unsigned decode_fail(struct input *in)
{
	unsigned bits = byte(in);

	return (bits & 7) == 7 ? 1 + (bits >> 3) : 0;
}

/* One in four is soon full. */
static unsigned decode_inodes(struct input *in)
{
	unsigned bits = byte(in);

	return bits & 3 ? 0 : 1 + (bits >> 2 & 7);
}

/* After the paths, what is left to say of the step. */
static void decode_flags(struct input *in, struct step *s)
{
	switch (s->op) {
	case STEP_LOOKUP:
		s->flags = decode_lookup(in);
		s->resolve = decode_resolve(in);
		break;
	case STEP_OPEN:
		s->flags = decode_open(in);
		s->resolve = decode_resolve(in);
		break;
	case STEP_STAT:
		s->flags = decode_stat(in);
		break;
	case STEP_RENAME:
		s->flags = (const unsigned long[]){0, 0, RENAME_NOREPLACE, RENAME_EXCHANGE}[byte(in) & 3];
		break;
	case STEP_TMPFS:
		s->flags = decode_mount(in);
		s->inodes = decode_inodes(in);
		break;
	case STEP_BIND:
		s->flags = PICK(byte(in), MS_REC);
		break;
	case STEP_UMOUNT:
		s->flags = PICK(byte(in), MNT_DETACH, UMOUNT_NOFOLLOW);
		break;
	case STEP_REMOUNT:
		s->flags = PICK(byte(in), MS_BIND) | decode_mount(in);
		break;
	case STEP_PROPAGATION:
		s->flags = decode_propagation(in);
		break;
	case STEP_SETATTR:
		s->flags = decode_mount(in) | decode_setattr_type(in);
		s->clear = decode_mount(in) & ~s->flags;
		break;
	case STEP_OPEN_TREE:
		s->flags = PICK(byte(in), MS_REC);
		break;
	case STEP_FSMOUNT:
		s->flags = decode_mount(in);
		break;
	case STEP_FORK:
		s->flags = PICK(byte(in), CLONE_NEWUSER);
		break;
	default:
		break;
	}
}

static bool has_two_paths(enum step_op op)
{
	return op == STEP_RENAME || op == STEP_SYMLINK || op == STEP_BIND || op == STEP_MOVE || op == STEP_PIVOT ||
	       op == STEP_SET_GROUP || op == STEP_MOVE_TREE;
}

static bool changes_mounts(enum step_op op)
{
	return op >= STEP_TMPFS && op <= STEP_MOVE_TREE;
}

static enum names names_of(enum step_op op)
{
	if (op == STEP_LOOKUP || op == STEP_OPEN || op == STEP_STAT)
		return NAMES_TOO_LONG;
	return op == STEP_SYMLINK ? NAMES_SHORT : NAMES_LONG;
}

#define PROC_NAMES 16
const char *const step_proc_names[PROC_NAMES] = {
    "mountinfo", "mountinfo", "mountinfo", "mounts", "mounts", "mountstats", "root",	"cwd",
    "fd",	 "fd",	      "exe",	   "ns/mnt", "ns/uts", "ns/user",    "uid_map", "setgroups",
};

static void name_task(char *path, int t)
{
	static const char proc[] = "/p/1";

	if (!strncmp(path, proc, sizeof(proc) - 1))
		path[sizeof(proc) - 2] = (char)('1' + t);
}

/* Who is meant by the number below /p: the task itself, or another one where nothing is changed. */
static void decode_of(struct input *in, struct step *s)
{
	unsigned bits = byte(in);
	bool other = bits & 1 && (s->op == STEP_LOOKUP || s->op == STEP_STAT || s->op == STEP_PROC);

	s->of = other ? (int)(bits >> 1) % 3 : s->task;
	if (s->op == STEP_PROC)
		snprintf(s->a, sizeof(s->a), "/p/%d", s->of + 1);
	else
		name_task(s->a, s->of);
	name_task(s->b, s->op == STEP_PROC ? s->of : s->task);
}

/* What the path is relative to, and which tree is meant. */
static void decode_base(struct input *in, struct step *s)
{
	unsigned bits = byte(in);

	s->tree = (int)(bits >> 4) % STEP_TREES;
	if (s->op == STEP_LOOKUP || s->op == STEP_OPEN || s->op == STEP_STAT)
		s->from_b = (bits & 3) == 3;
	if (s->op == STEP_LOOKUP || s->op == STEP_OPEN || s->op == STEP_STAT || s->op == STEP_SETATTR ||
	    s->op == STEP_OPEN_TREE || s->op == STEP_MOVE_TREE)
		s->from_tree = (bits & 3) == 2;
}

bool step_decode(struct input *in, struct step *s)
{
	if (in->at >= in->end)
		return false;
	s->op = ops[byte(in) % (sizeof(ops) / sizeof(ops[0]))];
	s->task = byte(in) % 3;
	s->flags = s->resolve = s->clear = s->inodes = s->fail = 0;
	s->from_b = s->from_tree = false;
	s->tree = 0;
	s->of = s->task;
	s->a[0] = s->b[0] = '\0';
	if (s->op == STEP_PROC) {
		s->flags = byte(in) % PROC_NAMES;
		decode_path(in, s->b, NAMES_LONG);
		decode_of(in, s);
		return true;
	}
	if (s->op == STEP_FORK || s->op == STEP_EXIT || s->op == STEP_GETCWD) {
		decode_flags(in, s);
		return true;
	}
	if (changes_mounts(s->op) || s->op == STEP_MKDIR || s->op == STEP_CHDIR || s->op == STEP_CHROOT)
		decode_place(in, s->a);
	else
		decode_path(in, s->a, names_of(s->op));
	if (has_two_paths(s->op) && changes_mounts(s->op))
		decode_place(in, s->b);
	else if (has_two_paths(s->op))
		decode_path(in, s->b, NAMES_LONG);
	decode_flags(in, s);
	decode_base(in, s);
	if (s->from_b)
		decode_path(in, s->b, NAMES_LONG);
	decode_of(in, s);
	if (changes_mounts(s->op))
		s->fail = decode_fail(in);
	return true;
}

void step_print(const struct step *s)
{
	static const char *const names[STEP_OPS] = {
	    "lookup",	 "open",    "stat",	 "getcwd",	"mkdir",  "create",  "symlink",
	    "unlink",	 "rmdir",   "rename",	 "chdir",	"chroot", "tmpfs",   "bind",
	    "move",	 "umount",  "remount",	 "propagation", "pivot",  "setattr", "set_group",
	    "open_tree", "fsmount", "move_tree", "close",	"proc",	  "fork",    "exit",
	};

	fprintf(stderr, "%d %s \"%s\" \"%s\" %#lx %#lx %#lx %u %u%s%d\n", s->task, names[s->op], s->a, s->b, s->flags,
		s->resolve, s->clear, s->inodes, s->fail, s->from_tree ? " from tree " : " tree ", s->tree);
}

unsigned long step_attr(unsigned long flags)
{
	static const struct {
		unsigned long flag, attr;
	} names[] = {
	    {MS_RDONLY, MOUNT_ATTR_RDONLY}, {MS_NOSUID, MOUNT_ATTR_NOSUID},	      {MS_NODEV, MOUNT_ATTR_NODEV},
	    {MS_NOEXEC, MOUNT_ATTR_NOEXEC}, {MS_NOSYMFOLLOW, MOUNT_ATTR_NOSYMFOLLOW},
	};
	unsigned long attr = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		attr |= flags & names[i].flag ? names[i].attr : 0;
	return attr;
}
