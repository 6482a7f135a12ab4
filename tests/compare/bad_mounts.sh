# SPDX-License-Identifier: MIT
# Mounts that cannot be: the kernel's own errno, and nothing changed.
mkdir dir; echo text >file; ln -s loop loop
try() {
	perl -e '
		my ($source, $target, $type, $flags) = @ARGV;
		my $r = syscall(165, $source, $target, $type, $flags + 0, 0);
		print join(" ", map { length > 60 ? "long" : $_ } @ARGV), ": ", $r == 0 ? "good" : $! + 0, "\n";
		syscall(166, $target, 0) if $r == 0' "$@"
}
long=$(printf '%4100s' | tr ' ' x)
deep=$(printf '%2050s' | sed 's, ,./,g')
for target in missing dir/missing file/x loop "$long" "$deep" ''; do
	try none "$target" tmpfs 0
	try dir "$target" none 4096
	try "$target" dir none 4096
	try none "$target" none 32
	try none "$target" none 4128
	perl -e 'print syscall(166, $ARGV[0], 0) == 0 ? "good" : $! + 0, "\n"' "$target"
	perl -e 'print syscall(161, $ARGV[0]) == 0 ? "good" : $! + 0, "\n"' "$target"
done
try none file tmpfs 0
try none dir nosuchfs 0
try file dir none 4096
try dir file none 4096
try file file none 4096
try dir dir none 8192
try none dir none 32
perl -e 'for my $f (0, 1, 2, 4, 8, 16, 0x80000000) { print "$f ", syscall(166, "dir", $f) == 0 ? "good" : $! + 0, "\n" }'
mount -t tmpfs none missing 2>&1
echo "mount: $?"
mount --bind missing dir 2>&1
echo "mount: $?"
umount dir 2>&1 | sed 's,/.*/,,'
mount -o remount,ro dir 2>/dev/null
echo "remount: $?"
cat file
