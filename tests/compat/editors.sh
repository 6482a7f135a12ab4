#!/bin/bash
# SPDX-License-Identifier: MIT
# needs: vim emacs ed man
# vim, emacs, ed, man, compressors and calculators: scripted edits and subprocesses.
export TERM=xterm
printf 'b\na\nc\n' >f; vim -u NONE -N -es -c '%sort' -c '%s/a/A/' -c wq f; echo $?; cat f
vim -u NONE -N -es -c 'r !echo shell' -c 'call system("echo x > y")' -c 'w! g' -c 'qa!' ; cat g y; vim --version | head -1
emacs --batch --eval '(progn (princ (+ 1 2)) (terpri) (princ (shell-command-to-string "echo sub")) (princ (file-exists-p "f")) (terpri) (with-temp-file "e" (insert "emacs")) (princ (call-process "sh" nil nil nil "-c" "exit 3")) (kill-emacs 5))' 2>&1; echo $?; cat e; echo
echo 'int main(){}' >q.c; emacs --batch -l compile -Q q.c --eval '(progn (c-mode) (princ major-mode))'; echo
ed -s f <<<$'1,$p\nq' 2>/dev/null; sed -i s/A/Z/ f; awk '{print NR,$0}' f; less f </dev/null | head; man -P cat ls 2>/dev/null| head -5; man -k nothing_here; echo $?; man -w ls; info --version >/dev/null 2>&1; groff -V </dev/null >/dev/null 2>&1; echo '.TH X 1' | man -l - | head -2
file /bin/ls /etc/passwd f | sed 's/BuildID.*//'; bc <<<'2^100'; dc -e '2 3 + p'; xxd f | head -2; m4 --version | head -1; zip -v >/dev/null 2>&1; (gzip -k f; zcat f.gz; xz -k f; xzcat f.xz; bzip2 -k f && bzcat f.bz2; zstd -q f && zstdcat f.zst) 2>&1
