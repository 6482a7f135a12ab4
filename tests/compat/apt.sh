#!/bin/bash
# SPDX-License-Identifier: MIT
# apt-get and dpkg-deb: packages built, a repository of theirs, updated from, downloaded, sources, unpacked, queried.
# needs: apt-get dpkg-deb apt-ftparchive dpkg-scanpackages fakeroot
. "$TOP/tests/compat/lib.sh"
unset DEB_BUILD_OPTIONS
export SOURCE_DATE_EPOCH=1000000000
mkdir -p etc/apt.conf.d repository state/lists/partial cache/archives/partial etc/preferences.d && touch state/status
# package NAME VERSION DEPENDS
package() {
	mkdir -p "$1/DEBIAN" "$1/usr/share/$1"
	printf 'Package: %s\nVersion: %s\nArchitecture: all\nMaintainer: nobody <n@example.org>\nDepends: %s\nDescription: %s\n' \
		"$1" "$2" "$3" "$1" >"$1/DEBIAN/control"
	seq 1000 >"$1/usr/share/$1/data"
	printf '#!/bin/sh\ntrue\n' >"$1/DEBIAN/postinst" && chmod 755 "$1/DEBIAN/postinst"
	dpkg-deb --root-owner-group -b "$1" repository
}
cat >apt.conf <<END
Dir "$PWD";
Dir::State "state";
Dir::State::status "$PWD/state/status";
Dir::Cache "cache";
Dir::Etc "etc";
Dir::Etc::sourcelist "$PWD/etc/sources.list";
Dir::Bin::methods "/usr/lib/apt/methods";
Dir::Log "$PWD";
APT::Architecture "amd64";
APT::Sandbox::User "";
Acquire::Languages "none";
END
echo "deb [trusted=yes] file:$PWD/repository ./" >etc/sources.list
export APT_CONFIG=$PWD/apt.conf
check build package lib 1.0 ''
check 'build another' package app 2.1 'lib (>= 1.0)'
check 'cannot be met' package bad 1 'none'
check information dpkg-deb -f repository/app_2.1_all.deb Package Version Depends
check contents sh -c "dpkg-deb -c repository/app_2.1_all.deb | awk '{ print \$1, \$2, \$6 }'"
for compression in gzip xz zstd none; do
	check "built with $compression" dpkg-deb --root-owner-group -Z$compression -b lib $compression.deb
	check "unpacked with $compression" sh -c "dpkg-deb -x $compression.deb $compression && diff -r lib/usr $compression/usr"
done
check unpack sh -c 'dpkg-deb -R repository/app_2.1_all.deb unpacked && diff -r app unpacked'
check fakeroot sh -c 'fakeroot sh -c "chown 0:0 lib/usr && stat -c %u lib/usr && dpkg-deb -b lib faked.deb" && dpkg-deb -c faked.deb | sed -n "1s/  *[0-9].*//p"'
check scan sh -c 'cd repository && dpkg-scanpackages -m . 2>/dev/null | grep -c ^SHA256'
check archive sh -c 'cd repository && apt-ftparchive packages . >Packages && gzip -k Packages && apt-ftparchive release . >Release.new && mv Release.new Release && grep -c Packages Release'
check update sh -c 'apt-get update | sed "s/ in .*//"'
check policy sh -c 'apt-cache policy app | head -n 3'
check search sh -c 'apt-cache search . | sort'
check depends apt-cache depends app
check download sh -c 'apt-get download app >/dev/null && cmp app_2.1_all.deb repository/app_2.1_all.deb'
check simulate sh -c 'apt-get -s install app | grep -c ^Inst'
exits 100 impossible sh -c 'apt-get -s install bad >/dev/null 2>&1'
exits 100 unknown sh -c 'apt-get download none 2>&1; exit 100'
check 'fetched for an install' sh -c 'apt-get -y -d install app >/dev/null && ls cache/archives'
check dump sh -c 'apt-config dump | grep -c Acquire'
check compare sh -c 'dpkg --compare-versions 1.0~rc1 lt 1.0 && dpkg --print-architecture'
check query dpkg-query -W -f '${Package} ${Status}\n' bash
check owner sh -c 'dpkg -S /bin/bash'
check verify sh -c 'dpkg -V bash | wc -l'
check 'list files' sh -c 'dpkg -L coreutils | md5sum'
exits 2 'not for users' sh -c 'dpkg -i repository/lib_1.0_all.deb 2>&1 | head -n 1; exit 2'
check 'own root' sh -c 'mkdir -p root/var/lib/dpkg/updates root/var/lib/dpkg/info && touch root/var/lib/dpkg/status root/var/lib/dpkg/available
	fakeroot dpkg --root=$PWD/root --force-not-root --force-script-chrootless --log=/dev/null -i repository/lib_1.0_all.deb 2>&1 | tail -n 1; dpkg-query --admindir=root/var/lib/dpkg -W'
