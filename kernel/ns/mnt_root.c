/* SPDX-License-Identifier: MIT */
/*
 * Roots that follow their directory. Each task keeps its root in its own memory, where the warden cannot write, and
 * knows its path only. So who sets one (chroot(2)) has its path held here, and when names above it change the move is
 * noted in every namespace, beside its pivots, for each task to follow before its next call.
 *
 * Nobody says when a root is given up: its path is held for as long as the directory has a name.
 */
#include "kernel/ns/mnt_tree.h"
#include "lib/string.h"

struct held_root {
	struct held_root *next;
	char *path;
	char *now; /* what it will be when the change under way is in force; NULL: the same */
};

static char *arena_text(const char *s)
{
	char *text = arena_alloc(strlen(s) + 1);

	return text ? memcpy(text, s, strlen(s) + 1) : NULL;
}

static struct held_root *find_root(const char *path)
{
	struct held_root *root = arena()->held_roots;

	while (root && strcmp(root->path, path) != 0)
		root = root->next;
	return root;
}

int mnt_hold_root(const char *path)
{
	struct held_root *root;

	if (find_root(path))
		return 0;
	root = arena_alloc(sizeof(*root));
	if (!root)
		return -ENOMEM;
	root->path = arena_text(path);
	if (!root->path) {
		arena_free(root);
		return -ENOMEM;
	}
	root->now = NULL;
	root->next = arena()->held_roots;
	arena()->held_roots = root;
	hold_path(root->path, (u32)strlen(path), 1);
	return 0;
}

bool root_below(const char *path)
{
	const struct held_root *root = arena()->held_roots;

	while (root && !path_below(root->path, strlen(root->path), path, strlen(path)))
		root = root->next;
	return root;
}

bool roots_fit(const char *from, size_t to_len)
{
	const struct held_root *root = arena()->held_roots;

	while (root && (!path_below(root->path, strlen(root->path), from, strlen(from)) ||
			to_len + strlen(root->path) - strlen(from) <= HOST_PATH_MAX))
		root = root->next;
	return !root;
}

/* ---- when names change ---- */

int roots_prepare(const struct path_move *moves, unsigned nr, bool *moved)
{
	char buf[PATH_MAX];

	for (struct held_root *root = arena()->held_roots; root; root = root->next) {
		const char *now = path_moved(moves, nr, root->path, (u32)strlen(root->path), buf);

		if (now == root->path)
			continue;
		*moved = true;
		root->now = arena_text(now);
		if (!root->now)
			return -ENOMEM;
	}
	return 0;
}

static bool has_gone(const struct path_move *moves, unsigned nr, const char *path)
{
	for (unsigned i = 0; i < nr; i++) {
		if (path_below(path, strlen(path), moves[i].from, strlen(moves[i].from)))
			return !moves[i].to;
	}
	return false;
}

static void follow(struct held_root *root)
{
	hold_path(root->path, (u32)strlen(root->path), -1);
	arena_free(root->path);
	root->path = root->now;
	root->now = NULL;
	hold_path(root->path, (u32)strlen(root->path), 1);
}

static void forget(struct held_root **at)
{
	struct held_root *root = *at;

	*at = root->next;
	hold_path(root->path, (u32)strlen(root->path), -1);
	arena_free(root->path);
	arena_free(root);
}

void mnt_forget_roots(const char *path)
{
	for (struct held_root **at = &arena()->held_roots; *at;) {
		if (path_below((*at)->path, strlen((*at)->path), path, strlen(path)))
			forget(at);
		else
			at = &(*at)->next;
	}
}

void roots_end(const struct path_move *moves, unsigned nr, int err)
{
	for (struct held_root **at = &arena()->held_roots; *at;) {
		struct held_root *root = *at;

		if (!err && has_gone(moves, nr, root->path)) {
			forget(at);
			continue;
		}
		if (!err && root->now)
			follow(root);
		arena_free(root->now);
		root->now = NULL;
		at = &root->next;
	}
}

/* ---- what tasks follow ---- */

static size_t text_size(const char *s)
{
	return s ? strlen(s) + 1 : 0;
}

/* Moves a string to *room, which goes on behind it. */
static const char *keep(char **room, const char *s)
{
	char *to = *room;

	*room += text_size(s);
	return s ? memcpy(to, s, text_size(s)) : NULL;
}

struct pivot *moves_note(const struct path_move *moves, unsigned nr)
{
	size_t size = sizeof(struct pivot) + nr * sizeof(*moves);
	struct path_move *kept;
	struct pivot *note;
	char *room;

	for (unsigned i = 0; i < nr; i++)
		size += text_size(moves[i].from) + text_size(moves[i].to);
	note = arena_alloc(size);
	if (!note)
		return NULL;
	kept = (struct path_move *)(note + 1);
	room = (char *)(kept + nr);
	for (unsigned i = 0; i < nr; i++) {
		kept[i].from = keep(&room, moves[i].from);
		kept[i].to = keep(&room, moves[i].to);
	}
	note->moves = kept;
	note->nr_moves = nr;
	return note;
}
