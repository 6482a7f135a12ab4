#!/bin/sh
# SPDX-License-Identifier: MIT
# needs: git
# git: init, commit, status, branch, merge, gc, clone, worktree.
export GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_DATE='1000000000 +0000' GIT_COMMITTER_DATE='1000000000 +0000'
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=c GIT_COMMITTER_EMAIL=c@example.org
git init -q -b main repo && cd repo || exit 1
for i in 1 2 3 4 5 6 7 8 9; do mkdir -p "d$i" && seq "$i" 100 >"d$i/f"; done
git status --short && git add . && git commit -q -m first && git rev-parse HEAD
echo more >>d1/f && rm d2/f && touch new && git status --short
git commit -q -a -m second && git checkout -q -b side HEAD~ && seq 5 >side && git add side && git commit -q -m side
git checkout -q main && git merge -q -m merge side && git log --oneline --graph
git diff --stat HEAD~ && git grep -c 99 | head -n 3
git gc -q && git count-objects -v | grep -E 'count|in-pack|packs' && git fsck --strict 2>&1
git clone -q . ../clone && git clone -q --no-local . "$TMPDIR/clone" && git -C "$TMPDIR/clone" rev-parse HEAD
cd ../clone && echo x >x && git add x && git commit -q -m x && git push -q origin HEAD:refs/heads/pushed
git -C ../repo branch | cat
git worktree add -q "$TMPDIR/worktree" && git -C "$TMPDIR/worktree" status --short --branch && git worktree list | wc -l
git stash list && git rebase -q HEAD~ && git log -1 --format=%s
git blame d1/f 2>/dev/null | tail -n 1 | cut -d' ' -f1 && git archive HEAD | sha256sum
git checkout -q nonexistent 2>/dev/null
echo "git: $?"
