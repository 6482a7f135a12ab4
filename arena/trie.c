/* SPDX-License-Identifier: MIT */
/* The persistent trie of arena/trie.h. */
#include "arena/arena.h"
#include "arena/trie.h"

#define BITS   5
#define FANOUT (1u << BITS)

/* One load, however often the compiler would like to look: what is checked is what is used. */

static unsigned popcount(u32 v)
{
	v -= v >> 1 & 0x55555555;
	v = (v & 0x33333333) + (v >> 2 & 0x33333333);
	return ((v + (v >> 4)) & 0x0f0f0f0f) * 0x01010101 >> 24;
}

static u32 slot_bit(u64 key, u32 shift)
{
	return 1u << (key >> shift & (FANOUT - 1));
}

static unsigned slot_index(u32 present, u32 bit)
{
	return popcount(present & (bit - 1));
}

/* ---- reading ---- */

static bool readable(const void *p, size_t size)
{
	return arena_contains(p, size) && ((uintptr_t)p & 7) == 0;
}

/* Slot i of a node that may be garbage: false, or a copy in *out. */
static bool read_slot(const struct trie_node *n, unsigned i, struct trie_slot *out)
{
	const struct trie_slot *s = &n->slot[i];

	if (!readable(s, sizeof(*s)))
		return false;
	out->key = READ_ONCE(s->key);
	out->p = READ_ONCE(s->p);
	return true;
}

static const void *chain_find(const struct trie_node *n, u32 count, u64 key,
			      bool (*match)(const void *value, const void *arg), const void *arg)
{
	struct trie_slot s;

	for (u32 i = 0; i < count && read_slot(n, i, &s); i++)
		if (s.key == key && (!match || match(s.p, arg)))
			return s.p;
	return NULL;
}

const void *trie_find(const struct trie_node *root, u64 key, bool (*match)(const void *value, const void *arg),
		      const void *arg)
{
	const struct trie_node *n = root;
	u32 above = TRIE_CHAIN;
	struct trie_slot s;

	/* shift falls from node to node, so the loop ends on any garbage. */
	while (readable(n, sizeof(*n))) {
		u32 shift = READ_ONCE(n->shift), present = READ_ONCE(n->present), child = READ_ONCE(n->child), bit;

		if (shift == TRIE_CHAIN)
			return chain_find(n, present, key, match, arg);
		if (shift >= above)
			return NULL;
		above = shift;
		bit = slot_bit(key, shift);
		if (!(present & bit) || !read_slot(n, slot_index(present, bit), &s))
			return NULL;
		if (!(child & bit))
			return s.key == key && (!match || match(s.p, arg)) ? s.p : NULL;
		n = s.p;
	}
	return NULL;
}

/* A node that trie_each is in the middle of. */
struct level {
	const struct trie_node *node;
	u32 shift, child;
	u32 left; /* slots still to visit: bits, or how many in a chain */
	u32 next; /* index of the next slot */
};

static bool level_enter(struct level *l, const struct trie_node *n)
{
	if (!readable(n, sizeof(*n)))
		return false;
	*l = (struct level){
	    .node = n, .shift = READ_ONCE(n->shift), .child = READ_ONCE(n->child), .left = READ_ONCE(n->present)};
	return l->shift <= TRIE_CHAIN;
}

/* Takes the next slot of the level; false: none is left. */
static bool level_next(struct level *l, struct trie_slot *s, bool *child)
{
	if (!l->left || !read_slot(l->node, l->next++, s))
		return false;
	if (l->shift == TRIE_CHAIN) {
		*child = false;
		l->left--;
	} else {
		*child = l->child & l->left & -l->left;
		l->left &= l->left - 1;
	}
	return true;
}

/* More slots than any trie of ours has: a walk that comes so far walks in circles through garbage. */
#define STEPS_MAX (4u << 20)

int trie_each(const struct trie_node *root, int (*fn)(const void *value, void *arg), void *arg)
{
	struct level stack[TRIE_DEPTH];
	struct trie_slot s;
	unsigned depth = 0;
	bool child;
	int ret;

	if (!level_enter(&stack[0], root))
		return 0;
	for (u32 steps = 0; steps < STEPS_MAX; steps++) {
		if (!level_next(&stack[depth], &s, &child)) {
			if (depth-- == 0)
				return 0;
		} else if (!child) {
			ret = fn(s.p, arg);
			if (ret)
				return ret;
		} else if (depth + 1 == TRIE_DEPTH || !level_enter(&stack[++depth], s.p)) {
			return 0;
		}
	}
	return 0;
}

int trie_each_under(const struct trie_node *root, u64 key, u32 low, int (*fn)(const void *value, void *arg), void *arg)
{
	const struct trie_node *n = root;
	u32 above = TRIE_CHAIN;
	struct trie_slot s;

	while (readable(n, sizeof(*n))) {
		u32 shift = READ_ONCE(n->shift), present = READ_ONCE(n->present), child = READ_ONCE(n->child), bit;

		/* From here on the keys differ in the lower bits alone. */
		if (shift < low || shift == TRIE_CHAIN)
			return READ_ONCE(n->prefix) >> low == key >> low ? trie_each(n, fn, arg) : 0;
		if (shift >= above)
			return 0;
		above = shift;
		bit = slot_bit(key, shift);
		if (!(present & bit) || !read_slot(n, slot_index(present, bit), &s))
			return 0;
		if (!(child & bit))
			return s.key >> low == key >> low ? fn(s.p, arg) : 0;
		n = s.p;
	}
	return 0;
}

/* ---- writing ---- */

/*
 * What hangs in a slot: nothing, a value, or a node. As a result it owns one reference. A trie of
 * one value is this value; only at the root it gets a node of its own.
 */
struct branch {
	u64 key; /* of a value; for a node any key below it */
	const void *p;
	bool child;
};

static const struct branch nothing;
static const struct branch no_memory = {.p = ERR_PTR(-ENOMEM)};

static struct branch value_branch(u64 key, const void *value, const struct trie_ops *ops)
{
	if (ops)
		ops->get(value);
	return (struct branch){.key = key, .p = value};
}

static struct branch node_branch(const struct trie_node *n)
{
	return (struct branch){.key = n->prefix, .p = n, .child = true};
}

static unsigned node_slots(const struct trie_node *n)
{
	return n->shift == TRIE_CHAIN ? n->present : popcount(n->present);
}

/* What hangs in slot i, borrowed. */
static struct branch slot_branch(const struct trie_node *n, unsigned i, bool child)
{
	return child ? node_branch(n->slot[i].p) : (struct branch){.key = n->slot[i].key, .p = n->slot[i].p};
}

static void branch_get(struct branch b, const struct trie_ops *ops)
{
	if (b.child)
		trie_get(b.p);
	else if (ops)
		ops->get(b.p);
}

static void branch_put(struct branch b, const struct trie_ops *ops)
{
	if (b.child)
		trie_put(b.p, ops);
	else if (b.p && ops)
		ops->put(b.p);
}

const struct trie_node *trie_get(const struct trie_node *root)
{
	if (root)
		((struct trie_node *)root)->refs++;
	return root;
}

/* Recursion is at most TRIE_DEPTH deep. */
void trie_put(const struct trie_node *root, const struct trie_ops *ops)
{
	struct trie_node *n = (struct trie_node *)root;
	unsigned i = 0;

	if (!n || --n->refs)
		return;
	if (n->shift == TRIE_CHAIN) {
		for (; i < n->present; i++)
			branch_put(slot_branch(n, i, false), ops);
	} else {
		for (u32 left = n->present; left; left &= left - 1)
			branch_put(slot_branch(n, i++, n->child & left & -left), ops);
	}
	arena_free(n);
}

static struct trie_node *node_alloc(u64 prefix, u32 shift, unsigned slots)
{
	struct trie_node *n = arena_alloc(sizeof(*n) + slots * sizeof(n->slot[0]));

	if (!n)
		return NULL;
	n->refs = 1;
	n->prefix = prefix;
	n->shift = shift;
	return n;
}

/* Appends a slot to a node under construction; takes the reference over. Slots come in order. */
static void node_append(struct trie_node *n, struct branch b)
{
	unsigned i = node_slots(n);

	n->slot[i].key = b.child ? 0 : b.key;
	n->slot[i].p = b.p;
	if (n->shift == TRIE_CHAIN) {
		n->present++;
	} else {
		n->present |= slot_bit(b.key, n->shift);
		if (b.child)
			n->child |= slot_bit(b.key, n->shift);
	}
}

/* A node over two branches; takes both references over, also when it fails. */
static struct branch node_pair(struct branch a, struct branch b, const struct trie_ops *ops)
{
	u64 differ = a.key ^ b.key;
	u32 shift = differ ? (63 - (u32)__builtin_clzll(differ)) / BITS * BITS : TRIE_CHAIN;
	struct trie_node *n = node_alloc(a.key, shift, 2);

	if (!n) {
		branch_put(a, ops);
		branch_put(b, ops);
		return no_memory;
	}
	node_append(n, a.key <= b.key ? a : b);
	node_append(n, a.key <= b.key ? b : a);
	return node_branch(n);
}

/* The one branch that a node of two keeps when slot `gone` goes. */
static struct branch node_remaining(const struct trie_node *n, unsigned gone, const struct trie_ops *ops)
{
	u32 bit = gone ? n->present & -n->present : n->present & (n->present - 1);
	struct branch b = slot_branch(n, !gone, n->shift != TRIE_CHAIN && (n->child & bit));

	branch_get(b, ops);
	return b;
}

/*
 * A copy of a node in which `b` hangs in slot i; `insert`: it is a further slot, else it replaces
 * what was there (by nothing: the slot goes). Takes over the reference in b, also when it fails.
 */
static struct branch node_with(const struct trie_node *n, unsigned i, bool insert, struct branch b,
			       const struct trie_ops *ops)
{
	unsigned slots = node_slots(n), total = slots + insert - !b.p;
	u32 left = n->present;
	struct trie_node *copy;

	if (total == 1)
		return node_remaining(n, i, ops);
	copy = node_alloc(n->prefix, n->shift, total);
	if (!copy) {
		branch_put(b, ops);
		return no_memory;
	}
	for (unsigned k = 0; k < slots; k++, left &= left - 1) {
		struct branch kept = slot_branch(n, k, n->shift != TRIE_CHAIN && (n->child & left & -left));

		if (k == i && b.p)
			node_append(copy, b);
		if (k == i && !insert)
			continue;
		branch_get(kept, ops);
		node_append(copy, kept);
	}
	if (i == slots)
		node_append(copy, b);
	return node_branch(copy);
}

/* One change, as trie_change has it. */
struct change {
	u64 key;
	const void *old, *new;
	const struct trie_ops *ops;
};

static struct branch new_value(const struct change *c)
{
	return c->new ? value_branch(c->key, c->new, c->ops) : nothing;
}

static struct branch change_chain(const struct trie_node *n, const struct change *c)
{
	unsigned i = 0;

	while (i < n->present && n->slot[i].p != c->old)
		i++;
	return node_with(n, i, !c->old, new_value(c), c->ops);
}

/* Does `key` belong into the subtree of node n? */
static bool node_covers(const struct trie_node *n, u64 key)
{
	u64 differ = n->prefix ^ key;

	if (n->shift == TRIE_CHAIN)
		return differ == 0;
	return n->shift + BITS >= 64 || differ >> (n->shift + BITS) == 0;
}

/* The branch `b` (borrowed) after the change. Recursion is at most TRIE_DEPTH deep. */
static struct branch change_branch(struct branch b, const struct change *c)
{
	const struct trie_node *n = b.p;
	struct branch below;
	unsigned i;
	u32 bit;

	if (!b.p || (!b.child && c->old))
		return new_value(c);
	if (!b.child || !node_covers(n, c->key)) {
		branch_get(b, c->ops);
		return node_pair(b, new_value(c), c->ops);
	}
	if (n->shift == TRIE_CHAIN)
		return change_chain(n, c);
	bit = slot_bit(c->key, n->shift);
	i = slot_index(n->present, bit);
	if (!(n->present & bit))
		return node_with(n, i, true, new_value(c), c->ops);
	below = change_branch(slot_branch(n, i, n->child & bit), c);
	if (IS_ERR(below.p))
		return below;
	return node_with(n, i, false, below, c->ops);
}

int trie_change(const struct trie_node *root, u64 key, const void *old, const void *new, const struct trie_ops *ops,
		const struct trie_node **out)
{
	const struct change c = {.key = key, .old = old, .new = new, .ops = ops};
	struct branch b = nothing;
	struct trie_node *n;

	if (root && root->present == (root->present & -root->present) && !root->child && root->shift != TRIE_CHAIN)
		b = slot_branch(root, 0, false);
	else if (root)
		b = node_branch(root);
	b = change_branch(b, &c);
	if (IS_ERR(b.p))
		return -ENOMEM;
	if (b.p && !b.child) {
		n = node_alloc(b.key, 0, 1);
		if (!n) {
			branch_put(b, ops);
			return -ENOMEM;
		}
		node_append(n, b);
		b = node_branch(n);
	}
	*out = b.p;
	return 0;
}
