#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""whaleflux serve --slurm on a real Slurm.  WHALEFLUX names the program, beside which is slurm/whaleflux-slurm;
WHALEFLUX_CHROOT a folder with another Slurm's programs. TAP on standard output."""
import json
import os
import pathlib
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from lab_base import Trouble, wait_until  # noqa: E402
from serve import PLAIN_USER, forget_runs, main  # noqa: E402


def mixed(case, seconds):
    """Some of everything; returns names and how often each runs."""
    for number in range(4):
        case.once(f'h{number}', seconds, '--gres=gpu:h100:4')
        case.once(f'm{number}', seconds, '--gres=gpu:mi300x:4')
    case.once('any', seconds, '--gres=gpu:2')
    case.once('cores', seconds, '-c', '8')
    case.once('gang', seconds, '-N', '2', '--gres=gpu:mi300x:8')
    case.once('array', seconds, '--array=1-6%2', '--gres=gpu:1')
    case.once('shards', seconds, '--gres=shard:h100:3', partition='gpu') if case.lab.version >= (23, 0) else \
        case.once('shards', seconds, '--gres=shard:3')
    return {**{f'{kind}{number}': 1 for kind in 'hm' for number in range(4)},
            'any': 1, 'cores': 1, 'gang': 1, 'array': 6, 'shards': 1}


def observing_writes_nothing_and_shows_everything(case):
    lab = case.lab
    running = lab.submit('sleep 300', '-p', 'plain', '-t', '10', '--gres=gpu:h100:8', '--mem=100')
    lab.wait_job(running, 'RUNNING')
    waiting = lab.submit('sleep 300', '-p', 'plain', '-t', '10', '-N', '2', '--gres=gpu:h100:8', '--mem=100')
    held = lab.submit('sleep 300', '-p', 'plain', '-t', '10', '-H', '--comment', 'mine')
    lab.submit('sleep 300', '-p', 'plain', '-t', '10', '--array=1-5%1', '--gres=gpu:mi300x:8', '--mem=100')
    time.sleep(2)
    before = lab.run(['scontrol', '-o', 'show', 'job', waiting]).stdout
    serve = case.serve('observe', user=PLAIN_USER)
    case.picture(serve)
    words = serve.ask('explain', f'slurm:{waiting}').stdout
    if 'room' not in words:
        raise Trouble(f'explain says {words}')
    if serve.jobs()[held]['state'] != 'held':
        raise Trouble('a job that its owner holds is not shown as held')
    for verb in ('nodes', 'queues', 'cost', 'events'):
        if not serve.ask(verb).stdout.strip():
            raise Trouble(f'{verb} shows nothing')
    if 'h1' not in serve.ask('nodes').stdout or 'plain' not in serve.ask('queues').stdout:
        raise Trouble('nodes or queues are not shown')
    for words in (('cancel', f'slurm:{running}'), ('hold', f'slurm:{waiting}'), ('drain', 'h1')):
        done = serve.ask(*words, check=False)
        if done.returncode == 0:
            raise Trouble(f'{words} is taken while it only observes')
    lab.run(['scancel', running])
    lab.wait_job(running, 'CANCELLED')
    case.picture(serve)
    serve.kill()
    lab.run(['scancel', held])
    serve.start('observe')
    case.picture(serve)
    if serve.jobs('--all')[held]['state'] != 'cancelled':
        raise Trouble('a job that was cancelled while nobody looked is not shown as cancelled')
    after = lab.run(['scontrol', '-o', 'show', 'job', waiting]).stdout
    for name in ('Priority', 'ReqNodeList', 'Comment', 'AdminComment', 'Nice'):
        old, new = ([word for word in text.split() if word.startswith(f'{name}=')] for text in (before, after))
        if old != new:
            raise Trouble(f'{old} became {new}')


def deciding_runs_a_mixed_load_whatever_is_killed(case):
    lab = case.lab
    forget_runs(case)
    serve = case.serve('decide', '--slurm-partitions', 'gpu')
    wait_until('the heartbeat is written', 10, lab.heartbeat.exists)
    wanted = mixed(case, 4)
    gone = lab.submit('sleep 300', '-p', 'gpu', '-t', '10', '--gres=gpu:1', '--mem=100', '-J', 'gone')
    ours = lab.submit('sleep 300', '-p', 'gpu', '-t', '10', '--gres=gpu:1', '--mem=100', '-J', 'ours')
    mine = lab.submit('sleep 300', '-p', 'gpu', '-t', '10', '-H', '--mem=100', '-J', 'mine')
    odd = lab.submit('sleep 3', '-p', 'gpu', '-t', '10', '--mem=100', '-J', 'odd', '-C', 'nvidia|amd')
    late = case.once('late', 1, '--dependency', f'afterok:{odd}')
    wait_until('all are known', 20, lambda: {gone, ours, mine} <= set(serve.jobs()))
    serve.kill()
    time.sleep(1)
    serve.start('decide', '--slurm-partitions', 'gpu')
    lab.run(['scancel', gone])
    serve.ask('cancel', f'slurm:{ours}')
    os.kill(serve.adapter(), signal.SIGKILL)
    wanted['late'] = 1
    try:
        wait_until('', 150, lambda: set(case.left()) == {mine})
    except Trouble:
        raise Trouble(f'left are {case.left()}: {serve.ask("ps").stdout} {serve.log.read_text()[-2000:]}') from None
    case.picture(serve)
    for job in (gone, ours):
        if lab.job_state(job) != 'CANCELLED' or serve.jobs('--all')[job]['state'] != 'cancelled':
            raise Trouble(f'job {job} is {lab.job_state(job)}, {serve.jobs("--all")[job]["state"]}')
    for name, count in wanted.items():
        if len(set(case.ran(name))) != count or len(case.ran(name)) != count:
            raise Trouble(f'{name} ran as {case.ran(name)}')
    for key, job in serve.jobs('--all').items():
        if job['state'] not in ('done', 'cancelled') and key != mine:
            raise Trouble(f'job {key} is {job["state"]}')
    if serve.jobs()[mine]['state'] != 'held':
        raise Trouble('a job that its owner holds is not held')
    if not any('whaleflux:j' in lab.job(job).get('AdminComment', '') for job in lab.queue() if '_' not in job):
        raise Trouble('no job was started by a decision')


def holding_here_keeps_a_job_and_releasing_starts_it(case):
    lab = case.lab
    forget_runs(case)
    serve = case.serve('decide', '--slurm-partitions', 'gpu')
    wait_until('the heartbeat is written', 10, lab.heartbeat.exists)
    full = [case.once('full', 300, '--gres=gpu:h100:8') for _ in range(2)]
    for job in full:
        lab.wait_job(job, 'RUNNING')
    job = case.once('later', 1, '--gres=gpu:h100:1')
    wait_until('it waits', 10, lambda: serve.jobs().get(job, {}).get('state') == 'waiting')
    serve.ask('hold', f'slurm:{job}')
    lab.run(['scancel', *full])
    time.sleep(4)
    if lab.job_state(job) != 'PENDING' or serve.jobs()[job]['state'] != 'held':
        raise Trouble(f'a job that is held here is {lab.job_state(job)}')
    serve.ask('release', f'slurm:{job}')
    lab.wait_job(job, 'COMPLETED')
    case.picture(serve)


def a_node_that_goes_takes_nobody_with_it(case):
    lab = case.lab
    forget_runs(case)
    serve = case.serve('decide', '--slurm-partitions', 'gpu')
    wait_until('the heartbeat is written', 10, lab.heartbeat.exists)
    job = case.once('moved', 5, '--gres=gpu:mi300x:8', '--requeue')
    node = wait_until('it runs', 20, lambda: lab.job(job).get('NodeList') if lab.job_state(job) == 'RUNNING' else None)
    lab.kill_node(node)
    lab.mark_down(node)
    def here(name):
        return {each['name']: each['state'] for each in json.loads(serve.ask('nodes', '--json').stdout)['nodes']}[name]
    try:
        wait_until('', 15, lambda: here(node) == 'down')
    except Trouble:
        raise Trouble(f'{node} is {here(node)}: {lab.node_states()} {serve.ask("ps").stdout}'
                      f'{serve.ask("events").stdout} {serve.log.read_text()[-1000:]}') from None
    facts = lab.wait_job(job, 'COMPLETED', seconds=90)
    wait_until('it is done here, too', 10, lambda: serve.jobs('--all')[job]['state'] == 'done')
    if facts['NodeList'] == node:
        raise Trouble(f'it ended on {node}, which is gone')
    lab.lost(node).unlink()
    lab.start(node)
    wait_until('the node is back here', 15, lambda: here(node) == 'up')
    drained = 'm1' if node != 'm1' else 'm2'
    lab.run(['scontrol', 'update', f'nodename={drained}', 'state=drain', 'reason=test'])
    wait_until('the node is drained here', 15, lambda: here(drained) == 'drained')
    job = case.once('beside', 1, '--gres=gpu:mi300x:1')
    facts = lab.wait_job(job, 'COMPLETED')
    if facts['NodeList'] == drained:
        raise Trouble('a node that is drained got a job')
    case.picture(serve)


def without_a_daemon_slurm_goes_on(case):
    lab = case.lab
    forget_runs(case)
    serve = case.serve('decide', '--slurm-partitions', 'gpu', '--slurm-silence', '5s')
    wait_until('the heartbeat is written', 10, lab.heartbeat.exists)
    full = [case.once('full', 300, '--gres=gpu:h100:8') for _ in range(2)]
    for job in full:
        lab.wait_job(job, 'RUNNING')
    job = case.once('alone', 1, '--gres=gpu:h100:1')
    wait_until('it waits', 10, lambda: serve.jobs().get(job, {}).get('state') == 'waiting')
    serve.kill()
    lab.run(['scancel', *full])
    lab.wait_job(job, 'COMPLETED', seconds=40)
    if 'whaleflux' in lab.job(job).get('AdminComment', ''):
        raise Trouble(f'it is still marked: {lab.job(job)["AdminComment"]}')
    serve.start('decide', '--slurm-partitions', 'gpu', '--slurm-silence', '5s')
    wait_until('the heartbeat is written', 10, lab.heartbeat.exists)
    again = case.once('again', 1, '--gres=gpu:h100:1')
    lab.wait_job(again, 'COMPLETED')
    if 'whaleflux:j' not in lab.job(again).get('AdminComment', ''):
        raise Trouble('the daemon that came back decides nothing')
    case.picture(serve)


def advice_stands_in_the_comment(case):
    lab = case.lab
    full = [lab.submit('sleep 300', '-p', 'plain', '-t', '10', '--gres=gpu:h100:8', '--mem=100') for _ in range(2)]
    for job in full:
        lab.wait_job(job, 'RUNNING')
    job = lab.submit('sleep 300', '-p', 'plain', '-t', '10', '--gres=gpu:h100:4', '--mem=100', '--comment', 'mine')
    serve = case.serve('advise')

    def shown(number):
        return lab.run(['scontrol', '-o', 'show', 'job', number]).stdout
    wait_until('advice is written', 20, lambda: 'Comment=mine whaleflux: expected start 20' in shown(job))
    if 'whaleflux:' in shown(full[0]) or 'AdminComment=whaleflux' in shown(job):
        raise Trouble('more was written than advice')
    done = serve.ask('cancel', f'slurm:{job}', check=False)
    if done.returncode == 0:
        raise Trouble('cancel is taken while it only advises')
    case.picture(serve)


TESTS = [observing_writes_nothing_and_shows_everything, deciding_runs_a_mixed_load_whatever_is_killed,
         holding_here_keeps_a_job_and_releasing_starts_it, a_node_that_goes_takes_nobody_with_it,
         without_a_daemon_slurm_goes_on, advice_stands_in_the_comment]


if __name__ == '__main__':
    sys.exit(main(TESTS, '--nodes', '4', '--hold', 'gpu', '--no-heartbeat'))
