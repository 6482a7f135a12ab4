#!/bin/bash
# SPDX-License-Identifier: MIT
# needs: cmake gcc g++
# cmake, ninja, make, gcc, g++, clang: a small project built in every way, sanitizers, archives, stripped programs.
mkdir p; cd p; for i in $(seq 12); do echo "int f$i(void){return $i;}" >f$i.c; done; (echo '#include <stdio.h>'; for i in $(seq 12); do echo "int f$i(void);"; done; echo 'int main(){int s=0;'; for i in $(seq 12); do echo "s+=f$i();"; done; echo 'printf("%d\n",s);return 0;}') >main.c
cat >CMakeLists.txt <<'E'
cmake_minimum_required(VERSION 3.10)
project(p C)
file(GLOB S *.c)
add_library(l SHARED f1.c f2.c)
list(FILTER S EXCLUDE REGEX "/f[12]\\.c$")
add_executable(p ${S})
target_link_libraries(p l)
enable_testing()
add_test(NAME t COMMAND p)
E
cmake -S . -B b >log 2>&1; echo $?; cmake --build b -j2 >log2 2>&1; echo $?; ./b/p; (cd b; ctest 2>&1 | grep passed | cut -d, -f1)
command -v ninja >/dev/null && { cmake -G Ninja -S . -B n >/dev/null 2>&1; ninja -C n 2>&1 | tail -1; ./n/p; }
cat >Makefile <<'E'
O=$(patsubst %.c,%.o,$(wildcard *.c))
p: $(O)
	gcc -o $@ $^
%.o: %.c
	gcc -O2 -pipe -flto -c $< -o $@
E
make -s -j2; ./p; make -q; echo $?; make -n | wc -l; touch f3.c; make -j2 | wc -l; gcc -O2 -g -fsanitize=address,undefined *.c -o asan && ./asan; gcc -fsanitize=thread *.c -o tsan && ./tsan; gcc -static *.c -o st && ./st; g++ -x c++ - -o cpp <<<'#include <iostream>
#include <thread>
#include <filesystem>
int main(){std::thread t([]{std::cout<<"thread\n";});t.join();try{throw 1;}catch(int i){std::cout<<i<<"\n";} for(auto&e:std::filesystem::recursive_directory_iterator("b/CMakeFiles/p.dir"))(void)e; std::cout<<std::filesystem::current_path().filename()<<"\n";}' && ./cpp
echo 'int main(){int *p=0;*p=1;}' | gcc -xc -g -fsanitize=address - -o bad && ./bad 2>&1 | grep -c SEGV
cp p q; strip q; ./q; objdump -d q | wc -l | grep -c .; ldd p | wc -l; ar rcs l.a f1.o; nm l.a | grep -c T; LD_TRACE_LOADED_OBJECTS=1 ./p | wc -l; gcc -print-search-dirs | wc -l; gcc -save-temps -c f5.c -o z.o; ls f5.* z-* 2>/dev/null | sort; clang --version >/dev/null 2>&1 && { clang -O1 *.c -o cl && ./cl; }
