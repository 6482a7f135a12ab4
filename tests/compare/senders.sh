# SPDX-License-Identifier: MIT
# Ids wherever the kernel tells them: in no user namespace, in ones that map ours to 0 and to 77, in one without a map.
# native: setpriv --reuid 1000 --regid 1000 --clear-groups sh
# secede: secede sh
"$TOP/build/tests/tools/senders" same
"$TOP/build/tests/tools/senders" 0
"$TOP/build/tests/tools/senders" 77
"$TOP/build/tests/tools/senders"
