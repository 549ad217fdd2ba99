#!/bin/sh
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
needs shellcheck
check="$project/tools/check-shell"

new_tree
write tools/show <<'SH'
#!/bin/sh
echo "$1"
SH
accepts "a sound script" "$check" "$toy"

write .ci/run <<'SH'
#!/bin/sh
rm -r $1/*
SH
refuses "a word that may fall apart" "./.ci/run line 2" "$check" "$toy"

finish
