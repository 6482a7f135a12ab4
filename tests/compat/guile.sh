#!/bin/sh
# SPDX-License-Identifier: MIT
# guile: compiles and caches, threads, processes, sockets, signals, exceptions.
# needs: guile
. "$TOP/tests/compat/lib.sh"
export GUILE_AUTO_COMPILE=1 XDG_CACHE_HOME=$TMPDIR/cache
cat >sum.scm <<'END'
(use-modules (ice-9 threads) (ice-9 popen) (ice-9 rdelim) (ice-9 ftw))
(define (sum n) (let loop ((i 0) (s 0)) (if (> i n) s (loop (+ i 1) (+ s i)))))
(let ((pid (primitive-fork)))
  (if (= pid 0) (primitive-exit 5) (format #t "child ~a~%" (status:exit-val (cdr (waitpid pid))))))
(format #t "threads ~a~%" (apply + (par-map sum (iota 50))))
(let* ((pipe (open-input-pipe "echo from a pipe; exit 3")) (line (read-line pipe)))
  (format #t "~a ~a~%" line (status:exit-val (close-pipe pipe))))
(sigaction SIGUSR1 (lambda (n) (format #t "signal ~a~%" n)))
(kill (getpid) SIGUSR1)
(usleep 100000)
(let* ((pair (socketpair PF_UNIX SOCK_STREAM 0)))
  (display "socket\n" (car pair)) (force-output (car pair)) (format #t "~a~%" (read-line (cdr pair))))
(format #t "caught ~a~%" (catch 'system-error (lambda () (open-file "/nonexistent" "r")) (lambda args (system-error-errno args))))
(gc)
(format #t "~a~%" (scandir "."))
(exit 6)
END
exits 6 compiled sh -c 'guile sum.scm 2>/dev/null'
exits 6 cached guile sum.scm
check cache sh -c 'find $XDG_CACHE_HOME -name "*.go" | wc -l'
check expression guile -c '(display (expt 2 200))'
exits 1 error sh -c "guile -c '(car 1)' 2>&1 | grep -c 'Wrong type'; exit 1"
