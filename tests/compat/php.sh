#!/bin/bash
# SPDX-License-Identifier: MIT
# php: children, files, sessions, its own web server with several workers.
# needs: php curl pkill
. "$TOP/tests/compat/lib.sh"
cat >proc.php <<'END'
<?php
$child = proc_open("cat; exit 3", [["pipe", "r"], ["pipe", "w"]], $pipes);
fwrite($pipes[0], "through a pipe");
fclose($pipes[0]);
echo stream_get_contents($pipes[1]), " ", proc_close($child), "\n";
echo shell_exec("id -u"), exec("echo one; exit 2", $lines, $status), " $status\n";
END
cat >files.php <<'END'
<?php
file_put_contents("f", "data", LOCK_EX);
var_dump(realpath("f") == getcwd() . "/f", fileperms("f") & 0777, fileowner("f"));
mkdir("d/e", 0755, true);
rename("f", "d/e/f");
foreach (new RecursiveIteratorIterator(new RecursiveDirectoryIterator("d", FilesystemIterator::SKIP_DOTS)) as $file)
	echo $file, "\n";
unlink("d/e/f");
var_dump(rmdir("d/e") && rmdir("d"), @file_get_contents("/nonexistent"), is_writable("/etc/passwd"));
var_dump(tempnam(sys_get_temp_dir(), "x") != false, get_current_user() != "", php_uname("s"), disk_free_space(".") > 0);
END
cat >sockets.php <<'END'
<?php
$server = stream_socket_server("tcp://127.0.0.1:0");
$client = stream_socket_client("tcp://" . stream_socket_get_name($server, false));
$peer = stream_socket_accept($server);
fwrite($peer, "tcp\n");
echo fgets($client);
$server = stream_socket_server("unix://sock");
$client = stream_socket_client("unix://sock");
fwrite(stream_socket_accept($server), "unix\n");
echo fgets($client);
END
cat >index.php <<'END'
<?php
session_save_path(getenv("TMPDIR"));
session_id("one");
session_start();
$_SESSION["n"] = ($_SESSION["n"] ?? 0) + 1;
echo "served {$_SERVER["REQUEST_URI"]} {$_SESSION["n"]}\n";
END
check proc php proc.php
check files php files.php
check sockets php sockets.php
check hash php -r 'echo hash("sha256", str_repeat("x", 1000000)), "\n";'
check lint php -l index.php
exits 7 exit php -r 'register_shutdown_function(function () { echo "shut down"; }); exit(7);'
exits 255 fatal php -d display_errors=1 -r 'undefined();'
exits 255 memory php -d memory_limit=8M -r '$a = []; while (true) $a[] = str_repeat("x", 1000);'

port=$(free_port)
PHP_CLI_SERVER_WORKERS=3 php -q -S 127.0.0.1:$port index.php >server.log 2>&1 &
server=$!
check serves eventually curl -s http://127.0.0.1:$port/first
check 'serves on' sh -c "for i in 1 2 3; do curl -s http://127.0.0.1:$port/\$i; done"
check parallel sh -c "seq 40 | xargs -P 8 -I N curl -s http://127.0.0.1:$port/N | cut -d ' ' -f 1,2 | sort | md5sum"
pkill -P $server
kill $server
wait $server 2>/dev/null
check stopped eventually sh -c "! curl -s http://127.0.0.1:$port/"
