#!/bin/sh
# SPDX-License-Identifier: MIT
# needs: perl
# perl: files, processes, sockets, signals, alarms.
perl -w -e '
use strict;
use Socket;
use POSIX ":sys_wait_h";
use File::Temp "tempdir";
use Cwd;
$| = 1;
open(my $f, ">", "file") or die; print $f "line $_\n" for 1 .. 5; close $f;
open($f, "<", "file") or die; my @lines = <$f>; close $f; print "lines: ", scalar(@lines), "\n";
rename("file", "renamed") or die; print -e "file" ? "there" : "gone", " ", -s "renamed", "\n";
my $dir = tempdir(CLEANUP => 1); mkdir "$dir/sub" or die; chdir "$dir/sub" or die;
print cwd() eq "$dir/sub" ? "cwd agrees\n" : "cwd differs\n"; chdir ".." or die; opendir(my $d, ".") or die;
print join(" ", sort grep { !/^\./ } readdir $d), "\n"; closedir $d; chdir "/" or die;
my $out = `echo from a shell; exit 3`; print $out, "status ", $? >> 8, "\n";
pipe(my $r, my $w) or die;
my $pid = fork();
if ($pid == 0) { close $r; print $w "child of parent\n"; close $w; POSIX::_exit(4); }
close $w; print <$r>; waitpid($pid, 0); print "child: ", $? >> 8, "\n";
local $SIG{USR1} = sub { print "USR1\n" }; kill USR1 => $$;
local $SIG{CHLD} = sub { 1 while waitpid(-1, WNOHANG) > 0; };
eval { local $SIG{ALRM} = sub { die "alarm\n" }; alarm 1; select(undef, undef, undef, 10); }; print $@;
socketpair(my $a, my $b, AF_UNIX, SOCK_STREAM, PF_UNSPEC) or die;
syswrite $a, "over a socket\n"; sysread $b, my $buf, 100; print $buf;
print join(",", map { sprintf "%o", $_ & 07777 } (stat "/")[2]), "\n";
$SIG{CHLD} = "DEFAULT"; system("perl", "-e", "kill 9, \$\$"); print "signal ", $? & 127, "\n";
exec "sh", "-c", "echo the end; exit 5";
'
