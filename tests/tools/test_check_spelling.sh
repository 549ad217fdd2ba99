#!/bin/sh
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
needs codespell
check="$project/tools/check-spelling"

new_tree
echo 'The scheduler receives a job.' | write docs/guide.md
accepts "right words" "$check" "$toy"

echo 'The scheduler rec''ieves a job.' | write docs/guide.md
refuses "a misspelt word" "docs/guide.md" "$check" "$toy"

finish
