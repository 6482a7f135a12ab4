/* SPDX-License-Identifier: MIT */
/* Which bytes make a call site, and a jump of it (arch/x86_64/site.h). */
#include "arch/x86_64/site.h"

#include "arch/x86_64/frame.h"
#include "arch/x86_64/patch.h"
#include "host/uaccess.h"
#include "lib/string.h"

#define PAGE		4096UL
#define MOV_EAX		0xb8
#define MOV_SIZE	5
#define JMP_SHORT	0xeb
#define MOV_SITE_SIZE	(MOV_SIZE + SYSCALL_INSN_SIZE)
#define TRAP_PROTECTION 13
#define TRAP_PAGE	14
#define BEFORE		5 /* bytes before a site that are looked at, too */

static bool is_rex_b(u8 byte)
{
	return (byte & 0xf1) == 0x41;
}

/*
 * `mov` points behind BEFORE bytes at b8 nr nr nr nr 0f 05, of which the last two have been executed with `nr` in
 * rax. Is it certain that the first is the opcode of a mov to eax? As the end of another instruction, the four bytes,
 * the last two of which are zero, can only be its immediate or its displacement (0000 by itself would write to where
 * rax points, and that is no memory). Those instructions are left alone, if the bytes before can be theirs at all.
 */
static bool is_certain(const u8 *mov)
{
	u8 last = mov[-1], op = mov[-2];
	bool sib = (last & 7) == 4 && last < 0xc0; /* as a ModRM byte: b8 is a SIB */

	/* mov $nr, %r8d, or a prefix that the jump would not take well */
	if (is_rex_b(last) || (last >= 0x64 && last <= 0x67))
		return false;
	/* b8 is a ModRM byte, nr(%rax): that faults with rax = nr, but for lea, prefetch, nop, */
	if (last == 0x8d || (op == 0x0f && (last == 0x0d || (last >= 0x18 && last <= 0x1f))))
		return false;
	/* and where it is %r8 instead, or a segment begins elsewhere. */
	if (is_rex_b(op) || op == 0x64 || op == 0x65 || (op == 0x0f && is_rex_b(mov[-3])) || mov[-4] == 0xc4 ||
	    mov[-5] == 0x62)
		return false;
	/* b8 is a SIB byte, with a displacement or an immediate. */
	return !sib || (last < 0x80 && op != 0x81 && op != 0xc7 && op != 0x69 && op != 0xf7);
}

/* mov $nr, %eax; syscall */
static void make_mov(struct site *site, u32 nr)
{
	static const u8 insn[SYSCALL_INSN_SIZE] = {0x0f, 0x05};

	site->plain[0] = MOV_EAX;
	memcpy(site->plain + 1, &nr, sizeof(nr));
	memcpy(site->plain + MOV_SIZE, insn, sizeof(insn));
}

/* jmp *address: that of a word of the table. It ends with the bytes of the syscall instruction. */
static void make_jump(u8 *bytes, u32 word)
{
	static const u8 jump[] = {0xff, 0x24, 0x25};
	u32 address = PATCH_TABLE + word * (u32)sizeof(u64);

	memcpy(bytes, jump, sizeof(jump));
	memcpy(bytes + sizeof(jump), &address, sizeof(address));
}

static bool find_mov(struct site *site, u64 insn, u32 nr, u32 stub)
{
	u8 found[BEFORE + MOV_SITE_SIZE];

	*site = (struct site){.start = insn - MOV_SIZE, .changed = MOV_SIZE, .size = MOV_SITE_SIZE, .nr = nr};
	make_mov(site, nr);
	make_jump(site->ours, stub);
	return site->start % PAGE <= PAGE - MOV_SITE_SIZE &&
	       !copy_from_guest(found, site->start - BEFORE, sizeof(found)) &&
	       !memcmp(found + BEFORE, site->plain, MOV_SITE_SIZE) && is_certain(found + BEFORE);
}

static bool find_pad(struct site *site, const struct mm_range *text, u64 insn)
{
	static RARELY_USED u8 around[2 * CODE_AROUND];
	u64 before = MIN(insn - text->start, CODE_AROUND), start = insn - before;
	u64 size = before + MIN(text->end - insn, CODE_AROUND);
	struct code code = {around, start, size};

	site->pad = copy_from_guest(around, start, size) ? 0 : pad_find(&code, insn);
	return site->pad && site->pad / PAGE == insn / PAGE && (site->pad + PAD_SIZE - 1) / PAGE == insn / PAGE;
}

static bool find_short(struct site *site, const struct mm_range *text, u64 insn, u32 stub)
{
	static const u8 plain[SYSCALL_INSN_SIZE] = {0x0f, 0x05};

	*site = (struct site){.start = insn, .changed = sizeof(plain), .size = sizeof(plain), .nr = PATCH_ANY_NR};
	memcpy(site->plain, plain, sizeof(plain));
	if ((insn + 1) % PAGE == 0 || !site_has(site, site->plain) || !find_pad(site, text, insn))
		return false;
	site->ours[0] = JMP_SHORT;
	site->ours[1] = (u8)(site->pad - insn - sizeof(plain));
	make_jump(site->jump, PATCH_SITES + stub);
	return true;
}

bool site_find(struct site *site, const struct mm_range *text, u64 insn, u32 nr, u32 stub)
{
	return find_mov(site, insn, nr, stub) || find_short(site, text, insn, stub);
}

static bool read_site(const struct site *site, u8 bytes[SITE_MAX])
{
	return !copy_from_guest(bytes, site->start, site->size);
}

bool site_has(const struct site *site, const u8 bytes[SITE_MAX])
{
	u8 found[SITE_MAX];

	return read_site(site, found) && !memcmp(found, bytes, site->size);
}

bool site_jumps(const struct site *site)
{
	u8 found[SITE_MAX];

	return read_site(site, found) && !memcmp(found, site->ours, site->changed);
}

/* Who writes to it may have written any part of it. */
static bool is_site(const struct site *site, const u8 found[SITE_MAX])
{
	for (u8 i = 0; i < site->size; i++)
		if (found[i] != site->plain[i] && found[i] != site->ours[i] && (i || found[i] != SITE_STOP))
			return false;
	return true;
}

bool site_is_there(const struct site *site)
{
	u8 found[SITE_MAX];

	return read_site(site, found) && is_site(site, found);
}

bool site_is_stopped(const struct site *site)
{
	u8 found[SITE_MAX];

	return read_site(site, found) && found[0] == SITE_STOP && is_site(site, found);
}

bool site_has_stopped(const struct ucontext *uc)
{
	return uc->trapno == TRAP_PROTECTION;
}

/* Not its bytes were out of reach, but the word that it is to find its way by. */
bool site_jump_failed(const struct site *site, const struct ucontext *uc)
{
	return uc->trapno == TRAP_PAGE && uc->cr2 - site->start >= site->size && site_jumps(site);
}

bool site_pad_failed(const struct ucontext *uc)
{
	return uc->trapno == TRAP_PAGE;
}
