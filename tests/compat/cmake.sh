#!/bin/bash
# SPDX-License-Identifier: MIT
# cmake, ninja, make, ctest, cpack: one project configured, built, tested, installed and packed, with gcc and clang.
# needs: cmake ninja make gcc g++ clang
. "$TOP/tests/compat/lib.sh"
mkdir p && cd p || exit 1
for i in $(seq 12); do echo "int f$i(void) { return $i; }" >f$i.c; done
{
	echo '#include <stdio.h>'
	for i in $(seq 12); do echo "int f$i(void);"; done
	echo 'int main(void) { int s = 0;'
	for i in $(seq 12); do echo "s += f$i();"; done
	echo 'printf("%d\n", s); return 0; }'
} >main.c
cat >threads.cpp <<'END'
#include <filesystem>
#include <iostream>
#include <thread>

int main()
{
	std::thread t([] { std::cout << "a thread\n"; });
	t.join();
	try {
		throw 1;
	} catch (int i) {
		std::cout << "caught " << i << "\n";
	}
	std::filesystem::create_directories("made/a/b");
	std::cout << std::filesystem::remove_all("made") << " removed\n";
}
END
cat >CMakeLists.txt <<'END'
cmake_minimum_required(VERSION 3.10)
project(p VERSION 1.2 LANGUAGES C CXX)
file(GLOB S *.c)
list(FILTER S EXCLUDE REGEX "/f[12]\\.c$")
find_package(Threads REQUIRED)
set(CMAKE_CXX_STANDARD 17)
add_library(l SHARED f1.c f2.c)
add_executable(p ${S})
target_link_libraries(p l)
add_executable(threads threads.cpp)
target_link_libraries(threads Threads::Threads)
add_custom_command(OUTPUT generated COMMAND p >generated DEPENDS p)
add_custom_target(g ALL DEPENDS generated)
enable_testing()
add_test(NAME p COMMAND p)
add_test(NAME threads COMMAND threads)
add_test(NAME fails COMMAND false)
install(TARGETS p l RUNTIME DESTINATION bin LIBRARY DESTINATION lib)
set(CPACK_GENERATOR TGZ)
include(CPack)
END
# quiet COMMAND...: what it says goes to a file, of which the end is shown if it fails
quiet() {
	"$@" >quiet.out 2>&1 || {
		status=$?
		tail -n 5 quiet.out
		return $status
	}
}
for generator in 'Unix Makefiles' Ninja; do
	for compiler in gcc clang; do
		d=$compiler-${generator##* }
		check "configure $d" env CC=$compiler CXX=${compiler/gcc/g}++ bash -c "$(declare -f quiet); quiet cmake -G '$generator' -S . -B $d"
		check "build $d" quiet cmake --build $d -j 2
		check "run $d" sh -c "cd $d && ./p && ./threads && cat generated"
	done
done
check ctest sh -c 'cd gcc-Ninja && ctest -j 2 2>/dev/null | grep -E "tests passed|- fails"'
check 'nothing to do' sh -c 'ninja -C gcc-Ninja | tail -n 1'
touch f3.c
check 'two to do' sh -c 'ninja -C gcc-Ninja -v | grep -c "^\[[0-9]"'
check explain sh -c 'touch f4.c; ninja -C gcc-Ninja -n -d explain 2>&1 | grep -c "f4.c"'
check install sh -c 'cmake --install gcc-Ninja --prefix there >/dev/null && find there -type f | sort && LD_LIBRARY_PATH=there/lib there/bin/p'
check cpack sh -c 'cd gcc-Ninja && cpack >/dev/null && tar tzf p-1.2-Linux.tar.gz | sort'
exits 1 'does not compile' sh -c 'echo "int f5(void) { return }" >f5.c; ninja -C gcc-Ninja -k 0 | grep -c error:; exit 1'
echo 'message("from a script ${X}")' >script.cmake
check script cmake -DX=1 -P script.cmake
echo 'execute_process(COMMAND sh -c "echo a process; exit 3" RESULT_VARIABLE r OUTPUT_VARIABLE o)
message("${o}${r}")' >script.cmake
check process cmake -P script.cmake
check tools sh -c 'cmake -E make_directory a/b && cmake -E copy main.c a/b && cmake -E tar cf a.tar a && cmake -E sha1sum main.c && cmake -E rm -r a'
