#!/bin/bash
# SPDX-License-Identifier: MIT
# needs: git
# git: a tree of 3000 files; repack, clone, bisect, cherry-pick, rebase, submodules, a daemon, bundles, worktrees.
export GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_DATE='1000000000 +0000' GIT_COMMITTER_DATE='1000000000 +0000'
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=c GIT_COMMITTER_EMAIL=c@example.org
git init -q -b main r; cd r; for i in $(seq 60); do mkdir -p d$i/s; for j in $(seq 50); do echo $i $j >d$i/s/f$j; done; done
git add -A; git commit -q -m one; git rev-parse HEAD; git status --short | wc -l; for k in 1 2 3 4 5; do for i in $(seq 20); do echo $k >>d$i/s/f$k; done; git commit -qam c$k; done
git log --oneline | wc -l; git repack -adfq --threads=2; git fsck 2>&1; git clone -q --bare . ../b.git; git clone -q file://$PWD ../c; git -C ../c checkout -q HEAD~2; git -C ../c bisect start HEAD main~5 >/dev/null 2>&1; git -C ../c bisect reset -q 2>&1 | tail -1
git checkout -q -b br HEAD~3; git cherry-pick main >/dev/null 2>&1; echo cp $?; git cherry-pick --abort; git rebase -q main; git stash list; echo z >>d1/s/f1; git stash -q; git stash pop -q; git diff --stat; git submodule add -q ../b.git sub 2>&1 | head -2; git -c protocol.file.allow=always submodule add -q ../b.git sub 2>&1|head -2; git submodule status | cut -c1-12; git clean -fdxq; git reset -q --hard; git grep -l '^5 5$'; git daemon --base-path=.. --export-all --listen=127.0.0.1 --port=19418 --detach --pid-file=$TMPDIR/pid; sleep 0.5; git ls-remote git://127.0.0.1:19418/b.git | head -1; kill $(cat $TMPDIR/pid); GIT_TRACE2=0 git maintenance run 2>&1 | head; git fast-export main | git -C ../b.git fast-import --quiet --force; echo $?; git filter-branch -f --msg-filter 'sed s/c/C/' HEAD~2..HEAD 2>&1 | tail -1; git log -1 --format=%s; git config --list --local | wc -l; git worktree add -q ../wt; git worktree remove ../wt; echo $?
printf 'add -p test\n' >>d2/s/f2; printf 'y\n' | git add -p >/dev/null; git diff --cached --stat | tail -1; git bundle create -q ../x.bundle main; git bundle verify -q ../x.bundle; echo $?; git fsmonitor--daemon status 2>&1 | head -1
