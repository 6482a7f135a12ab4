/* SPDX-License-Identifier: MIT */
/* Finding padding (arch/x86_64/pad.h). */
#include "arch/x86_64/pad.h"

#include "arch/x86_64/insn.h"
#include "arch/x86_64/patch.h"
#include "arch/x86_64/site.h"
#include "lib/string.h"

#define SHORT_JUMP 2
#define REACH	   128		/* bytes to either side in which a short jump's target lies */
#define BEHIND	   (REACH + 32) /* bytes behind it that are looked at, with the padding's end */
#define SYNC	   64		/* bytes before those that are reached, for finding out where instructions begin */
#define OVER	   32		/* bytes, with the instruction that jumps over them */
#define INT3	   0xcc
#define NOP	   0x90

/* The instructions around a jump: bytes [0, n) of the code, the jump is the one at `jmp`. */
struct stream {
	const u8 *bytes;
	u64 start;
	size_t jmp, n;
	u8 flow[SYNC + REACH + BEHIND];	      /* of the instruction that ends there, where it is certain */
	bool straight[SYNC + REACH + BEHIND]; /* a byte of one that is certain, and leads to the next alone */
};

/* What another patch has stopped stands for something else. */
static bool decode(const struct stream *s, struct insn *insn, size_t at)
{
	return s->bytes[at] != SITE_STOP && insn_decode(insn, s->bytes + at, s->n - at);
}

/* Is that a jump to a stub? */
static bool is_our_jump(const struct stream *s, size_t at)
{
	static const u8 jump[] = {0xff, 0x24, 0x25};
	u32 address;

	if (at + PAD_SIZE > s->n || memcmp(s->bytes + at, jump, sizeof(jump)) != 0)
		return false;
	memcpy(&address, s->bytes + at + sizeof(jump), sizeof(address));
	return address >= PATCH_TABLE && address < PATCH_TABLE_END;
}

/*
 * From a patched system call the program goes on. Whoever comes to int3 does not come to padding behind it; and what is
 * just jumped over may be kept for somebody's own patches, as XRay's is.
 */
static u8 flow_of(const struct stream *s, const struct insn *insn, size_t at)
{
	size_t target = at + insn->size + (size_t)(s64)insn->target;

	if (s->bytes[at] == INT3 || is_our_jump(s, at))
		return INSN_NEXT;
	if (insn->flow != INSN_JUMP)
		return insn->flow;
	return target - at <= OVER || (target < s->n && is_our_jump(s, target)) ? INSN_NEXT : INSN_JUMP;
}

/* From the beginning of one on, as long as they can be decoded; returns where the last one ends before `end`. */
static size_t follow(struct stream *s, size_t at, size_t end)
{
	struct insn insn;

	while (at < end && decode(s, &insn, at) && at + insn.size < s->n) {
		s->flow[at + insn.size] = flow_of(s, &insn, at);
		memset(s->straight + at, insn.flow == INSN_NEXT, insn.size);
		at += insn.size;
	}
	return at;
}

/*
 * Where do instructions begin before the jump? An instruction has no more than INSN_MAX bytes, so one begins at one of
 * so many places in a row. Decoding begins at each of them; those that meet go on as one, those that come to what is no
 * instruction were wrong. When one is left it is the right one. s->jmp: none is, before that.
 */
static size_t meet(const struct stream *s)
{
	size_t at[INSN_MAX], low, high, i, n = INSN_MAX;
	struct insn insn;

	for (i = 0; i < n; i++)
		at[i] = i;
	while (n) {
		for (low = high = i = 0; i < n; i++) {
			low = at[i] < at[low] ? i : low;
			high = at[i] > at[high] ? i : high;
		}
		if (at[low] == at[high])
			return at[low];
		if (at[low] >= s->jmp)
			break;
		if (decode(s, &insn, at[low]))
			at[low] += insn.size;
		else
			at[low] = at[--n];
	}
	return s->jmp;
}

static void find_instructions(struct stream *s)
{
	size_t first = meet(s);

	if (first < s->jmp && follow(s, first, s->jmp) != s->jmp) {
		/* They do not come to the jump, which is certain. */
		memset(s->flow, INSN_NEXT, sizeof(s->flow));
		memset(s->straight, false, sizeof(s->straight));
	}
	follow(s, s->jmp + SHORT_JUMP, s->n);
}

/* How long the nop is that begins there; 0: it is none, or one that stands for something else. */
static size_t nop_size(const u8 *bytes, size_t n)
{
	struct insn insn;
	size_t at = 0;

	if (!insn_decode(&insn, bytes, n))
		return 0;
	while (bytes[at] == 0x66 || bytes[at] == 0x2e)
		at++;
	return bytes[at] == NOP || (bytes[at] == 0x0f && bytes[at + 1] == 0x1f) ? insn.size : 0;
}

/* Of single nops there may be one: many make room for somebody else's patches. */
static bool is_nops(const u8 *bytes, size_t n)
{
	size_t at = 0, size, nr_single = 0;

	while (at < n) {
		size = nop_size(bytes + at, n - at);
		if (!size)
			return false;
		nr_single += size == 1;
		at += size;
	}
	return nr_single <= 1;
}

static bool is_int3s(const u8 *bytes, size_t n)
{
	while (n && bytes[n - 1] == INT3)
		n--;
	return !n;
}

/* Is all from there to the next boundary, of 16 bytes or 32, padding? */
static bool is_padding(const struct stream *s, size_t at)
{
	u64 address = s->start + at;

	for (u64 boundary = 16; boundary <= 32; boundary *= 2) {
		size_t n = ALIGN_UP(address, boundary) - address;

		if (n >= PAD_SIZE && at + n <= s->n && (is_nops(s->bytes + at, n) || is_int3s(s->bytes + at, n)))
			return true;
	}
	return false;
}

static bool leads_into(u64 target, u64 pad)
{
	return target - pad < PAD_SIZE;
}

/* jmp, jcc, loop and jrcxz by a byte */
static bool is_short_branch(u8 opcode)
{
	return opcode == 0xeb || (opcode & 0xf0) == 0x70 || (opcode & 0xfc) == 0xe0;
}

static bool is_long_branch(const u8 *opcode)
{
	return opcode[1] == 0xe8 || opcode[1] == 0xe9 || (opcode[0] == 0x0f && (opcode[1] & 0xf0) == 0x80);
}

/* Is the byte there, which may be a branch's opcode, a byte of something else? */
static bool is_known(const struct code *code, const struct stream *s, size_t at)
{
	u64 offset = code->start + at - s->start;

	return offset < s->n && s->straight[offset];
}

/* Could there be branches into the padding, by 4 bytes? Most are out of the question by where they would lead. */
static bool is_led_into_far(const struct code *code, const struct stream *s, u64 pad)
{
	u64 behind = code->start + 5 - pad;
	s32 rel;

	for (size_t at = 1; at + 5 <= code->size; at++) {
		memcpy(&rel, code->bytes + at + 1, sizeof(rel));
		if (behind + at + (u64)(s64)rel < PAD_SIZE && is_long_branch(code->bytes + at - 1) &&
		    !is_known(code, s, at))
			return true;
	}
	return false;
}

/* By a byte? */
static bool is_led_into_near(const struct code *code, const struct stream *s, u64 pad)
{
	size_t at = pad - code->start, end = MIN(at + REACH, code->size - SHORT_JUMP);

	for (at -= MIN(at, REACH + SHORT_JUMP); at < end; at++)
		if (is_short_branch(code->bytes[at]) &&
		    leads_into(code->start + at + SHORT_JUMP + (u64)(s64)(signed char)code->bytes[at + 1], pad) &&
		    !is_known(code, s, at))
			return true;
	return false;
}

static bool is_led_into(const struct code *code, const struct stream *s, u64 pad)
{
	return is_led_into_near(code, s, pad) || is_led_into_far(code, s, pad);
}

/* In that part of the code: where there is padding. */
static u64 find_between(const struct code *code, const struct stream *s, size_t at, size_t end)
{
	for (; at < end && at + PAD_SIZE <= s->n; at++)
		if ((s->flow[at] == INSN_JUMP || s->flow[at] == INSN_END) && is_padding(s, at) &&
		    !is_led_into(code, s, s->start + at))
			return s->start + at;
	return 0;
}

u64 pad_find(const struct code *code, u64 jmp)
{
	struct stream s = {.jmp = SYNC + REACH, .start = jmp - SYNC - REACH};
	u64 from = s.start - code->start, pad;

	if (s.start > jmp || s.start < code->start || code->size < from + s.jmp + SHORT_JUMP)
		return 0;
	s.bytes = code->bytes + from;
	s.n = MIN(code->size - from, sizeof(s.flow));
	find_instructions(&s);
	pad = find_between(code, &s, s.jmp + SHORT_JUMP, s.jmp + SHORT_JUMP + REACH);
	return pad ? pad : find_between(code, &s, s.jmp + SHORT_JUMP - REACH, s.jmp);
}
