#!/bin/sh
# Tried with a folder of commands in place of the system's, so that nothing is ever installed.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
install="$project/tools/install-dependencies"

# A system on which only these commands exist.
system_with() { # COMMAND...
    rm -rf "${toy:?}/bin"
    mkdir "$toy/bin"
    for command in sh cat dirname mktemp rm tail env; do
        ln -s "$(command -v "$command")" "$toy/bin/$command"
    done
    for command; do
        {
            echo '#!/bin/sh'
            echo "echo $command \"\$*\" >>$toy/called"
        } >"$toy/bin/$command"
        chmod +x "$toy/bin/$command"
    done
    rm -f "$toy/called"
}

run() {
    status=0
    PATH="$toy/bin" "$install" "$@" >"$toy/said" 2>&1 || status=$?
    cat "$toy/said"
    return $status
}

[ -e /usr/include/stdio.h ] || skip_all "no C library headers here"

system_with cc meson ninja pkg-config apt-get
accepts "a system that has all" run run
accepts "is told nothing" test ! -s "$toy/said"
accepts "and installs nothing" test "$(grep -c apt-get "$toy/called")" -eq 0

system_with cc meson ninja
refuses "a system without apt-get is told what to install" \
    "Please install what these Debian packages contain, then try again: pkgconf" run test

system_with cc ninja pkg-config apt-get
printf '#!/bin/sh\necho 0\n' >"$toy/bin/id"
chmod +x "$toy/bin/id"
accepts "root gets what is missing" run run
accepts "and reads why" grep -q "meson: describes the build" "$toy/said"
accepts "and gets nothing else" grep -q "no-install-recommends meson$" "$toy/called"

# Of the group slurm, sbatch at least is missing here.
ln -s "$(command -v chmod)" "$(command -v tee)" "$toy/bin/"
printf '#!/bin/sh\n[ -x %s/policy ] && echo no service may start >>%s/called\n' "$toy" "$toy" >"$toy/bin/apt-get"
export POLICY_RC_D="$toy/policy"
accepts "packages with services are installed" run slurm
accepts "and the services are not started" grep -q "no service may start" "$toy/called"
accepts "and what forbade it is gone" test ! -e "$toy/policy"

printf '#!/bin/sh\necho 1000\n' >"$toy/bin/id"
refuses "without root and sudo the command to run is shown" \
    "apt-get update && apt-get install --no-install-recommends meson" run run

refuses "a group that does not exist" "no group 'everything'" run everything

finish
