#!/bin/bash
# SPDX-License-Identifier: MIT
# meson: a project configured, built, tested, tested under valgrind's wrapper, installed, packed.
# needs: meson ninja gcc pkg-config
. "$TOP/tests/compat/lib.sh"
mkdir p && cd p || exit 1
cat >meson.build <<'END'
project('p', 'c', version: '1.2', default_options: ['warning_level=3'])
add_project_arguments('-DN=' + get_option('n').to_string(), language: 'c')
l = shared_library('l', 'l.c', install: true)
p = executable('p', 'p.c', link_with: l, install: true, dependencies: dependency('threads'))
custom_target('made', output: 'made', command: [p], capture: true, build_by_default: true)
configure_file(input: 'conf.in', output: 'conf', configuration: {'V': meson.project_version()})
test('passes', p)
test('fails', find_program('false'), should_fail: true)
test('slow', find_program('sleep'), args: ['5'], timeout: 1)
run_target('say', command: ['echo', 'said'])
END
echo "option('n', type: 'integer', value: 1)" >meson_options.txt
echo 'version @V@' >conf.in
echo 'int l(void) { return N; }' >l.c
cat >p.c <<'END'
#include <stdio.h>
int l(void);
int main(void)
{
	printf("%d\n", l());
	return 0;
}
END
check setup sh -c 'meson setup b | grep -E "^(Project|Build targets|Program)"'
check configured cat b/conf
check compile sh -c 'meson compile -C b | grep -c "^\[[0-9]"'
check run sh -c './b/p && cat b/made'
exits 1 test sh -c 'meson test -C b --print-errorlogs 2>&1 | grep -E "^(Ok|Expected Fail|Fail|Timeout):" | tr -s " "; exit 1'
check one meson test -q -C b passes
check option sh -c 'meson configure b -Dn=5 && meson compile -C b >/dev/null && ./b/p'
check target sh -c 'meson compile -C b say | grep said'
check install sh -c 'DESTDIR=$PWD/there meson install -C b >/dev/null && find there -type f | sort'
check introspect sh -c "meson introspect b --targets | python3 -c 'import json, sys; print([t[\"name\"] for t in json.load(sys.stdin)])'"
check wipe sh -c 'meson setup --wipe b >/dev/null && ls b | wc -l'
check release sh -c 'meson setup --buildtype release -Db_lto=true r >/dev/null && ninja -C r >/dev/null && ./r/p'
check sanitized sh -c 'meson setup -Db_sanitize=address,undefined -Db_lundef=false s >/dev/null && ninja -C s >/dev/null && ./s/p'
exits 1 'wrong' sh -c 'mkdir w && echo "project(" >w/meson.build && meson setup w w/b 2>&1 | grep -c ERROR; exit 1'
