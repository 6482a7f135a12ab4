#!/bin/sh
# SPDX-License-Identifier: MIT
# ruby: threads, children, pipes, ptys, timeouts, sockets, signals, stack overflow.
# needs: ruby
. "$TOP/tests/compat/lib.sh"
# one NAME PROGRAM: a program of its own each
one() {
	check "$1" ruby -W0 -rsocket -rtempfile -rfileutils -rtimeout -ropen3 -rpty -e "$2"
}
one threads 'p (1..8).map { |i| Thread.new { (1..20000).sum + i } }.map(&:value)'
one capture 'out, status = Open3.capture2("tr a-z A-Z", stdin_data: "shout"); p out, status.exitstatus'
one fork 'pid = fork { exit 4 }; Process.wait pid; p $?.exitstatus'
one killed 'pid = spawn "kill -SEGV $$"; Process.wait pid; p $?.termsig'
one timeout 'begin; Timeout.timeout(0.2) { sleep 5 }; rescue Timeout::Error; p :timeout; end'
one tcp 's = TCPServer.new("127.0.0.1", 0); t = Thread.new { c = s.accept; c.puts "tcp"; c.close }
p TCPSocket.new("127.0.0.1", s.addr[1]).read; t.join'
one unix 's = UNIXServer.new("sock"); t = Thread.new { c = s.accept; c.puts "unix"; c.close }
p UNIXSocket.new("sock").read; t.join'
one trap 'trap("USR1") { $got = 1 }; Process.kill("USR1", $$); sleep 0.01 until $got; p $got'
one files 'FileUtils.mkdir_p "a/b"; FileUtils.cp_r "a", "c"; p Dir.glob("**/*").sort; FileUtils.rm_rf %w[a c]
Tempfile.create { |f| f.write "x"; p File.exist?(f.path) }; p Dir.children(".").size'
one pty 'PTY.spawn("tty | cut -c1-8; stty size") { |r, w, pid| p r.gets, r.gets }'
one deep 'def deep(n) = deep(n + 1); begin; deep 0; rescue SystemStackError; p :deep; end'
one ractor 'r = 4.times.map { |i| Ractor.new(i) { |n| (1..1000).sum * n } }; p r.map(&:take).sum'
one collect '100.times { Array.new(1000) { "x" * 100 } }; GC.start; GC.compact rescue nil; p GC.count > 0'
one backquote 'p `echo sub`, $?.success?; p system("exit 3"), $?.exitstatus; p IO.popen(["sh", "-c", "echo $0"]).read'
one poll 'r, w = IO.pipe; Thread.new { sleep 0.1; w << "x" }; p IO.select([r], nil, nil, 5)[0].size; p r.read_nonblock(9)'
one daemon 'pid = fork { Process.daemon(true); File.write("daemon", Process.getpgrp == $$ ? "leader" : "member") }
Process.wait pid; sleep 0.02 until File.size?("daemon"); p File.read("daemon")'
exits 8 exit ruby -e 'at_exit { puts "at exit" }; exit 8'
exits 1 raise ruby -e 'raise "raised"'
