/* SPDX-License-Identifier: MIT */
/* Padding near system calls: in code of compilers as it is, and where it only looks like that. */
#include "tests/unit/unit.h"

#include <Zydis/Zydis.h>
#include "arch/x86_64/pad.h"
#include "arch/x86_64/patch.h"
#include "tests/unit/text.h"

#define START 0x400000UL
#define SIZE  1024
#define HERE  512 /* where the system call of these tests is */

static u8 bytes[SIZE];
static const struct code code = {bytes, START, SIZE};

/* Instructions without end, with those in their midst. */
static void set(const u8 *insns, size_t n, size_t at)
{
	static const u8 add[] = {0x48, 0x83, 0xc0, 0x01}; /* add $1, %rax */

	for (size_t i = 0; i < SIZE; i++)
		bytes[i] = add[i % sizeof(add)];
	memcpy(bytes + at, insns, n);
}

/* Where the padding is, as an offset from the system call; 0: nowhere. */
static long pad_from_call(void)
{
	u64 pad = pad_find(&code, START + HERE);

	return pad ? (long)(pad - START - HERE) : 0;
}

/* runtime/internal/syscall.Syscall6, Go 1.19 */
static const u8 go[] = {0x49, 0x89, 0xf2, 0x48, 0x89, 0xfa, 0x48, 0x89, 0xce, 0x48, 0x89, 0xdf, 0x0f, 0x05, 0x48, 0x3d,
			0x01, 0xf0, 0xff, 0xff, 0x76, 0x15, 0x48, 0xf7, 0xd8, 0x48, 0x89, 0xc1, 0x48, 0xc7, 0xc0, 0xff,
			0xff, 0xff, 0xff, 0x48, 0xc7, 0xc3, 0x00, 0x00, 0x00, 0x00, 0xc3, 0x48, 0x89, 0xd3, 0x48, 0xc7,
			0xc1, 0x00, 0x00, 0x00, 0x00, 0xc3, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc};
/* musl's _Exit, its second call */
static const u8 musl[] = {0x0f, 0x05, 0xeb, 0xf9, 0x66, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00};

static void test_compilers(void **state)
{
	set(go, sizeof(go), HERE - 12);
	bytes[HERE - 12 + sizeof(go)] = 0x90;
	/* Its padding ends at a boundary of 16 when its beginning is at one. */
	assert_int_equal(pad_find(&(struct code){bytes, START + 12, SIZE}, START + 12 + HERE), START + 12 + HERE + 42);
	assert_int_equal(pad_from_call(), 0);
	set(musl, sizeof(musl), HERE);
	assert_int_equal(pad_find(&(struct code){bytes, START + 3, SIZE}, START + 3 + HERE), START + 3 + HERE + 4);
}

#define RET   0xc3
#define NOP3  0x0f, 0x1f, 0x00
#define NOP7  0x0f, 0x1f, 0x80, 0, 0, 0, 0
#define NOP8  0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0
#define XOR   0x31, 0xc0
#define CALL  0x0f, 0x05
#define INT3S 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc

#define CHECK_PAD(want, ...)                                                                                           \
	do {                                                                                                           \
		static const u8 insns_[] = {__VA_ARGS__};                                                              \
		set(insns_, sizeof(insns_), HERE);                                                                     \
		assert_int_equal(pad_from_call(), (want));                                                             \
	} while (0)

static void test_behind(void **state)
{
	/* HERE is a multiple of 16: 8 bytes up to the boundary, and 7 */
	CHECK_PAD(8, CALL, XOR, XOR, 0x90, RET, NOP8);
	CHECK_PAD(8, CALL, XOR, XOR, 0x90, RET, INT3S);
	CHECK_PAD(9, CALL, XOR, XOR, XOR, RET, NOP7);
	/* what would be a branch to it if an instruction began there: mov 0x75(%rsp), %eax; add %al, %al */
	CHECK_PAD(9, CALL, 0x8b, 0x44, 0x24, 0x75, 0x02, 0xc0, RET, NOP7);
	/* another instruction than a return */
	CHECK_PAD(8, CALL, XOR, XOR, 0xeb, 0x80, NOP8);
	CHECK_PAD(8, CALL, XOR, XOR, 0xff, 0xe0, NOP8);
	CHECK_PAD(8, CALL, XOR, XOR, 0x0f, 0x0b, NOP8);
}

static void test_none(void **state)
{
	/* too short; not all of it; something else's end; single nops; not up to the boundary */
	CHECK_PAD(0, CALL, XOR, XOR, XOR, 0x90, RET, 0x66, 0x0f, 0x1f, 0x44, 0, 0);
	CHECK_PAD(0, CALL, XOR, XOR, 0x90, RET, NOP7, RET);
	CHECK_PAD(0, CALL, XOR, XOR, XOR, XOR, NOP8);
	CHECK_PAD(0, CALL, XOR, XOR, 0x90, RET, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90);
	CHECK_PAD(0, CALL, XOR, RET, NOP7, XOR, XOR);
	/* the return is another instruction's last byte: mov %eax, %ebx */
	CHECK_PAD(0, CALL, XOR, XOR, 0x89, 0xc3, NOP8);
	/* the nops are part of one: movabs */
	CHECK_PAD(0, CALL, XOR, 0x90, RET, 0x48, 0xb8, NOP8);
	/* the nops are jumped over, not filled up with */
	CHECK_PAD(0, CALL, XOR, XOR, 0xeb, 0x08, NOP8);
	/* int3 goes on, for whoever handles it */
	CHECK_PAD(0, CALL, XOR, XOR, 0x90, 0xcc, NOP8);
}

/* Somewhere else is a branch to the padding. */
static void test_led_into(void **state)
{
	static const u8 insns[] = {CALL, XOR, XOR, 0x90, RET, NOP8};
	static const u8 jmp[] = {0xe9}, jcc[] = {0x0f, 0x84};
	s32 rel;

	set(insns, sizeof(insns), HERE);
	for (size_t to = 7; to <= 15; to++) {
		bool inside = to >= 8 && to < 15;

		set(insns, sizeof(insns), HERE);
		bytes[HERE - 20] = 0x75;
		bytes[HERE - 19] = (u8)(18 + to);
		assert_int_equal(pad_from_call(), inside ? 0 : 8);
		set(insns, sizeof(insns), HERE);
		memcpy(bytes + 40, jmp, sizeof(jmp));
		rel = (s32)(HERE + to) - 45;
		memcpy(bytes + 41, &rel, sizeof(rel));
		assert_int_equal(pad_from_call(), inside ? 0 : 8);
		set(insns, sizeof(insns), HERE);
		memcpy(bytes + SIZE - 7, jcc, sizeof(jcc));
		rel = (s32)(HERE + to) - SIZE + 1;
		memcpy(bytes + SIZE - 5, &rel, sizeof(rel));
		assert_int_equal(pad_from_call(), inside ? 0 : 8);
	}
}

/* Padding before the call, after an instruction that is found by decoding from further before. */
static void test_before(void **state)
{
	static const u8 insns[] = {XOR, XOR, XOR, 0x90, RET, NOP8, XOR, CALL};
	static const u8 not [] = {XOR, XOR, XOR, 0x89, 0xc3, NOP8, XOR, CALL};

	set(insns, sizeof(insns), HERE - 18);
	assert_int_equal(pad_find(&(struct code){bytes, START + 2, SIZE}, START + 2 + HERE), START + 2 + HERE - 10);
	set(not, sizeof(not ), HERE - 18);
	assert_int_equal(pad_find(&(struct code){bytes, START + 2, SIZE}, START + 2 + HERE), 0);
}

/* What has been patched before is no end, and its padding no padding. */
static void test_patched(void **state)
{
	const u8 low = PATCH_TABLE & 0xff, high = PATCH_TABLE >> 8 & 0xff, third = PATCH_TABLE >> 16 & 0xff,
		 top = PATCH_TABLE >> 24;
	const u8 mov[] = {CALL, XOR, XOR, XOR, 0xff, 0x24, 0x25, low, high, third, top, 0x90, NOP8, XOR};
	const u8 short_jump[] = {CALL, XOR, XOR, 0xeb, 0x08, NOP8, 0xff, 0x24, 0x25, low, high, third, top};

	set(mov, sizeof(mov), HERE);
	assert_int_equal(pad_find(&(struct code){bytes, START + 2, SIZE}, START + 2 + HERE), 0);
	set(short_jump, sizeof(short_jump), HERE);
	assert_int_equal(pad_from_call(), 0);
}

/* The code that can be seen ends somewhere. */
static void test_edges(void **state)
{
	static const u8 insns[] = {CALL, XOR, XOR, 0x90, RET, NOP8};

	set(insns, sizeof(insns), HERE);
	for (size_t from = 0; from < HERE + 20; from++)
		for (size_t size = 0; size <= HERE + 20 - from; size++) {
			u8 *copy = malloc(size ? size : 1);
			u64 pad;

			memcpy(copy, bytes + from, size);
			pad = pad_find(&(struct code){copy, START + from, size}, START + HERE);
			assert_true(!pad || (pad == START + HERE + 8 && from + size >= HERE + 16));
			free(copy);
		}
}

/* ---- all system calls of some libraries ---- */

static unsigned nr_calls, nr_pads;

static bool is_end(const ZydisDecodedInstruction *insn)
{
	return insn->meta.category == ZYDIS_CATEGORY_RET || insn->meta.category == ZYDIS_CATEGORY_UNCOND_BR ||
	       insn->mnemonic == ZYDIS_MNEMONIC_UD2;
}

/* Decoded from the beginning of the text: the padding is behind an end, and nothing else than nops or int3. */
static void check_pad(const struct code *text, const u8 *starts, u64 pad)
{
	size_t at = pad - text->start, before = at - 1;
	ZydisDecodedInstruction insn;
	ZydisDecoder zydis;

	ZydisDecoderInit(&zydis, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	assert_true(starts[at]);
	while (!starts[before])
		before--;
	assert_true(ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&zydis, NULL, text->bytes + before, 15, &insn)));
	assert_true(is_end(&insn));
	for (size_t end = at + PAD_SIZE; at < end; at += insn.length) {
		assert_true(ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&zydis, NULL, text->bytes + at, 15, &insn)));
		assert_true(insn.meta.category == ZYDIS_CATEGORY_NOP || insn.meta.category == ZYDIS_CATEGORY_WIDENOP ||
			    insn.mnemonic == ZYDIS_MNEMONIC_INT3);
	}
}

static void check_call(const struct code *text, const u8 *starts, size_t at)
{
	size_t from = at > CODE_AROUND ? at - CODE_AROUND : 0;
	struct code seen = {text->bytes + from, text->start + from, MIN(text->size - from, 2UL * CODE_AROUND)};
	u64 pad = pad_find(&seen, text->start + at);

	nr_calls++;
	if (!pad)
		return;
	nr_pads++;
	assert_in_range(pad + 126 - text->start - at, 0, 255);
	check_pad(text, starts, pad);
}

static void check_text(const struct code *text)
{
	u8 *starts = calloc(text->size + 1, 1);
	ZydisDecodedInstruction insn;
	ZydisDecoder zydis;
	size_t at = 0;

	ZydisDecoderInit(&zydis, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	while (at < text->size) {
		starts[at] = 1;
		if (ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&zydis, NULL, text->bytes + at, text->size - at, &insn)))
			at += insn.length;
		else
			at++;
	}
	for (at = 0; at + 15 < text->size; at++)
		if (starts[at] && text->bytes[at] == 0x0f && text->bytes[at + 1] == 0x05)
			check_call(text, starts, at);
	free(starts);
}

static void test_libraries(void **state)
{
	for_each_text(check_text);
	assert_true(nr_calls > 100);
	assert_true(nr_pads > nr_calls / 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_compilers), cmocka_unit_test(test_behind),
					   cmocka_unit_test(test_none),	     cmocka_unit_test(test_led_into),
					   cmocka_unit_test(test_before),    cmocka_unit_test(test_patched),
					   cmocka_unit_test(test_edges),     cmocka_unit_test(test_libraries)};

	return cmocka_run_group_tests_name("pad", tests, NULL, NULL);
}
