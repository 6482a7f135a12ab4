# secede: see README.md. `make` builds, `make run` shows it, `make check` tests it.
CC = gcc
MUSL_CC = musl-gcc
B = build
PREFIX = /usr/local
DESTDIR =

WARN = -std=gnu11 -O2 -g -Wall -Wextra -Werror -Wmissing-prototypes -Wstrict-prototypes -Wno-unused-parameter
# The runtime: freestanding, position fixed at link time, never touches the guest's vector registers.
RT_CFLAGS = $(WARN) -ffreestanding -fno-stack-protector -fno-asynchronous-unwind-tables -fcf-protection=none \
	-fpie -fvisibility=hidden -mgeneral-regs-only -mno-red-zone -fno-tree-loop-distribute-patterns -iquote .
RT_LDFLAGS = -nostdlib -static -Wl,--no-relax -no-pie -Wl,--build-id=none -Wl,-z,noexecstack -Wl,-T,arch/x86_64/runtime.ld
# The command and the warden: small and static, with musl.
HOSTED_CFLAGS = $(WARN) -D_GNU_SOURCE -iquote . -idirafter /usr/include -idirafter /usr/include/x86_64-linux-gnu
HOSTED_LDFLAGS = -static

KERNEL_NS = $(wildcard kernel/ns/*.c)
ARENA = arena/trie.c arena/alloc.c arena/seen.c
# What every program runs lies together, the rest behind it: for each 64 KiB of text that it touches, a program that starts
# has a page fault, and a child that was forked another one.
RT_COMMON = $(addprefix arch/x86_64/,blocking.S entry.S frame.c marks.S uaccess.S) warden/client.c $(ARENA) \
	$(wildcard lib/*.c host/*.c signal/*.c exec/*.c kernel/*.c) \
	$(addprefix kernel/ns/,mnt.c mnt_tree.c mnt_group.c user.c) \
	$(addprefix vfs/,dcache.c lexical.c namei.c open.c place.c proc.c recent.c slow.c) \
	$(addprefix sys/,access.c control.c dispatch.c exec.c fd.c fork.c fs.c mm.c open.c patch.c pids.c process.c ptrace.c \
	sem_list.c signal.c stat.c table.c wait.c)
RT_SRC = $(RT_COMMON) $(filter-out $(RT_COMMON),$(wildcard arch/x86_64/*.c arch/x86_64/*.S) $(KERNEL_NS) $(wildcard vfs/*.c sys/*.c))
CMD_SRC = $(wildcard cli/*.c) $(filter-out warden/client.c,$(wildcard warden/*.c)) $(KERNEL_NS) $(ARENA) kernel/pid.c kernel/dcache.c lib/fmt.c \
	map/session.c map/guests.c map/proc.c

# What `secede map` and `secede ls` execute: ordinary programs.
MAP_SRC = $(wildcard map/*.c) cli/message.c kernel/pid.c
LS_SRC = ls/main.c map/session.c map/guests.c map/handles.c map/proc.c warden/stale.c warden/remove.c cli/message.c

RT_OBJ = $(patsubst %,$(B)/rt/%.o,$(RT_SRC))
CMD_OBJ = $(patsubst %,$(B)/cmd/%.o,$(CMD_SRC))
MAP_OBJ = $(patsubst %,$(B)/map/%.o,$(MAP_SRC))
LS_OBJ = $(patsubst %,$(B)/map/%.o,$(LS_SRC))

# libsecede: for programs, with their own C library.
LIB_CFLAGS = $(WARN) -D_GNU_SOURCE -fPIC -fvisibility=hidden -pthread -iquote .
LIB_SONAME = libsecede.so.0
VERSION = $(shell sed -n 's/.*SECEDE_VERSION "\(.*\)"/\1/p' cli/cli.h)

all: $(B)/secede $(B)/secede-runtime $(B)/secede-map $(B)/secede-ls $(B)/libsecede.a $(B)/$(LIB_SONAME)

$(B)/rt/%.c.o: %.c
	@mkdir -p $(@D)
	$(CC) $(RT_CFLAGS) -MMD -c $< -o $@
$(B)/rt/%.S.o: %.S
	@mkdir -p $(@D)
	$(CC) $(RT_CFLAGS) -MMD -c $< -o $@
$(B)/map/%.c.o: %.c
	@mkdir -p $(@D)
	$(CC) $(WARN) -D_GNU_SOURCE -iquote . -MMD -c $< -o $@
$(B)/cmd/%.c.o: %.c
	@mkdir -p $(@D)
	$(MUSL_CC) $(HOSTED_CFLAGS) -MMD -c $< -o $@

$(B)/secede-runtime: $(RT_OBJ) arch/x86_64/runtime.ld
	$(CC) $(RT_LDFLAGS) -o $@ $(RT_OBJ)
$(B)/secede: $(CMD_OBJ)
	$(MUSL_CC) $(HOSTED_LDFLAGS) -o $@ $(CMD_OBJ)
$(B)/secede-map: $(MAP_OBJ)
	$(CC) -o $@ $(MAP_OBJ) -lsmartcols
$(B)/secede-ls: $(LS_OBJ)
	$(CC) -o $@ $(LS_OBJ) -lsmartcols

$(B)/libsecede/%.c.o: libsecede/%.c
	@mkdir -p $(@D)
	$(CC) $(LIB_CFLAGS) -MMD -c $< -o $@
$(B)/libsecede.a: $(B)/libsecede/unshare.c.o
	$(AR) rcs $@ $^
$(B)/$(LIB_SONAME): $(B)/libsecede/unshare.c.o
	$(CC) -shared -Wl,-soname,$(LIB_SONAME) -Wl,-z,defs -pthread -o $@ $^

# ---- examples ------------------------------------------------------------------------------------------------------

EXAMPLES = $(B)/examples/server $(B)/examples/pam_login
examples: all $(EXAMPLES)
$(B)/examples/%: examples/%.c $(B)/libsecede.a
	@mkdir -p $(@D)
	$(CC) $(WARN) -D_GNU_SOURCE -iquote . -pthread -MMD -o $@ $(filter %.c %.a,$^)
$(B)/examples/pam_login: examples/polyinstantiation/pam_login.c
	@mkdir -p $(@D)
	$(CC) $(WARN) -D_GNU_SOURCE -o $@ $< -lpam

# ---- tests -----------------------------------------------------------------------------------------------------------

TEST_CFLAGS = $(WARN) -D_GNU_SOURCE -iquote . -pthread
TEST_BIN = $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/spec/*.c tests/programs/*.c tests/tools/*.c)) \
	$(addprefix $(B)/tests/tools/hello-,dynamic nopie static staticpie musl) $(addprefix $(B)/tests/tools/,spawn-musl cancel-musl looks-musl)

$(B)/hostile: tests/hostile.c
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -MMD -o $@ $<
$(B)/tests/%: tests/%.c
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -MMD -o $@ $<

# With libsecede.
LIB_TESTS = $(patsubst %.c,$(B)/%,$(wildcard tests/programs/libsecede*.c) tests/tools/kill_storm.c \
	tests/tools/all_or_nothing.c)
$(LIB_TESTS): $(B)/%: %.c $(B)/libsecede.a
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -MMD -o $@ $(filter %.c %.a,$^)
# The same, with the shared one.
TEST_BIN += $(B)/tests/programs/libsecede_shared
$(B)/tests/programs/libsecede_shared: tests/programs/libsecede.c $(B)/$(LIB_SONAME)
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -Wl,-rpath,'$$ORIGIN/../..' -MMD -o $@ $^

# The warden without a runtime.
WARDEN_SRC = $(filter-out warden/client.c,$(wildcard warden/*.c)) $(KERNEL_NS) $(ARENA) kernel/pid.c kernel/dcache.c lib/fmt.c
$(B)/tests/programs/warden_%: tests/programs/warden_%.c $(WARDEN_SRC) $(wildcard warden/*.h arena/*.h kernel/ns/*.h)
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -o $@ $(filter %.c,$^)

# The same program, linked in every way that the loader has to know.
HELLO = tests/tools/hello.c
$(B)/tests/tools/hello-dynamic: LINK = $(CC) -fPIE -pie
$(B)/tests/tools/hello-nopie: LINK = $(CC) -fno-pie -no-pie
$(B)/tests/tools/hello-static: LINK = $(CC) -fno-pie -no-pie -static
$(B)/tests/tools/hello-staticpie: LINK = $(CC) -fPIE -static-pie
$(B)/tests/tools/hello-musl: LINK = $(MUSL_CC) -static
$(B)/tests/tools/hello-%: $(HELLO)
	@mkdir -p $(@D)
	$(LINK) $(WARN) -D_GNU_SOURCE -pthread -o $@ $<
$(B)/tests/tools/%-musl: tests/tools/%.c
	@mkdir -p $(@D)
	$(MUSL_CC) -static $(WARN) -D_GNU_SOURCE -iquote . -MMD -o $@ $<
# Where there is a Go compiler, also from that.
ifneq ($(shell command -v go),)
GO_BIN = $(addprefix $(B)/tests/tools/,hello-go looks-go)
TEST_BIN += $(GO_BIN)
$(GO_BIN): $(B)/tests/tools/%-go: tests/tools/%.go
	@mkdir -p $(@D)
	GOCACHE=$(abspath $@.cache) go build -o $@ $<
	rm -rf $@.cache
endif

# Names its programs in UNIT_PROGRAMS.
-include tests/unit/unit.mk
# Names its program in FUZZ_PROGRAMS, where it can be built.
include tests/fuzz/fuzz.mk

# Every test prints TAP; tests/run puts them where an ordinary user can reach them and has prove(1) judge.
TESTS = $(addprefix $(B)/tests/programs/warden_,proto life lists fds names door) tests/spec/run tests/programs/main_job \
	tests/programs/run tests/programs/bad_input tests/programs/all_or_nothing tests/programs/server \
	tests/programs/kill_storm tests/programs/kill_steps tests/programs/kill_start tests/programs/exhaust \
	tests/programs/kill_all tests/programs/map tests/programs/ls tests/programs/enter tests/programs/number_reuse \
	tests/programs/trace_leave tests/programs/patching tests/programs/patch_modes tests/programs/dcache tests/fuzz/run tests/compare/run

tests: examples $(B)/hostile $(TEST_BIN) $(UNIT_PROGRAMS) $(FUZZ_PROGRAMS)

# ---- lint ------------------------------------------------------------------------------------------------------------

lint:
	.ci/lint

# ---- what people type ------------------------------------------------------------------------------------------------

RUN_PACKAGES = gcc libc6-dev libsmartcols-dev musl-tools python3-minimal hostname mount
CHECK_PACKAGES = $(RUN_PACKAGES) clang clang-format clang-tidy cppcheck libclang-rt-dev perl git libcmocka-dev libzydis-dev \
	python3 sqlite3 busybox-static gdb strace pamtester libpam0g-dev rsync attr
BENCH_PACKAGES = $(RUN_PACKAGES) bash git make python3 proot bubblewrap util-linux
COMPAT_PACKAGES = $(RUN_PACKAGES) apt-utils bash bc bsdutils busybox-static bzip2 cargo clang cmake curl \
	default-jdk-headless dpkg-dev ed emacs-nox ffmpeg file fzf g++ gdb gh git golang-go guile-3.0 less \
	libpython3.11-testsuite linux-perf lsof ltrace make man-db manpages mariadb-server meson nginx ninja-build nodejs \
	openssh-client openssh-server openssl perl php-cli postgresql procps psmisc python3-venv redis-server rsync ruby \
	rustc sbcl sqlite3 strace stress-ng tmux valgrind vim wrk xxd xz-utils zstd

# The packages come first, then a second make that finds them.
run:
	@.ci/need $(RUN_PACKAGES)
	@$(MAKE) --no-print-directory -s -j2 all $(B)/hostile
	@tests/run --plain examples/main_job
check:
	@.ci/need $(CHECK_PACKAGES)
	@$(MAKE) --no-print-directory -s -j2 tests
	@$(MAKE) --no-print-directory -s lint
	@$(MAKE) --no-print-directory check-tests
# PATCH=no: no call site is patched in any test. PATCH=all: each one is, at its first trap.
ifneq ($(PATCH),)
after_no = 0
after_all = 1
export SECEDE_PATCH_AFTER = $(after_$(PATCH))
endif
check-tests: tests
	tests/run $(UNIT_PROGRAMS) $(TESTS)
# The same in both modes, and over and over: for what happens rarely.
check-long: check
	$(MAKE) --no-print-directory check-tests PATCH=no
	$(MAKE) --no-print-directory check-tests PATCH=all
	for round in 4 5 6 7 8 9 10; do tests/run $(UNIT_PROGRAMS) $(TESTS) || exit 1; done
	tests/run --plain tests/programs/kill_storm 540 10000
	tests/run --plain tests/programs/together 10000 10000
	tests/run --plain tests/programs/number_reuse 100000
	tests/run --plain tests/programs/kill_steps 5
	tests/run --plain build/hostile build/secede -- build/tests/tools/jumps 1000000
	SECEDE_PATCH_AFTER=1 tests/run --plain build/hostile build/secede -- build/tests/programs/patch_storm . secede 1000
# What it costs, as docs/bench.md and docs/bench.svg, in a quarter of an hour. ROUNDS=1 for a quick look, ROWS='find git' to
# see only some rows of bench/bench.sh.
bench: ROWS =
bench:
	@.ci/need $(BENCH_PACKAGES)
	@$(MAKE) --no-print-directory -s -j2 examples $(B)/hostile $(patsubst %.c,$(B)/%,$(wildcard bench/*.c))
	@SVG=$(if $(ROWS),,$(abspath $(B)/bench.svg)) tests/run --plain bench/bench.sh $(ROWS) >$(B)/bench.md
	@$(if $(ROWS),cat $(B)/bench.md,{ echo '# What secede costs'; echo; cat $(B)/bench.md; } >docs/bench.md && cp $(B)/bench.svg docs/bench.svg)

# The walk and the trees of mounts against a model, for ten million steps. FUZZ_STEPS=NUMBER for others.
fuzz:
	@.ci/need $(CHECK_PACKAGES) llvm
	@$(MAKE) --no-print-directory -s -j2 fuzz-run

# Real programs, natively and under secede, as the table docs/compat.md; fails if there is a difference without a reason.
# It takes twenty minutes; a script that finds a difference without a reason is run a second time, and says so. KEEP=DIRECTORY keeps what the programs printed.
compat: KEEP =
compat:
	@.ci/need $(COMPAT_PACKAGES)
	@$(MAKE) --no-print-directory -s -j2 tests
	@{ \
		printf '# Real programs, natively and under secede\n\n'; \
		printf 'Made by `make compat` on %s %s, %s processors.\n\n' "$$(uname -sr)" "$$(uname -m)" "$$(nproc)"; \
		KEEP=$(abspath $(KEEP)) tests/run --plain tests/compat/run; \
		echo $$? >$(B)/compat.status; \
	} >$(B)/compat.md
	@cp $(B)/compat.md docs/compat.md
	@exit $$(cat $(B)/compat.status)

$(B)/bench/%: bench/%.c
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -MMD -o $@ $<

# The picture in README.md.
docs/map.svg: all $(B)/tests/tools/sharing
	examples/map >$@

install: all
	install -D -m 755 $(B)/secede $(DESTDIR)$(PREFIX)/bin/secede
	install -D -m 755 $(B)/secede-runtime $(DESTDIR)$(PREFIX)/libexec/secede/secede-runtime
	install -D -m 755 $(B)/secede-map $(DESTDIR)$(PREFIX)/libexec/secede/secede-map
	install -D -m 755 $(B)/secede-ls $(DESTDIR)$(PREFIX)/libexec/secede/secede-ls
	install -D -m 644 man/secede.1 $(DESTDIR)$(PREFIX)/share/man/man1/secede.1
	install -D -m 644 man/secede_unshare.3 $(DESTDIR)$(PREFIX)/share/man/man3/secede_unshare.3
	install -D -m 644 libsecede/secede.h $(DESTDIR)$(PREFIX)/include/secede.h
	install -D -m 644 $(B)/libsecede.a $(DESTDIR)$(PREFIX)/lib/libsecede.a
	install -D -m 644 $(B)/$(LIB_SONAME) $(DESTDIR)$(PREFIX)/lib/$(LIB_SONAME)
	ln -sf $(LIB_SONAME) $(DESTDIR)$(PREFIX)/lib/libsecede.so
	install -d $(DESTDIR)$(PREFIX)/lib/pkgconfig
	sed 's|@PREFIX@|$(PREFIX)|; s|@VERSION@|$(VERSION)|' libsecede/secede.pc.in \
		>$(DESTDIR)$(PREFIX)/lib/pkgconfig/secede.pc
uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/secede $(DESTDIR)$(PREFIX)/libexec/secede/secede-runtime \
		$(DESTDIR)$(PREFIX)/libexec/secede/secede-map $(DESTDIR)$(PREFIX)/libexec/secede/secede-ls \
		$(DESTDIR)$(PREFIX)/share/man/man1/secede.1 $(DESTDIR)$(PREFIX)/share/man/man3/secede_unshare.3 \
		$(DESTDIR)$(PREFIX)/include/secede.h $(DESTDIR)$(PREFIX)/lib/libsecede.a \
		$(DESTDIR)$(PREFIX)/lib/libsecede.so $(DESTDIR)$(PREFIX)/lib/$(LIB_SONAME) \
		$(DESTDIR)$(PREFIX)/lib/pkgconfig/secede.pc
	-rmdir $(DESTDIR)$(PREFIX)/libexec/secede

clean:
	rm -rf $(B)

# Test suites of others, natively and under secede: see tests/clients/run.
CLIENT_PACKAGES = $(CHECK_PACKAGES) dpkg-dev bzip2 perl zlib1g-dev libcap-dev libcap2-bin pkg-config python3-seccomp
clients:
	@.ci/need $(CLIENT_PACKAGES)
	@$(MAKE) --no-print-directory -s -j2 all $(B)/hostile
	@tests/run --plain tests/clients/run

.PHONY: all examples tests lint run check check-tests check-long fuzz bench clients compat install uninstall clean
.DELETE_ON_ERROR:
-include $(RT_OBJ:.o=.d) $(CMD_OBJ:.o=.d) $(MAP_OBJ:.o=.d) $(LS_OBJ:.o=.d) $(B)/libsecede/unshare.c.d \
	$(wildcard $(B)/tests/*/*.d $(B)/*.d $(B)/bench/*.d $(B)/examples/*.d)
