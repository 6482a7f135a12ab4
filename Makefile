# secede: see README.md. `make` builds, `make run` shows it, `make check` tests it.
CC = gcc
MUSL_CC = musl-gcc
B = build

WARN = -std=gnu11 -O2 -g -Wall -Wextra -Werror -Wmissing-prototypes -Wstrict-prototypes -Wno-unused-parameter
# The runtime: freestanding, position fixed at link time, never touches the guest's vector registers.
RT_CFLAGS = $(WARN) -ffreestanding -fno-stack-protector -fno-asynchronous-unwind-tables -fcf-protection=none \
	-fpie -fvisibility=hidden -mgeneral-regs-only -mno-red-zone -fno-builtin-memcpy -I.
RT_LDFLAGS = -nostdlib -static -no-pie -Wl,--build-id=none -Wl,-z,noexecstack -Wl,-T,arch/x86_64/runtime.ld
# The command and the warden: small and static, with musl.
HOSTED_CFLAGS = $(WARN) -D_GNU_SOURCE -I. -idirafter /usr/include -idirafter /usr/include/x86_64-linux-gnu
HOSTED_LDFLAGS = -static

KERNEL_NS = $(wildcard kernel/ns/*.c)
ARENA = arena/trie.c arena/alloc.c
RT_SRC = $(wildcard kernel/*.c) $(KERNEL_NS) $(ARENA) $(wildcard vfs/*.c sys/*.c signal/*.c exec/*.c host/*.c lib/*.c) \
	$(wildcard arch/x86_64/*.c arch/x86_64/*.S) warden/client.c
CMD_SRC = $(wildcard cli/*.c) $(filter-out warden/client.c,$(wildcard warden/*.c)) $(KERNEL_NS) $(ARENA) lib/fmt.c

RT_OBJ = $(patsubst %,$(B)/rt/%.o,$(RT_SRC))
CMD_OBJ = $(patsubst %,$(B)/cmd/%.o,$(CMD_SRC))

all: $(B)/secede $(B)/secede-runtime

$(B)/rt/%.c.o: %.c
	@mkdir -p $(@D)
	$(CC) $(RT_CFLAGS) -MMD -c $< -o $@
$(B)/rt/%.S.o: %.S
	@mkdir -p $(@D)
	$(CC) $(RT_CFLAGS) -MMD -c $< -o $@
$(B)/cmd/%.c.o: %.c
	@mkdir -p $(@D)
	$(MUSL_CC) $(HOSTED_CFLAGS) -MMD -c $< -o $@

$(B)/secede-runtime: $(RT_OBJ) arch/x86_64/runtime.ld
	$(CC) $(RT_LDFLAGS) -o $@ $(RT_OBJ)
$(B)/secede: $(CMD_OBJ)
	$(MUSL_CC) $(HOSTED_LDFLAGS) -o $@ $(CMD_OBJ)

clean:
	rm -rf $(B)

.PHONY: all clean
-include $(RT_OBJ:.o=.d) $(CMD_OBJ:.o=.d)
