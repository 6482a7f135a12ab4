/* SPDX-License-Identifier: MIT */
/* User namespaces: translation of ids, and what write(2) to uid_map and gid_map means. */
#include "arena/arena.h"
#include "kernel/ns/user.h"
#include "lib/string.h"

/* ---- translation ---- */

/* The map of ns, an empty one while it is not written (or cannot be right). */
static struct uid_map id_map(const struct user_ns *ns, bool gid)
{
	const struct uid_map *from = gid ? &ns->gid : &ns->uid;
	u32 set = atomic_load_explicit(&((struct user_ns *)ns)->maps_set, memory_order_acquire);
	struct uid_map map = {READ_ONCE(from->nr), READ_ONCE(from->extent)};

	arena_see();
	if (!(set & (gid ? 2 : 1)) || map.nr > UID_MAP_MAX ||
	    !arena_contains(map.extent, map.nr * sizeof(map.extent[0])))
		map.nr = 0;
	return map;
}

/* The first of `count` ids inside to a kid, if one extent has them all. */
static u32 map_down(const struct user_ns *ns, bool gid, u32 id, u32 count)
{
	struct uid_map map;

	if (!ns->parent)
		return id;
	map = id_map(ns, gid);
	for (u32 i = 0; i < map.nr; i++) {
		const struct uid_extent *e = &map.extent[i];

		if (id >= e->first && id - e->first < e->count && count <= e->count - (id - e->first))
			return e->lower + (id - e->first);
	}
	return INVALID_KID;
}

static u32 map_up(const struct user_ns *ns, bool gid, u32 kid)
{
	struct uid_map map;

	if (!ns->parent)
		return kid;
	map = id_map(ns, gid);
	for (u32 i = 0; i < map.nr; i++) {
		const struct uid_extent *e = &map.extent[i];

		if (kid >= e->lower && kid - e->lower < e->count)
			return e->first + (kid - e->lower);
	}
	return INVALID_KID;
}

u32 make_kuid(const struct user_ns *ns, u32 uid)
{
	return map_down(ns, false, uid, 1);
}

u32 make_kgid(const struct user_ns *ns, u32 gid)
{
	return map_down(ns, true, gid, 1);
}

u32 from_kuid(const struct user_ns *ns, u32 kuid)
{
	return map_up(ns, false, kuid);
}

u32 from_kgid(const struct user_ns *ns, u32 kgid)
{
	return map_up(ns, true, kgid);
}

static u32 munged(u32 id)
{
	return id == INVALID_KID ? OVERFLOW_ID : id;
}

u32 from_kuid_munged(const struct user_ns *ns, u32 kuid)
{
	return munged(from_kuid(ns, kuid));
}

u32 from_kgid_munged(const struct user_ns *ns, u32 kgid)
{
	return munged(from_kgid(ns, kgid));
}

bool in_userns(const struct user_ns *ancestor, const struct user_ns *ns)
{
	/* Counted, so that a reader of a namespace that is being freed comes to an end. */
	for (unsigned level = 0; ns && level <= USER_NS_LEVELS; level++) {
		if (ns == ancestor)
			return true;
		ns = arena_contains(ns, sizeof(*ns)) ? ns->parent : NULL;
	}
	return false;
}

/* ---- parsing ---- */

static bool blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/*
 * The next number of a line, after blanks. As the kernel reads it: no digits are a 0, and what does
 * not fit is cut to 32 bits; both fail elsewhere or mean what they mean on Linux.
 */
static u32 map_number(const char **s, const char *end)
{
	u32 v = 0;

	while (*s < end && blank(**s))
		++*s;
	while (*s < end && **s >= '0' && **s <= '9')
		v = v * 10 + (u32)(*(*s)++ - '0');
	return v;
}

/* One line "inside outside count": false if it is not that. */
static bool parse_extent(const char *s, const char *end, struct uid_extent *e)
{
	e->first = map_number(&s, end);
	if (s == end || !blank(*s))
		return false;
	e->parent = map_number(&s, end);
	if (s == end || !blank(*s))
		return false;
	e->count = map_number(&s, end);
	e->lower = 0;
	while (s < end && blank(*s))
		s++;
	if (s != end || e->first == INVALID_KID || e->parent == INVALID_KID)
		return false;
	/* No empty range, none that wraps or takes in the invalid id. */
	return e->first + e->count > e->first && e->parent + e->count > e->parent;
}

static bool ranges_meet(u32 a, u32 acount, u32 b, u32 bcount)
{
	return a <= b + bcount - 1 && b <= a + acount - 1;
}

static bool overlaps(const struct uid_extent *extent, int nr, const struct uid_extent *e)
{
	for (int i = 0; i < nr; i++)
		if (ranges_meet(extent[i].first, extent[i].count, e->first, e->count) ||
		    ranges_meet(extent[i].parent, extent[i].count, e->parent, e->count))
			return true;
	return false;
}

int parse_id_map(const char *text, size_t len, struct uid_extent *out)
{
	const char *end = text + strnlen(text, len), *line = text, *newline;
	int nr = 0;

	do {
		newline = memchr(line, '\n', (size_t)(end - line));
		if (nr == UID_MAP_MAX || !parse_extent(line, newline ? newline : end, &out[nr]) ||
		    overlaps(out, nr, &out[nr]))
			return -EINVAL;
		nr++;
		line = newline ? newline + 1 : end;
	} while (line < end);
	return nr;
}

/* ---- writing ---- */

struct user_ns *user_ns_create(struct user_ns *parent, u32 owner, u32 group)
{
	struct user_ns *ns = arena_alloc(sizeof(*ns));

	if (!ns)
		return NULL;
	ns->refs = 1;
	ns->inum = atomic_fetch_add(&arena()->next_inum, 1);
	ns->parent = parent ? user_ns_get(parent) : NULL;
	ns->level = parent ? parent->level + 1 : 0;
	ns->owner = owner;
	ns->group = group;
	ns->deny_setgroups = parent ? parent->deny_setgroups : 0;
	for (int type = 0; type < NS_TYPES; type++)
		ns->max[type] = UCOUNT_MAX;
	ucount_add(parent, NS_USER, 1);
	return ns;
}

struct user_ns *user_ns_get(struct user_ns *ns)
{
	ns->refs++;
	return ns;
}

void user_ns_put(struct user_ns *ns)
{
	while (ns && --ns->refs == 0) {
		struct user_ns *parent = ns->parent;

		arena_free(ns->uid.extent);
		arena_free(ns->gid.extent);
		arena_free(ns);
		ucount_add(parent, NS_USER, -1);
		ns = parent;
	}
}

int user_ns_set_map(struct user_ns *ns, bool gid, struct uid_extent *extent, u32 nr)
{
	struct uid_map *map = gid ? &ns->gid : &ns->uid;

	if (!ns->parent || map->nr)
		return -EPERM;
	for (u32 i = 0; i < nr; i++) {
		extent[i].lower = map_down(ns->parent, gid, extent[i].parent, extent[i].count);
		if (extent[i].lower == INVALID_KID)
			return -EPERM;
	}
	map->extent = arena_alloc(nr * sizeof(extent[0]));
	if (!map->extent)
		return -ENOMEM;
	memcpy(map->extent, extent, nr * sizeof(extent[0]));
	map->nr = nr;
	atomic_fetch_or_explicit(&ns->maps_set, gid ? 2 : 1, memory_order_release);
	return 0;
}
