# The fuzzer of the walk and of the trees of mounts. Included by the top Makefile, whose `make fuzz` runs it for long.
FUZZ_CC = clang
FUZZ_STEPS = 10000000
FUZZ_COVERAGE = -fprofile-instr-generate -fcoverage-mapping
# The unit tests of the same files: what both reach together is told.
FUZZ_UNIT = $(addprefix $(B)/fuzz/unit/asan/test_,dcache mnt mnt_bind mnt_gone mnt_ns mnt_propagate mnt_rename $(UNIT_VFS_TESTS))
FUZZ_CFLAGS = -std=gnu11 -O1 -g -Wall -Wextra -Werror -Wno-unused-parameter -Wno-gnu-variable-sized-type-not-at-end \
	-D_GNU_SOURCE -include tests/fuzz/syscall.h -iquote .
# What is tested, compiled as for the runtime, and what is around it.
FUZZ_SRC = $(wildcard kernel/*.c kernel/ns/*.c) $(ARENA) lib/fmt.c \
	$(wildcard vfs/*.c) \
	$(addprefix sys/,mount.c mount_common.c umount.c pivot.c fs.c name.c grave.c held_names.c place.c stat.c access.c open_tree.c mount_setattr.c)
FUZZ_MODEL = $(addprefix tests/fuzz/,step.c disk.c model.c model_list.c model_mounts.c model_propagate.c model_detached.c model_proc.c)
FUZZ_HOSTED = warden/mounts.c warden/detached.c $(FUZZ_MODEL) $(addprefix tests/fuzz/,walk.c walk_trees.c walk_calls.c walk_proc.c fakes.c fakes_proc.c host.c host_proc.c)

# With the sanitizers, and once more to see how much of the code is reached.
FUZZ_OBJ = $(patsubst %.c,$(B)/fuzz/asan/%.o,$(FUZZ_SRC) $(FUZZ_HOSTED))
FUZZ_COV_OBJ = $(patsubst %.c,$(B)/fuzz/cov/%.o,$(FUZZ_SRC) $(FUZZ_HOSTED))
$(FUZZ_OBJ): FUZZ_CFLAGS += -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
$(FUZZ_COV_OBJ): FUZZ_CFLAGS += $(FUZZ_COVERAGE)
$(foreach kind,asan cov,$(FUZZ_SRC:%.c=$(B)/fuzz/$(kind)/%.o)): FUZZ_CFLAGS += -ffreestanding -include tests/fuzz/current.h
# The warden is another program, and has a function of its own by that name.
$(foreach kind,asan cov,$(B)/fuzz/$(kind)/warden/mounts.o $(B)/fuzz/$(kind)/warden/detached.o): FUZZ_CFLAGS += -Dmay_mount=warden_may_mount

$(B)/fuzz/asan/%.o: %.c
	@mkdir -p $(@D)
	$(FUZZ_CC) $(FUZZ_CFLAGS) -MMD -c $< -o $@
$(B)/fuzz/cov/%.o: %.c
	@mkdir -p $(@D)
	$(FUZZ_CC) $(FUZZ_CFLAGS) -MMD -c $< -o $@
$(B)/fuzz/walk: $(FUZZ_OBJ)
	$(FUZZ_CC) -fsanitize=fuzzer,address,undefined -o $@ $^
$(B)/fuzz/walk-coverage: $(FUZZ_COV_OBJ)
	$(FUZZ_CC) -fsanitize=fuzzer -fprofile-instr-generate -o $@ $^

# The model against the host's own kernel.
$(B)/fuzz/native: $(addprefix tests/fuzz/,native.c native_task.c native_tree.c) $(FUZZ_MODEL) $(wildcard tests/fuzz/*.h)
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -o $@ $(filter %.c,$^)

# Where clang has its fuzzer's runtime.
ifneq ($(wildcard $(shell $(FUZZ_CC) --print-file-name=libclang_rt.fuzzer-x86_64.a 2>/dev/null)),)
FUZZ_PROGRAMS = $(B)/fuzz/walk
endif
FUZZ_PROGRAMS += $(B)/fuzz/native

fuzz-run: $(B)/fuzz/walk $(B)/fuzz/walk-coverage $(B)/fuzz/native
	@mkdir -p $(B)/fuzz/corpus
	tests/fuzz/run $(FUZZ_STEPS) $(B)/fuzz/corpus
	@[ "$$(id -u)" != 0 ] || $(B)/fuzz/native $(B)/fuzz/corpus/1/*
	@LLVM_PROFILE_FILE=$(B)/fuzz/walk.profraw $(B)/fuzz/walk-coverage -runs=0 $(B)/fuzz/corpus/*/ 2>/dev/null
	@$(MAKE) --no-print-directory -s -f tests/unit/unit.mk B=$(B)/fuzz UNIT_CC=$(FUZZ_CC) \
		UNIT_ASAN="$(FUZZ_COVERAGE) -Wno-gnu-variable-sized-type-not-at-end" $(FUZZ_UNIT)
	@for test in $(FUZZ_UNIT); do LLVM_PROFILE_FILE=$(CURDIR)/$$test.profraw $$test >/dev/null 2>&1 || exit 1; done
	@llvm-profdata merge -o $(B)/fuzz/walk.profdata $(B)/fuzz/walk.profraw $(FUZZ_UNIT:=.profraw)
	@llvm-cov report $(B)/fuzz/walk-coverage $(FUZZ_UNIT:%=-object %) -instr-profile $(B)/fuzz/walk.profdata $(filter vfs/% kernel/ns/mnt%,$(FUZZ_SRC)) | \
		awk 'NR > 1 && / [0-9.]+%/ { print $$1, $$10 " of " $$8 " lines" } \
			/^vfs\// { all += $$8; missed += $$9 } END { printf "vfs/ %.2f%% of %d lines\n", 100 * (all - missed) / all, all }'

.PHONY: fuzz-run
.SECONDARY: $(FUZZ_OBJ) $(FUZZ_COV_OBJ)
-include $(FUZZ_OBJ:.o=.d) $(FUZZ_COV_OBJ:.o=.d)
