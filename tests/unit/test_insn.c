/* SPDX-License-Identifier: MIT */
/*
 * Lengths of instructions, for all that some libraries and programs consist of: what Zydis says, or refused, which is
 * rare. And where they lead.
 */
#include "tests/unit/unit.h"

#include <Zydis/Zydis.h>
#include "arch/x86_64/insn.h"
#include "tests/unit/text.h"

static ZydisDecoder zydis;
static unsigned long nr_same, nr_refused;

static enum insn_flow wanted_flow(const ZydisDecodedInstruction *want)
{
	bool direct = want->raw.imm[0].size;

	switch (want->meta.category) {
	case ZYDIS_CATEGORY_COND_BR:
		return direct ? INSN_BRANCH : INSN_NEXT; /* xend */
	case ZYDIS_CATEGORY_UNCOND_BR:
		return direct ? INSN_JUMP : INSN_END;
	case ZYDIS_CATEGORY_CALL:
		return direct ? INSN_CALL : INSN_ASIDE;
	case ZYDIS_CATEGORY_RET:
		return INSN_END;
	default:
		break;
	}
	switch (want->mnemonic) {
	case ZYDIS_MNEMONIC_HLT:
	case ZYDIS_MNEMONIC_UD2:
	case ZYDIS_MNEMONIC_INT3:
	case ZYDIS_MNEMONIC_IRETQ:
	case ZYDIS_MNEMONIC_IRETD:
	case ZYDIS_MNEMONIC_IRET:
		return INSN_END;
	default:
		return INSN_NEXT;
	}
}

static void compare_one(const u8 *code, size_t n, const ZydisDecodedInstruction *want)
{
	struct insn insn;

	if (!insn_decode(&insn, code, n)) {
		nr_refused++;
		return;
	}
	if (insn.size != want->length)
		fail_msg("%02x %02x %02x %02x %02x %02x: %d bytes, not %d", code[0], code[1], code[2], code[3], code[4],
			 code[5], insn.size, want->length);
	nr_same++;
	assert_int_equal(insn.flow, wanted_flow(want));
	if (insn.flow == INSN_BRANCH || insn.flow == INSN_CALL || insn.flow == INSN_JUMP)
		assert_int_equal(insn.target, (s32)want->raw.imm[0].value.s);
}

static void compare_all(const struct code *text)
{
	const u8 *code = text->bytes;
	ZydisDecodedInstruction want;
	size_t at = 0, n = text->size;

	while (at < n) {
		if (ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&zydis, NULL, code + at, n - at, &want))) {
			compare_one(code + at, n - at, &want);
			at += want.length;
		} else {
			at++;
		}
	}
}

static void test_lengths(void **state)
{
	assert_true(ZYAN_SUCCESS(ZydisDecoderInit(&zydis, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64)));
	for_each_text(compare_all);
	assert_true(nr_same > 1000);
	assert_true(nr_refused < nr_same / 100);
}

/* What is cut off is refused, wherever. */
static void test_cut_off(void **state)
{
	static const u8 insns[][INSN_MAX] = {
	    {0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8},	   /* movabs */
	    {0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0}, /* nopw */
	    {0xe8, 1, 2, 3, 4},				   /* call */
	    {0xc5, 0xf8, 0x77},				   /* vzeroupper */
	};
	struct insn insn;
	size_t n;

	for (size_t i = 0; i < ARRAY_SIZE(insns); i++) {
		assert_true(insn_decode(&insn, insns[i], INSN_MAX));
		for (n = 0; n < insn.size; n++)
			assert_false(insn_decode(&(struct insn){0}, insns[i], n));
		assert_true(insn_decode(&(struct insn){0}, insns[i], n));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_lengths), cmocka_unit_test(test_cut_off)};

	return cmocka_run_group_tests_name("insn", tests, NULL, NULL);
}
