#!/bin/bash
# SPDX-License-Identifier: MIT
# emacs: --batch, its processes, byte compiler and dired; a session in a terminal, suspended and resumed.
# needs: emacs tmux
. "$TOP/tests/compat/lib.sh"
export TERM=xterm TMUX_TMPDIR=$TMPDIR SHELL=/bin/sh
mux="tmux -f /dev/null -L emacs"
one() {
	check "$1" emacs -Q --batch --eval "(princ (progn $2))"
}
one sum '(+ 1 2)'
one shell '(shell-command-to-string "echo sub; echo $0")'
one process '(call-process "sh" nil nil nil "-c" "exit 3")'
one filter '(with-temp-buffer (insert "b\na\nc\n") (shell-command-on-region (point-min) (point-max) "sort" t t) (buffer-string))'
one asynchronous '(let* ((out "") (p (make-process :name "p" :command (list "sh" "-c" "echo one; sleep 0.1; echo two; exit 4")
:filter (lambda (p s) (setq out (concat out s)))))) (while (process-live-p p) (accept-process-output p 1)) (list out (process-exit-status p)))'
one pty '(let* ((out "") (p (make-process :name "p" :connection-type (quote pty) :command (list "sh" "-c" "tty | cut -c 1-8")
:filter (lambda (p s) (setq out (concat out s)))))) (while (process-live-p p) (accept-process-output p 1)) out)'
one network '(let* ((s (make-network-process :name "s" :server t :host "127.0.0.1" :service t :family (quote ipv4)
:filter (lambda (p s) (process-send-string p (upcase s))))) (out "")
(c (make-network-process :name "c" :host "127.0.0.1" :service (process-contact s :service)
:filter (lambda (p s) (setq out (concat out s)))))) (process-send-string c "tcp") (while (equal out "") (accept-process-output nil 1)) out)'
one files '(with-temp-file "e" (insert "from emacs")) (list (file-exists-p "e") (directory-files ".") (file-attribute-size (file-attributes "e")))'
one lock '(find-file "locked") (insert "x") (list (file-locked-p "locked") (stringp (car (file-attributes ".#locked"))) (progn (set-buffer-modified-p nil) t))'
one compress '(with-temp-file "z.gz" (insert "squeezed")) (auto-compression-mode 1) (write-region "squeezed" nil "y.gz") (shell-command-to-string "zcat y.gz")'
echo '(defun f (n) (if (< n 2) n (+ (f (1- n)) (f (- n 2)))))' >f.el
check compile emacs -Q --batch -f batch-byte-compile f.el
check compiled emacs -Q --batch -l f.elc --eval '(princ (f 20))'
check dired emacs -Q --batch --eval '(progn (dired ".") (princ (count-lines (point-min) (point-max))))'
echo 'int main(){}' >q.c
check mode emacs -Q --batch q.c --eval '(progn (c-mode) (princ major-mode))'
exits 5 exit emacs -Q --batch --eval '(kill-emacs 5)'
exits 255 error sh -c "emacs -Q --batch --eval '(error \"meant to\")' 2>&1 | grep -c 'meant to'; exit 255"

$mux new-session -d -x 80 -y 20 'PS1="% " sh'
check shell see '%'
$mux send-keys 'emacs -Q -nw typed' Enter
check up see 'Fundamental'
$mux send-keys 'hello from a terminal' C-x C-s
check saved eventually grep hello typed
$mux send-keys C-z
check suspended see Stopped
$mux send-keys 'clear; fg' Enter
check resumed see 'All L1'
$mux send-keys ' again' C-x C-s
check 'saved again' eventually grep again typed
$mux send-keys M-! 'echo from the minibuffer' Enter
check minibuffer see 'from the minibuffer'
$mux resize-window -x 100 -y 10
check resized sh -c "sleep 0.3; $mux capture-pane -p | wc -l"
$mux send-keys C-x C-c
check quit see 'nw typed' # what fg has said: from here on the shell reads the keys
$mux send-keys 'echo left $((6 * 7))' Enter
check left see 'left 42'
$mux kill-server
