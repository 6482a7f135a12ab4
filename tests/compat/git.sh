#!/bin/bash
# SPDX-License-Identifier: MIT
# git: a tree of 3000 files; repack, clone, bisect, cherry-pick, rebase, submodules, a daemon, bundles, worktrees, hooks.
# needs: git
. "$TOP/tests/compat/lib.sh"
export GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_DATE='1000000000 +0000' GIT_COMMITTER_DATE='1000000000 +0000' GIT_PAGER=cat
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=c GIT_COMMITTER_EMAIL=c@example.org
git config --global protocol.file.allow always
git config --global advice.detachedHead false
git init -q -b main r && cd r || exit 1
for i in $(seq 60); do
	mkdir -p d$i/s
	for j in $(seq 50); do echo "$i $j" >d$i/s/f$j; done
done
check add git add -A
check commit git commit -q -m one
check head git rev-parse HEAD
commits() {
	for k in 1 2 3 4 5; do
		for i in $(seq 20); do echo $k >>d$i/s/f$k; done
		git commit -qam "c$k" || return 1
	done
}
check commits commits
check log git log --oneline --stat -1
check status sh -c 'echo x >new; rm d1/s/f9; git status --short; git checkout -q d1/s/f9; git clean -fdq'
check repack git repack -adfq --threads=2
check fsck git fsck --no-progress
check gc git gc -q --prune=now --aggressive
check bare git clone -q --bare . ../b.git
check clone git clone -q "file://$PWD" ../c
check shallow git clone -q --depth 2 "file://$PWD" ../shallow
check hardlinks sh -c 'git clone -q -l . ../l && git -C ../l rev-parse HEAD'
check bisect sh -c 'cd ../c && git bisect start -q HEAD main~5 && git bisect run grep -qv ^3 d1/s/f3 | tail -n 1; git bisect reset -q; git bisect log 2>&1 | head -n 1'
check branch git checkout -q -b br HEAD~3
exits 1 'cherry-pick stops' sh -c 'echo other >d1/s/f5; git commit -qam other; git cherry-pick main 2>&1 | grep -c CONFLICT; exit 1'
check abort sh -c 'git cherry-pick --abort && git reset -q --hard HEAD~1 && echo mine >d60/s/f50 && git commit -qam mine'
check rebase git rebase -q --onto main HEAD~1
check 'rebase -i' sh -c 'GIT_SEQUENCE_EDITOR="sed -i 2s/pick/squash/" GIT_EDITOR=true git rebase -q -i HEAD~3 && git log --format=%s -3'
check merge sh -c 'git checkout -q main && git merge -q --no-edit br && git log -1 --format=%s'
check stash sh -c 'echo z >>d1/s/f1; git stash -q && git diff --quiet && git stash pop -q && git diff --stat; git checkout -q .'
check submodule sh -c 'git submodule add -q "$PWD/../b.git" sub && git submodule status | cut -c 1-12 && git commit -qm sub'
check 'recursive clone' sh -c 'git clone -q --recurse-submodules "$PWD" ../rc && ls ../rc/sub | wc -l'
check reset sh -c 'git clean -fdxq && git reset -q --hard HEAD~1 && git status --short | wc -l'
check grep git grep -l '^5 5$'
check blame sh -c 'git blame -s d1/s/f3 | cut -d ")" -f 2-'
check archive sh -c 'git archive HEAD d1 | tar t | wc -l'
check export sh -c 'git fast-export main | git -C ../b.git fast-import --quiet --force && git -C ../b.git rev-parse main'
check filter sh -c "FILTER_BRANCH_SQUELCH_WARNING=1 git filter-branch -f --msg-filter 'sed s/c/C/' HEAD~2..HEAD 2>&1 | tail -n 1; git log -1 --format=%s"
check worktree sh -c 'git worktree add -q ../wt && git -C ../wt status -s | wc -l && git worktree remove ../wt'
check patch sh -c "printf 'add -p test\n' >>d2/s/f2; printf 'y\n' | git add -p >/dev/null; git diff --cached --stat | tail -n 1; git reset -q --hard"
check bundle sh -c 'git bundle create -q ../x.bundle main && git bundle verify -q ../x.bundle && git clone -q ../x.bundle ../x -b main'
check mail sh -c 'git commit -q --allow-empty -m mailed; echo mail >>d1/s/f1; git commit -qam mailed; git format-patch -q -1 -o ../patches && git checkout -q -b am HEAD~1 && git am -q ../patches/*.patch && git log -1 --format=%s && git checkout -q main'
printf '#!/bin/sh\necho a hook >&2\nexit 1\n' >.git/hooks/pre-commit && chmod +x .git/hooks/pre-commit
exits 1 hook git commit -q --allow-empty -m hooked
check 'no hook' git commit -q --no-verify --allow-empty -m unhooked
port=$(free_port)
git daemon --base-path=.. --export-all --enable=receive-pack --listen=127.0.0.1 --port="$port" --detach --pid-file="$TMPDIR/pid" ../b.git
check daemon eventually sh -c "git ls-remote git://127.0.0.1:$port/b.git HEAD | grep HEAD"
check 'daemon, clone' git clone -q "git://127.0.0.1:$port/b.git" ../cloned
check 'daemon, push' sh -c "cd ../cloned && git commit -q --allow-empty -m pushed && git push -q origin HEAD:refs/heads/pushed && git -C ../b.git log -1 --format=%s pushed"
check 'daemon ends' sh -c 'kill $(cat $TMPDIR/pid)'
check maintenance git maintenance run --quiet
check lock sh -c 'touch .git/index.lock; git add -A 2>&1 | head -n 1 | grep -o "File exists"; rm .git/index.lock'
check parallel sh -c 'seq 8 | xargs -P 8 -I @ git clone -q . ../p@ && ls -d ../p? | wc -l'
check 'index v4' sh -c 'git update-index --index-version 4 && git update-index --untracked-cache 2>/dev/null; git status --short | wc -l'
check config sh -c 'git config --list --local | wc -l'
