#!/bin/sh
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
check="$project/tools/check-layers"

new_tree
echo '#include "base/error.h"' | write src/core/core.c
echo '#include "engine/engine.h"' | write src/daemon/daemon.c
echo '#include "daemon/daemon.h"' | write src/cli/serve.c
accepts "includes in the allowed direction" "$check" "$toy"

echo '#include "core/core.h"' | write src/base/error.c
refuses "base that knows the core" "src/base/error.c:1: src/base must not include src/core" "$check" "$toy"

new_tree
echo '#include "engine/slurm.h"' | write src/daemon/daemon.c
refuses "a look past a sealed folder's front" "src/engine is sealed" "$check" "$toy"

new_tree
echo '#include "daemon/daemon.h"' | write src/cli/submit.c
refuses "a right that only one file has, taken by another" "must not include src/daemon" "$check" "$toy"

new_tree
echo 'int x;' | write src/misc/misc.c
refuses "a folder that nobody declared" "src/misc is not in tools/layers.txt" "$check" "$toy"

new_tree
echo '#include "error.h"' | write src/base/error.c
refuses "an include that does not start at src/" 'write "base/error.h"' "$check" "$toy"

new_tree
echo '#include "base/../core/core.h"' | write src/base/error.c
refuses "an include that climbs" "no .. in an include" "$check" "$toy"

new_tree
echo 'void f(void) { wf_core_step(core, event, &decisions, err); }' | write src/cli/run.c
refuses "a third driver of the core" "called by sim and daemon only" "$check" "$toy"

finish
