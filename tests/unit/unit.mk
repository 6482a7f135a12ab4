# Unit tests: kernel/ and arena/ against cmocka, with ASan and UBSan, and with TSan. Included by the
# top Makefile, which runs UNIT_PROGRAMS; also works alone: make -f tests/unit/unit.mk unit
B ?= build
UNIT_CC ?= gcc
UNIT_CFLAGS = -std=gnu11 -O1 -g -Wall -Wextra -Werror -Wno-unused-parameter -D_GNU_SOURCE -iquote . -iquote tests/unit
# Every allocation of the arena goes through a test's hands, which can make it fail.
UNIT_LDFLAGS = -Wl,--wrap=arena_alloc -lcmocka -pthread

# Another decoder of instructions, to compare ours with.
$(B)/unit/asan/test_insn $(B)/unit/asan/test_pad $(B)/unit/tsan/test_insn $(B)/unit/tsan/test_pad: UNIT_LDFLAGS += -lZydis

UNIT_ASAN = -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
# TSan does not know fences, and says so; tests/unit/noreuse.c says why that does no harm.
UNIT_TSAN = -fsanitize=thread -Wno-tsan

UNIT_TESTS = $(patsubst tests/unit/test_%.c,%,$(wildcard tests/unit/test_*.c))
UNIT_SRC = $(wildcard kernel/*.c kernel/ns/*.c) arena/trie.c arena/seen.c tests/unit/arena.c tests/unit/fakes.c tests/unit/mounts.c tests/unit/tasks.c \
	tests/unit/text.c arch/x86_64/insn.c arch/x86_64/pad.c exec/carry.c exec/script.c lib/fmt.c

UNIT_ASAN_OBJ = $(patsubst %.c,$(B)/unit/asan/%.o,$(UNIT_SRC) arena/alloc.c)
UNIT_TSAN_OBJ = $(patsubst %.c,$(B)/unit/tsan/%.o,$(UNIT_SRC))
# Those of vfs/ have a task on the real host (tests/unit/vfs.h), and no threads.
UNIT_VFS_TESTS = $(filter proc_% deep tmpfs,$(UNIT_TESTS))
UNIT_VFS_OBJ = $(patsubst %.c,$(B)/unit/asan/%.o,$(wildcard vfs/*.c) host/dir.c tests/unit/vfs.c)
$(UNIT_VFS_OBJ): UNIT_CFLAGS += -include tests/unit/current.h
$(filter-out %/vfs.o,$(UNIT_VFS_OBJ)): UNIT_CFLAGS += -ffreestanding
$(UNIT_VFS_TESTS:%=$(B)/unit/asan/test_%): $(UNIT_VFS_OBJ)
UNIT_PROGRAMS = $(UNIT_TESTS:%=$(B)/unit/asan/test_%) $(patsubst %,$(B)/unit/tsan/test_%,$(filter-out $(UNIT_VFS_TESTS),$(UNIT_TESTS)))

$(B)/unit/asan/%.o: %.c
	@mkdir -p $(@D)
	$(UNIT_CC) $(UNIT_CFLAGS) $(UNIT_ASAN) -MMD -c $< -o $@
$(B)/unit/tsan/%.o: %.c
	@mkdir -p $(@D)
	$(UNIT_CC) $(UNIT_CFLAGS) $(UNIT_TSAN) -MMD -c $< -o $@

$(B)/unit/asan/test_%: $(B)/unit/asan/tests/unit/test_%.o $(UNIT_ASAN_OBJ)
	$(UNIT_CC) $(UNIT_ASAN) -o $@ $^ $(UNIT_LDFLAGS)
$(B)/unit/tsan/test_churn: $(B)/unit/tsan/tests/unit/test_churn.o $(UNIT_TSAN_OBJ) $(B)/unit/tsan/tests/unit/noreuse.o
	$(UNIT_CC) $(UNIT_TSAN) -o $@ $^ $(UNIT_LDFLAGS)
$(B)/unit/tsan/test_%: $(B)/unit/tsan/tests/unit/test_%.o $(UNIT_TSAN_OBJ) $(B)/unit/tsan/arena/alloc.o
	$(UNIT_CC) $(UNIT_TSAN) -o $@ $^ $(UNIT_LDFLAGS)

# Runs every program, also after one has failed; a line a test, in TAP.
unit: $(UNIT_PROGRAMS)
	@failed=; for t in $^; do echo "# $$t"; CMOCKA_MESSAGE_OUTPUT=TAP $$t || failed="$$failed $$t"; done; \
	if [ -n "$$failed" ]; then echo "# failed:$$failed"; exit 1; fi

.PHONY: unit
.SECONDARY: $(UNIT_VFS_OBJ) $(UNIT_ASAN_OBJ) $(UNIT_TSAN_OBJ) $(B)/unit/tsan/arena/alloc.o $(B)/unit/tsan/tests/unit/noreuse.o \
	$(foreach t,$(UNIT_TESTS),$(B)/unit/asan/tests/unit/test_$(t).o $(B)/unit/tsan/tests/unit/test_$(t).o)
-include $(patsubst %.o,%.d,$(UNIT_VFS_OBJ) $(UNIT_ASAN_OBJ) $(UNIT_TSAN_OBJ)) $(UNIT_TESTS:%=$(B)/unit/asan/tests/unit/test_%.d) \
	$(UNIT_TESTS:%=$(B)/unit/tsan/tests/unit/test_%.d) $(B)/unit/tsan/arena/alloc.d $(B)/unit/tsan/tests/unit/noreuse.d
