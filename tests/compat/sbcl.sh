#!/bin/sh
# SPDX-License-Identifier: MIT
# sbcl: threads, a collector that works with page faults, signals as conditions, processes, a saved image.
# needs: sbcl
. "$TOP/tests/compat/lib.sh"
lisp() {
	sbcl --noinform --no-userinit --no-sysinit --disable-debugger "$@" </dev/null
}
same_each_time() {
	lisp --eval "$1" 2>&1 | sed 's/id [0-9]*/id N/g; s/=0x[0-9a-f]*/=X/g'
}
one() {
	check "$1" same_each_time "(progn $2 (terpri) (finish-output) (exit))"
}
one threads '(princ (reduce (function +) (mapcar (function sb-thread:join-thread) (loop for i below 8 collect
(let ((i i)) (sb-thread:make-thread (lambda () (loop for j to 100000 sum (mod j (1+ i))))))))))'
one collect '(let (keep) (dotimes (i 300000) (push (make-array 10) keep) (when (zerop (mod i 1000)) (setf keep nil)))
(gc :full t) (princ :collected))'
one fault '(handler-case (sb-sys:with-pinned-objects () (princ (sb-sys:sap-ref-8 (sb-sys:int-sap 16) 0)))
(sb-sys:memory-fault-error () (princ :fault)))'
one division '(handler-case (princ (/ 1 (- (length sb-ext:*posix-argv*) (length sb-ext:*posix-argv*))))
(division-by-zero () (princ :division)))'
one overflow '(labels ((deep (n) (1+ (deep (1+ n))))) (handler-case (princ (deep 0)) (storage-condition () (princ :deep))))'
one float '(handler-case (princ (* most-positive-double-float (+ 10d0 (random 1d0)))) (arithmetic-error () (princ :overflow)))'
one process '(let ((p (sb-ext:run-program "/bin/sh" (list "-c" "echo out; exit 3") :output *standard-output*)))
(princ (sb-ext:process-exit-code p)))'
one timer '(handler-case (sb-ext:with-timeout 0.2 (sleep 5)) (sb-ext:timeout () (princ :timeout)))'
one interrupt '(let ((th (sb-thread:make-thread (lambda () (handler-case (sleep 10) (simple-error () :woken))))))
(sleep 0.1) (sb-thread:interrupt-thread th (lambda () (error "wake"))) (princ (sb-thread:join-thread th)))'
one files '(with-open-file (s "f" :direction :output) (print 42 s)) (with-open-file (s "f") (princ (read s)))
(princ (length (directory "*")))'
echo '(defun f (x) (* x x)) (print (f 12))' >f.lisp
check compile sh -c "sbcl --noinform --non-interactive --eval '(compile-file \"f.lisp\")' --eval '(load \"f.fasl\")' \
	</dev/null | tail -n 1"
check save lisp --eval '(defun main () (princ (list :saved (+ 1 2))) (terpri) (exit :code 5))' \
	--eval '(save-lisp-and-die "image" :executable t :toplevel (function main))'
exits 5 'saved image' ./image
exits 1 error sh -c "sbcl --noinform --disable-debugger --eval '(error \"meant to\")' </dev/null 2>&1 | grep -c 'meant to'; exit 1"
