#!/bin/sh
# shellcheck disable=SC2016,SC1010,SC2119
# The files that people have are taken as they are: #SBATCH scripts, SkyPilot tasks, Kubernetes Jobs.
# What has no meaning here is named.
# shellcheck source=live.sh
# shellcheck disable=SC2016,SC2119 # jobs expand what is in single quotes
. "$(dirname "$0")/live.sh"
cd "$toy/work" || exit 1
start_daemon

# Submits FILE with further ARGUMENTs; the job must end as done and have written TEXT.
does() { # WHAT TEXT FILE ARGUMENT...
    what=$1
    text=$2
    shift 2
    job=$("$program" submit --parsable "$@" 2>"$toy/output" </dev/null)
    [ -n "$job" ] && wait_for 150 state_is "$job" "done" &&
        "$program" logs "$job" >>"$toy/output" 2>&1 && grep -qF -- "$text" "$toy/output"
    report $? "$what"
}

# The last submission printed TEXT on stderr, with "note:" in front.
notes() { # WHAT TEXT
    grep "^note: " "$toy/output" | grep -qF -- "$2"
    report $? "$1"
}

write_here() {
    cat >"$1"
}

write_here train.sbatch <<'FILE'
#!/bin/bash
#SBATCH --job-name=from-slurm
#SBATCH --time=00:05:00
#SBATCH --cpus-per-task=1
#SBATCH --mem=64M
#SBATCH --mail-user=ada@example.org
#SBATCH --mail-type=END
echo "slurm says $SLURM_JOB_NAME on $SLURM_CPUS_PER_TASK: $1 $2"
FILE
does "an #SBATCH script" "slurm says from-slurm on 1: one two" train.sbatch one two
notes "what has no meaning is named" "mail-user"
tells "its name is kept" "d['jobs'][0]['name'] == 'from-slurm' and d['jobs'][0]['limit_ms'] == 300000" \
    ps --all --json
does "options go before the file" "slurm says renamed" train.sbatch --name renamed --limit 1m
tells "as said" "d['jobs'][0]['name'] == 'renamed' and d['jobs'][0]['limit_ms'] == 60000" \
    ps --all --json
write_here array.sbatch <<'FILE'
#!/bin/sh
#SBATCH --array=3-5
echo "element $SLURM_ARRAY_TASK_ID"
FILE
"$program" submit array.sbatch >"$toy/output" 2>&1
grep -q "array of 3 jobs" "$toy/output"
report $? "an array is said to be one"

write_here task.yaml <<'FILE'
name: from-sky
resources:
  cpus: 1
  cloud: aws
envs:
  GREETING: hello
setup: |
  echo "set up"
run: |
  echo "$GREETING from $SKYPILOT_NODE_RANK of $SKYPILOT_NUM_NODES"
FILE
does "a SkyPilot task" "hello from 0 of 1" task.yaml
notes "what has no meaning is named" "cloud"

write_here job.yaml <<'FILE'
apiVersion: batch/v1
kind: Job
metadata:
  name: from-kubernetes
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: main
          image: busybox
          command: ["sh", "-c", "echo kubernetes says $WORD"]
          env:
            - name: WORD
              value: hello
          resources:
            limits:
              cpu: 500m
              memory: 64Mi
FILE
does "a Kubernetes Job" "kubernetes says hello" job.yaml
notes "what has no meaning is named" "image"

write_here own.yaml <<'FILE'
name: own
command: [sh, -c, "echo own of $WHALEFLUX_JOB_NAME"]
FILE
does "a document in YAML" "own of own" own.yaml
printf '#!/bin/sh\necho "a script with $1"\n' >plain.sh
does "a plain script" "a script with words" plain.sh words
does "a script's options behind --" "a script with --limit" -- plain.sh --limit
echo 'echo "from stdin"' | sed '1i #!/bin/sh' >piped
job=$("$program" submit --parsable - <piped 2>"$toy/output")
wait_for 100 state_is "$job" "done" && "$program" logs "$job" | grep -q "from stdin"
report $? "a file from stdin"

write_here two.json <<'FILE'
{"command": ["true"], "commanb": ["true"]}
FILE
ends "a slip is refused with what was meant" 2 "command" submit two.json
ends "a file that is not there" 2 "cannot be opened" submit no-such-file
head -c 1200000 /dev/zero | tr '\0' 'x' >huge.json
ends "a file that is too long" 2 "longer than" submit huge.json
ends "a dry run starts nothing" 0 "Nothing was started" submit own.yaml --dry-run
ends "next steps" 0 "whaleflux logs -f" submit own.yaml
tells "JSON" "d['id'] > 0 and d['count'] == 1 and not d['dry_run']" submit own.yaml --json
after=$("$program" run --detach --hold --name before -- true)
"$program" run --detach --name follower --after before:success -- true >"$toy/output" 2>&1
ends "a job after another waits" 0 "before" explain follower
"$program" cancel "$after" follower >"$toy/output" 2>&1
finish
