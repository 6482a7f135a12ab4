# pam_namespace(8), unmodified: by pamtester(1), and as the example has it. A /tmp that lasts (a bind mount) and a /var/tmp
# that does not (a tmpfs), for each session anew. Where the host's directories belong to somebody who has no id here, the
# instance's owner could not be set: so /tmp is first covered with one of the user's.
# needs: pamtester
# native: unshare -m --propagation private sh
# secede: secede -rm sh
cp "$TOP/build/examples/pam_login" .
export PAM_LOGIN="$PWD/pam_login"
cat >look <<'END'
findmnt -n -o TARGET,FSTYPE /var/tmp | tail -n 1
stat -c '%n %a %u:%g' /tmp /var/tmp
ls /tmp /var/tmp
touch "/tmp/$1" "/var/tmp/$1"
END
chmod 755 look
cp look /dev/shm/look.$$

echo "# the example, twice"
for name in first second; do
	unshare -m "$TOP/examples/polyinstantiation/login" sh /dev/shm/look.$$ $name
	echo "status $?"
done
unshare -m "$TOP/examples/polyinstantiation/login" sh -c 'cat; exit 7' <<END
its input
END
echo "status $?"
ls .polyinstantiation/instances

echo "# pamtester, with the same configuration"
unshare -m sh <<END
mount --bind .polyinstantiation/pam.d /etc/pam.d
mount --bind .polyinstantiation/security /etc/security
mount --bind .polyinstantiation/tmp /tmp
echo "session required pam_exec.so log=$PWD/log /usr/bin/env sh /dev/shm/look.$$ third" >>/etc/pam.d/secede-login
pamtester secede-login root open_session close_session
echo "status \$?"
ls /tmp
END
grep -v '^\*\*\*' log
rm /dev/shm/look.$$
