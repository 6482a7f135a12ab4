#!/bin/sh
# SPDX-License-Identifier: MIT
# needs: perl ruby php curl
# Perl, Ruby, PHP: threads, children, pipes, ptys, alarms, sockets, stack overflow.
perl -e 'use POSIX; use Socket; use threads; my @t=map{threads->create(sub{my $s=0;$s+=$_ for 1..10000;$s})}1..4; print join(",",map{$_->join}@t),"\n"; $SIG{ALRM}=sub{die "alarm\n"}; alarm 1; eval{sleep 5}; print $@; my $p=open(my $f,"-|","echo piped; exit 3"); print <$f>; close $f; print $?>>8,"\n"; opendir D,"."; print scalar(readdir D)?1:0,"\n"; if(!fork){exec "sh","-c","kill -9 \$\$"} wait; print $?,"\n"; print `uname -s`; print -e "/proc/self/exe","\n"; $SIG{CHLD}=sub{1 while waitpid(-1,WNOHANG)>0}; for(1..20){fork or exit 0} sleep 1; print "done\n"'
cat >r.rb <<'E'
require 'socket'; require 'tempfile'; require 'fileutils'; require 'timeout'; require 'open3'; require 'pty'
puts (1..8).map{|i| Thread.new{(1..20000).sum+i}}.map(&:value).inspect
o,s=Open3.capture2('tr a-z A-Z',stdin_data:'shout'); puts o,s.exitstatus
pid=fork{exit 4}; Process.wait pid; puts $?.exitstatus
begin; Timeout.timeout(0.2){sleep 5}; rescue Timeout::Error; puts 'timeout'; end
srv=TCPServer.new('127.0.0.1',0); t=Thread.new{c=srv.accept; c.puts 'tcp'; c.close}; puts TCPSocket.new('127.0.0.1',srv.addr[1]).read; t.join
UNIXServer.open('s'){|u| t=Thread.new{c=u.accept;c.puts 'unix';c.close}; puts UNIXSocket.new('s').read; t.join}
trap('USR1'){puts 'usr1'}; Process.kill('USR1',$$); sleep 0.1
FileUtils.mkdir_p 'a/b'; FileUtils.cp_r 'a','c'; puts Dir.glob('**/*').sort.inspect; FileUtils.rm_rf 'a'
Tempfile.create{|f| f.write 'x'; puts File.exist?(f.path)}
PTY.spawn('tty | cut -c1-8'){|r,w,p| puts r.gets}
def so(n); so(n+1); end; begin; so 0; rescue SystemStackError; puts 'sse'; end
r=Ractor.new{ 1+1 } rescue nil; GC.start; puts `echo sub`; puts Process.clock_gettime(Process::CLOCK_MONOTONIC)>0
exit 8
E
ruby -W0 r.rb; echo $?
php -r '$p=proc_open("cat; exit 3",[["pipe","r"],["pipe","w"]],$x); fwrite($x[0],"hi\n"); fclose($x[0]); echo stream_get_contents($x[1]); echo proc_close($p),"\n"; file_put_contents("f","d"); echo realpath("f")==getcwd()."/f","\n"; echo count(scandir(".")),"\n"; mkdir("q"); rename("f","q/f"); unlink("q/f"); rmdir("q"); echo get_current_user(), " ", php_uname("s"),"\n"; echo shell_exec("id -u"); exit(7);'; echo $?
(cd $TMPDIR; echo '<?php echo "served ".$_SERVER["REQUEST_URI"];' >i.php; php -q -S 127.0.0.1:18973 i.php >/dev/null 2>&1 & p=$!; sleep 1; curl -s http://127.0.0.1:18973/abc; kill $p; wait $p; echo " $?")
