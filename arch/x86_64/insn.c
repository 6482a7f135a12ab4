/* SPDX-License-Identifier: MIT */
/* Lengths of instructions (arch/x86_64/insn.h). */
#include "arch/x86_64/insn.h"

#include "lib/string.h"

/*
 * What follows an opcode; a character for each, in rows of sixteen.
 *
 *	.  nothing			m  a ModRM byte			-  not known, or no opcode
 *	b  a byte			M  ModRM, and a byte		j  a branch, by a byte
 *	z  4 bytes, 2 with prefix 66	Z  ModRM, and the same		J  a branch, by 4 bytes
 *	v  the same, 8 with REX.W	g  m, or M when ModRM says so	s  a jump, by a byte
 *	o  an address			G  m, or Z likewise		S  a jump, by 4 bytes
 *	w  two bytes, a return		x  m, of which some jump	c  a call, by 4 bytes
 *	e  three bytes			r  nothing, and it ends here
 */
static const char one_byte[] = "mmmmbz--mmmmbz--" /* 00 */
			       "mmmmbz--mmmmbz--"
			       "mmmmbz--mmmmbz--"
			       "mmmmbz--mmmmbz--"
			       "----------------" /* 40: REX */
			       "................"
			       "---m----zZbM...."
			       "jjjjjjjjjjjjjjjj"
			       "MZ-Mmmmmmmmmmmmm" /* 80 */
			       "..........-....."
			       "oooo....bz......"
			       "bbbbbbbbvvvvvvvv"
			       "MMwr--MZe.wrrb-r" /* c0 */
			       "mmmm---.mmmmmmmm"
			       "jjjjbbbbcS-s...."
			       "----r.gG......mx";
static const char two_bytes[] = "mmmm-..-..-r-m.M" /* 0f 00 */
				"mmmmmmmmmmmmmmmm"
				"--------mmmmmmmm"
				"....------------"
				"mmmmmmmmmmmmmmmm" /* 0f 40 */
				"mmmmmmmmmmmmmmmm"
				"mmmmmmmmmmmmmmmm"
				"MMMMmmm.----mmmm"
				"JJJJJJJJJJJJJJJJ" /* 0f 80 */
				"mmmmmmmmmmmmmmmm"
				"...mMm--..-mMmmm"
				"mmmmmmmmm-Mmmmmm"
				"mmMmMMMm........" /* 0f c0 */
				"mmmmmmmmmmmmmmmm"
				"mmmmmmmmmmmmmmmm"
				"mmmmmmmmmmmmmmm-";

#define REX_W 8

struct decoder {
	const u8 *code;
	size_t n, at; /* bytes in all, and how many have been taken */
	bool short_operand, short_address;
	u8 rex;
	char kind;
};

static u8 take(struct decoder *d)
{
	u8 byte = d->at < d->n ? d->code[d->at] : 0;

	d->at++; /* beyond the end is noticed in the end */
	return byte;
}

/* Those before REX. */
static u8 take_prefixes(struct decoder *d)
{
	u8 byte;

	for (;;) {
		byte = take(d);
		switch (byte) {
		case 0x66:
			d->short_operand = true;
			break;
		case 0x67:
			d->short_address = true;
			break;
		case 0x26:
		case 0x2e:
		case 0x36:
		case 0x3e:
		case 0x64:
		case 0x65:
		case 0xf0:
		case 0xf2:
		case 0xf3:
			break;
		default:
			return byte;
		}
	}
}

/* An opcode of that map: 1 is 0f, 2 is 0f 38, 3 is 0f 3a; EVEX has two more. */
static char kind_in_map(unsigned map, u8 opcode)
{
	switch (map) {
	case 1:
		return two_bytes[opcode];
	case 2:
	case 5:
	case 6:
		return 'm';
	case 3:
		return 'M';
	default:
		return '-';
	}
}

static char take_two_bytes(struct decoder *d)
{
	u8 opcode = take(d);

	if (opcode == 0x38 || opcode == 0x3a) {
		take(d);
		return kind_in_map(opcode == 0x38 ? 2 : 3, 0);
	}
	return kind_in_map(1, opcode);
}

/* VEX and EVEX: so many bytes follow, the first of which says the map, if there is more than one. */
static char take_vector(struct decoder *d, unsigned payload)
{
	unsigned map = take(d) & (payload == 3 ? 0x07 : 0x1f);
	char kind;

	if (payload == 1)
		map = 1;
	for (; payload > 1; payload--)
		take(d);
	kind = kind_in_map(map, take(d));
	return kind == 'm' || kind == 'M' || kind == '.' ? kind : '-';
}

static char take_opcode(struct decoder *d)
{
	u8 byte = take_prefixes(d);

	if ((byte & 0xf0) == 0x40) {
		d->rex = byte;
		byte = take(d);
	}
	switch (byte) {
	case 0x0f:
		return take_two_bytes(d);
	case 0x62:
		return take_vector(d, 3);
	case 0xc4:
		return take_vector(d, 2);
	case 0xc5:
		return take_vector(d, 1);
	case 0x8f: /* pop, or else AMD's XOP */
		return d->at < d->n && (d->code[d->at] & 0x38) ? '-' : 'm';
	case 0xc6:
	case 0xc7: /* mov, or else xabort and xbegin */
		return d->at < d->n && (d->code[d->at] & 0x38) ? '-' : one_byte[byte];
	default:
		return one_byte[byte];
	}
}

/* Returns it; its SIB byte and displacement are taken as well. */
static u8 take_modrm(struct decoder *d)
{
	u8 modrm = take(d), mod = modrm >> 6, base = modrm & 7;

	if (mod == 3)
		return modrm;
	if (base == 4)
		base = take(d) & 7;
	else if (base == 5 && mod == 0)
		d->at += 4; /* rip */
	if (mod == 1)
		d->at++;
	else if (mod == 2 || (mod == 0 && base == 5 && (modrm & 7) == 4))
		d->at += 4;
	return modrm;
}

/* The ModRM byte of those that have one. What it decides is decided: the kind is one of the simple ones then. */
static void take_operands(struct decoder *d, struct insn *insn)
{
	u8 modrm, reg;

	if (!strchr("mMZgGx", d->kind))
		return;
	modrm = take_modrm(d);
	reg = modrm >> 3 & 7;
	switch (d->kind) {
	case 'M':
		d->kind = 'b';
		break;
	case 'Z':
		d->kind = 'z';
		break;
	case 'g':
		d->kind = reg < 2 ? 'b' : '.';
		break;
	case 'G':
		d->kind = reg < 2 ? 'z' : '.';
		break;
	case 'x':
		d->kind = reg == 7 ? '-' : '.';
		insn->flow = reg == 4 || reg == 5 ? INSN_END : reg == 2 || reg == 3 ? INSN_ASIDE : INSN_NEXT;
		break;
	default:
		d->kind = '.';
	}
}

static s32 take_target(struct decoder *d, size_t size)
{
	s32 target = 0;

	if (d->at + size <= d->n && size == 1)
		target = (s32)(signed char)d->code[d->at];
	else if (d->at + size <= d->n)
		memcpy(&target, d->code + d->at, sizeof(target));
	d->at += size;
	return target;
}

static size_t immediate_size(const struct decoder *d)
{
	size_t word = d->short_operand && !(d->rex & REX_W) ? 2 : 4;

	switch (d->kind) {
	case 'b':
		return 1;
	case 'z':
		return word;
	case 'v':
		return d->rex & REX_W ? 8 : word;
	case 'o':
		return d->short_address ? 4 : 8;
	case 'w':
		return 2;
	case 'e':
		return 3;
	default:
		return 0;
	}
}

/* What is behind the opcode and its operands. */
static void take_rest(struct decoder *d, struct insn *insn)
{
	static const struct {
		char kind;
		u8 flow, size;
	} jumps[] = {{'j', INSN_BRANCH, 1},
		     {'J', INSN_BRANCH, 4},
		     {'s', INSN_JUMP, 1},
		     {'S', INSN_JUMP, 4},
		     {'c', INSN_CALL, 4}};

	for (size_t i = 0; i < ARRAY_SIZE(jumps); i++) {
		if (jumps[i].kind != d->kind)
			continue;
		insn->flow = jumps[i].flow;
		insn->target = take_target(d, jumps[i].size);
		if (d->short_operand)
			d->kind = '-'; /* processors differ */
		return;
	}
	if (d->kind == 'r' || d->kind == 'w')
		insn->flow = INSN_END;
	d->at += immediate_size(d);
}

bool insn_decode(struct insn *insn, const u8 *code, size_t n)
{
	struct decoder d = {.code = code, .n = n < INSN_MAX ? n : INSN_MAX};

	*insn = (struct insn){.flow = INSN_NEXT};
	d.kind = take_opcode(&d);
	take_operands(&d, insn);
	take_rest(&d, insn);
	insn->size = (u8)d.at;
	return d.kind != '-' && d.at <= d.n;
}
