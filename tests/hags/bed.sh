# Sourced by test_hags_wine.sh: stand-ins for Windows hosts, each a wine prefix of its own behind a port
# of one real sshd on loopback. Not run by itself.
# shellcheck shell=sh
# A host is the folder $toy/hosts/PORT with
#   prefix/       its disk and registry; C:\kind is which machine it is, C:\booted what it started with
#   fault         what its sshd does wrong: see forced below
#   down          it does not answer
# shellcheck disable=SC2154 # toy and project come from tap.sh, stand_ins from the test

export WINEDEBUG=-all WINEDLLOVERRIDES="mscoree=;mshtml=;certutil.exe,shutdown.exe=n"
unset DISPLAY
user=$(id -un)
windows_home="Ann Smith & (Co) 100% \$HOME" # of the user on each host: a trap in each character
sshd_program=$(command -v sshd || echo /usr/sbin/sshd)
sftp_server=/usr/lib/openssh/sftp-server

# Ports that nobody has, in $ports.
free_ports() { # COUNT
    ports=$(python3 -c "
import socket, sys
held = [socket.socket() for _ in range(int(sys.argv[1]))]
for s in held: s.bind(('127.0.0.1', 0))
print(*[s.getsockname()[1] for s in held])" "$1")
}

wine_host() { # PORT: for wine's own programs
    WINEPREFIX=$toy/hosts/$1/prefix
    export WINEPREFIX
}

# The first prefix takes seconds; the others are links to its files.
make_base() {
    export WINEPREFIX="$toy/base"
    timeout 120 wineboot -i </dev/null >/dev/null 2>&1
    key='HKLM\Software\Microsoft\Windows NT\CurrentVersion'
    graphics='HKLM\System\CurrentControlSet\Control\GraphicsDrivers'
    for value in CurrentBuild CurrentBuildNumber; do
        timeout 60 wine reg add "$key" /v $value /t REG_SZ /d 22631 /f </dev/null >/dev/null 2>&1
    done
    timeout 60 wine reg add "$key" /v InstallationType /t REG_SZ /d Client /f </dev/null >/dev/null 2>&1
    timeout 60 wine reg add "$graphics" /v HwSchMode /t REG_DWORD /d 2 /f </dev/null >/dev/null 2>&1
    timeout 60 wineserver -k -w
    system32=$WINEPREFIX/drive_c/windows/system32
    rm -f "$system32/certutil.exe" "$system32/shutdown.exe"
    cp "$stand_ins/certutil.exe" "$stand_ins/shutdown.exe" "$system32/"
    cp "$stand_ins/d3dkmt.dll" "$system32/whaleflux-d3dkmt.dll"
    cp "$stand_ins/shell.exe" "$WINEPREFIX/drive_c/shell.exe"
    mkdir -p "$WINEPREFIX/drive_c/users/$windows_home"
}

# Wine's registry is a text file while no program runs.
registry_value() { # PORT: HwSchMode as the file has it: 1, 2 or absent
    value=$(sed -n 's/^"HwSchMode"=dword:0*\([0-9]\)\r*$/\1/p' "$toy/hosts/$1/prefix/system.reg")
    echo "${value:-absent}"
}

start_host() { # PORT
    wine_host "$1"
    # A server that stays, started by nobody's pipe; the first program starts services, which would
    # hold a pipe for ever.
    setsid wineserver -p </dev/null >/dev/null 2>&1
    timeout 60 wine cmd /c exit </dev/null >/dev/null 2>&1
}

stop_host() { # PORT
    wine_host "$1"
    timeout 30 wineserver -k -w </dev/null >/dev/null 2>&1
}

make_host() { # PORT KIND BUILD VALUE BOOTED: VALUE is 1, 2 or absent
    host=$toy/hosts/$1
    mkdir -p "$host"
    cp -al "$toy/base" "$host/prefix"
    for file in system.reg user.reg userdef.reg; do
        cp --remove-destination "$toy/base/$file" "$host/prefix/$file"
    done
    sed -i -e "s/^\\(\"CurrentBuild[A-Za-z]*\"=\\)\"22631\"/\\1\"$3\"/" "$host/prefix/system.reg"
    case $4 in
    absent) sed -i '/^"HwSchMode"=/d' "$host/prefix/system.reg" ;;
    *) sed -i "s/^\\(\"HwSchMode\"=dword:0000000\\)2/\\1$4/" "$host/prefix/system.reg" ;;
    esac
    echo "$2" >"$host/prefix/drive_c/kind"
    echo "$5" >"$host/prefix/drive_c/booted"
    [ "$2" != tcc ] || cp "$stand_ins/nvml.dll" "$host/prefix/drive_c/windows/system32/nvml.dll"
}

# What is set works from the next start on; what is not set is on, as drivers have it today.
restart_host() { # PORT
    touch "$toy/hosts/$1/down"
    stop_host "$1"
    value=$(registry_value "$1")
    [ "$value" = absent ] && value=2
    echo "$value" >"$toy/hosts/$1/prefix/drive_c/booted"
    start_host "$1"
    rm -f "$toy/hosts/$1/down"
}

# Plays the restarts that hosts were told of, until it is ended. Counts how many are down at once.
play_restarts() {
    while sleep 0.2; do
        for asked in "$toy"/hosts/*/prefix/drive_c/restart; do
            [ -e "$asked" ] || continue
            rm -f "$asked"
            port=${asked%/prefix/drive_c/restart}
            port=${port##*/}
            [ -e "$toy/hosts/$port/stays-down" ] && touch "$toy/hosts/$port/down" && continue
            touch "$toy/hosts/$port/down"
            find "$toy/hosts" -name down | wc -l >>"$toy/down-at-once"
            restart_host "$port" &
        done
    done
}

make_keys() {
    ssh-keygen -q -t ed25519 -N '' -f "$toy/key file"
    ssh-keygen -q -t ed25519 -N '' -f "$toy/other_key"
    ssh-keygen -q -t ed25519 -N '' -f "$toy/host_key"
    cp "$toy/key file.pub" "$toy/authorized_keys"
}

write_forced() {
    cat >"$toy/forced" <<SCRIPT
#!/bin/sh
# What sshd runs for each command that comes in.
port=\${SSH_CONNECTION##* }
host=$toy/hosts/\$port
export WINEPREFIX=\$host/prefix WINEDEBUG=-all WINEDLLOVERRIDES="mscoree=;mshtml=;certutil.exe,shutdown.exe=n"
fault=\$(cat "\$host/fault" 2>/dev/null)
echo "\$port \$SSH_ORIGINAL_COMMAND" >>$toy/commands
[ ! -e "\$host/down" ] || exit 255
[ "\$fault" != linux ] || exec sh -c "\$SSH_ORIGINAL_COMMAND"
cd "\$host/prefix/drive_c/users/$(echo "$windows_home" | sed 's/\$/\\$/g')" || exit 1
case \$SSH_ORIGINAL_COMMAND in
*sftp-server*)
    if [ "\$fault" = full ]; then
        trap '' XFSZ
        ulimit -f 8 # as a disk that is full after so much
    fi
    $sftp_server
    [ "\$fault" != corrupt ] || for file in *.exe; do echo x >>"\$file"; done
    exit 0
    ;;
"cmd.exe /d /c ver") echo "Microsoft Windows [Version 10.0.22631.4317]" && exit 0 ;;
*" set "*)
    [ "\$fault" != nothing ] || exit 0
    [ "\$fault" != liar ] || SSH_ORIGINAL_COMMAND=\$(echo "\$SSH_ORIGINAL_COMMAND" | sed 's/ set [a-z0-9]* [a-z0-9]* / get /')
    if [ "\$fault" = dies ]; then
        rm "\$host/fault"
        export SSH_ORIGINAL_COMMAND
        wine 'C:\\shell.exe' >/dev/null
        kill -9 \$PPID
        exit 255
    fi
    ;;
esac
export SSH_ORIGINAL_COMMAND
exec wine 'C:\\shell.exe'
SCRIPT
    chmod +x "$toy/forced"
}

start_sshd() { # PORT...
    make_keys
    write_forced
    [ "$(id -u)" -ne 0 ] || mkdir -p /run/sshd
    {
        for port; do echo "Port $port"; done
        cat <<CONFIG
ListenAddress 127.0.0.1
HostKey $toy/host_key
AuthorizedKeysFile $toy/authorized_keys
PidFile $toy/sshd.pid
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
MaxStartups 200
MaxSessions 50
Subsystem sftp $sftp_server
ForceCommand $toy/forced
CONFIG
    } >"$toy/sshd_config"
    "$sshd_program" -f "$toy/sshd_config" -E "$toy/sshd.log" || return 1
    for port; do
        echo "[127.0.0.1]:$port $(cut -d' ' -f1,2 "$toy/host_key.pub")"
    done >"$toy/known_hosts"
}

stop_bed() {
    [ -z "${player:-}" ] || kill "$player" 2>/dev/null
    [ ! -e "$toy/sshd.pid" ] || kill "$(cat "$toy/sshd.pid")" 2>/dev/null
    for folder in "$toy"/hosts/*/prefix; do
        [ ! -d "$folder" ] || WINEPREFIX=$folder timeout 20 wineserver -k </dev/null >/dev/null 2>&1
    done
    rm -rf "$toy"
}
