# SPDX-License-Identifier: Apache-2.0
"""Whether a mixed day went as those who submitted its jobs would expect: one TAP line a question."""
import collections
import json
import re
import statistics
import time

import tap
from day_jobs import read_records, read_runs
from day_kills import PARTS, cpu_seconds
from lab_base import Trouble, wait_until

SAVED_SECONDS = 10  # slurmctld that is killed may have lost what is younger: it saves up to 5 s late
RECOVERY_SECONDS = 10
PURGE_SECONDS = 10  # after its start a slurmd removes scripts of jobs that it does not know
OVER = {'COMPLETED': 'done', 'FAILED': 'failed', 'TIMEOUT': 'failed', 'NODE_FAIL': 'lost', 'CANCELLED': 'cancelled'}
LIVE = {'waiting': 'PENDING', 'held': 'PENDING', 'running': 'RUNNING', 'ending': 'RUNNING'}
SHOWN = 12
EXHAUSTED = re.compile(r'\[(\S+)(\.\d+)\] Time limit exhausted for JobId=(\d+)$', re.MULTILINE)
UNLAUNCHED = re.compile(
    r'\[(\S+)(\.\d+)\] _job_complete: requeue JobId=(?:\d+_\d+\()?(\d+)\)? per user/system request$', re.MULTILINE)
LAUNCH_SECONDS = 15


def some(faults):
    return '\n'.join(faults[:SHOWN] + ([f'... and {len(faults) - SHOWN} more'] if len(faults) > SHOWN else []))


def seconds_of(text):
    """When Slurm says that something was, in seconds since 1970."""
    return time.mktime(time.strptime(text, '%Y-%m-%dT%H:%M:%S'))


def read_moments(path, pattern):
    """When slurmctld's log says so of which job."""
    moments = collections.defaultdict(list)
    for moment, part, job in pattern.findall(path.read_text(errors='replace')):
        moments[job].append(seconds_of(moment) + float(part))
    return moments


class Judge:
    def __init__(self, day):
        self.day, self.lab, self.serve, self.kills = day, day.lab, day.serve, day.kills
        self.records = read_records(self.lab.run(['scontrol', '-o', 'show', 'job']).stdout)
        self.runs = {wish.name: read_runs(day.runs / wish.name) for wish in day.wishes}
        log = self.lab.folder / 'log' / 'slurmctld.log'
        self.exhausted, self.unlaunched = read_moments(log, EXHAUSTED), read_moments(log, UNLAUNCHED)
        self.wishes = [wish for wish in day.wishes if not wish.lost and not wish.confused]
        self.good, self.explained = True, 0

    def check(self, what, faults):
        for fault in faults:
            self.day.note(f'fault: {what}: {fault}')
        self.good = tap.check(what, not faults, some(faults)) and self.good

    def judge(self):
        day = self.day
        left = day.left()
        self.check('every job comes to its end in time', left if left is not None else ['slurmctld does not answer'])
        self.check('whoever submits, cancels, kills or looks met no trouble',
                   day.troubles + ([self.kills.trouble] if self.kills.trouble else []))
        self.check('nothing is lost but what Slurm itself had not saved yet', self.lost())
        self.check('every job ends as its submitter would expect', self.ends())
        self.check('every job runs as often as Slurm counts', self.counts())
        self.check('a job that waits for others runs after them', self.order())
        self.check('ps shows what squeue shows', self.picture())
        self.check('every end is told as Slurm tells it', self.told())
        self.check('no node gave out more than it has at any moment seen',
                   self.day.watch.found or ([] if day.watch.samples >= 10 else ['it was hardly looked at']))
        self.check('each part was killed, and the cloud took nodes back', self.unharmed())
        self.check(f'each part works again within {RECOVERY_SECONDS} s of being back', self.recovery())
        self.check('without a brain the queue is freed', self.brain())
        self.figures()
        return self.good

    # What may be explained.

    def in_window(self, moment):
        """Whether a slurmctld that was killed may have forgotten what happened then."""
        return any(killed - SAVED_SECONDS <= moment <= back + 2 for killed, back in self.kills.controller)

    def is_explained(self, run, following):
        """Why a run did not count to its end: its node was lost or had no slurmd, or slurmctld forgot, or its node
        took so long to launch it that slurmctld, whose messages it believes for 5 s, had it launched anew."""
        until = following.start
        if any(run.start - LAUNCH_SECONDS <= moment <= until for moment in self.unlaunched[run.job]):
            return True
        gone = [(killed, back) for node, killed, back in self.kills.lost_nodes + self.kills.daemons
                if node == run.node or run.is_wide]
        return any(run.start - 5 <= back and killed <= until for killed, back in gone + self.kills.controller)

    def is_forgotten(self, record, runs):
        """Whether slurmctld forgot that it did its work: it may then be started again, which its node refuses, or
        never be missed."""
        return record.state in ('CANCELLED', 'TIMEOUT') and any(
            run.end and (self.in_window(run.start) or self.in_window(run.end)) for run in runs)

    def is_forgotten_limit(self, wish, record):
        """Whether slurmctld ended it for its limit and then forgot that it had: what its node tells of its end is
        then news, of a job that died of a signal."""
        return wish.ends == {'TIMEOUT'} and record.state == 'FAILED' and record.exit == '0:15' and \
            any(self.in_window(moment) for moment in self.exhausted[record.id])

    def is_purged(self, record, runs):
        """Whether a slurmd that was just started took its script for one left over from before."""
        begun = seconds_of(record.start) if record.state == 'FAILED' else 0
        return not runs and any(node == record.node and killed <= begun <= back + PURGE_SECONDS
                                for node, killed, back in self.kills.lost_nodes + self.kills.daemons)

    # The questions.

    def lost(self):
        faults = [f'{wish.name} ({wish.id}), accepted {wish.lost[0] - wish.accepted:.1f} s before slurmctld was killed'
                  for wish in self.day.wishes if wish.lost and wish.lost[0] - wish.accepted > SAVED_SECONDS]
        for wish in self.wishes:
            for key in wish.keys():
                if not self.records[key] and not (wish.deed and self.records[(wish.name, None)]):
                    faults.append(f'{wish.name} ({wish.id}) is unknown')
                if len(self.records[key]) > 1 and not self.in_window(wish.accepted):
                    faults.append(f'{wish.name} is there {len(self.records[key])} times')
        return faults

    def ends(self):
        faults = []
        for wish in self.wishes:
            # An array that was cancelled as a whole is one record without tasks.
            for key in wish.keys() + ([(wish.name, None)] if wish.tasks else []):
                runs = self.runs[wish.name].get(key[1], [])
                for record in self.records[key]:
                    fault = self.end(wish, record, runs)
                    if fault:
                        faults.append(f'{wish.name} task {key[1]} ({record.id}): {fault}: {record} {runs[-2:]}')
        return faults

    def end(self, wish, record, runs):
        if record.state == 'NODE_FAIL' and wish.kind == 'once':
            # It must not be put back into the queue: the loss of its node is its end.
            return '' if self.is_explained_end(record, runs) else 'no node of its was lost'
        if record.state not in wish.ends and (self.is_forgotten(record, runs) or self.is_purged(record, runs) or
                                              self.is_forgotten_limit(wish, record)):
            self.explained += 1
            self.day.note(f'explained: {wish.name}: {record} {runs[-2:]}')
            return ''
        if record.state not in wish.ends:
            return f'it is not {" or ".join(wish.ends)}'
        if record.state in ('COMPLETED', 'FAILED') and not any(run.end for run in runs):
            return 'it left no mark of its end'
        if record.state == 'FAILED' and record.exit != f'{wish.code}:0':
            return f'it did not exit with {wish.code}'
        if record.state == 'PENDING' and (runs or record.reason != 'JobHeldUser' and not wish.after):
            return 'it was to wait for good'
        if wish.after and record.state == 'CANCELLED' and runs:
            return 'it was never to run'
        return ''

    def is_explained_end(self, record, runs):
        return not runs or any(
            node == runs[-1].node and runs[-1].start - 5 <= back
            for node, _, back in self.kills.lost_nodes + self.kills.daemons) or self.in_window(runs[-1].start) or \
            any(runs[-1].start <= back for _, back in self.kills.controller)

    def counts(self):
        faults = []
        for wish in self.wishes:
            for key in wish.keys():
                runs = self.runs[wish.name].get(key[1], [])
                for record in self.records[key][:1]:
                    forgotten = sum(self.in_window(run.start) for run in runs)
                    known = 1 + max(each.restarts for each in self.records[key])
                    if len(runs) > known * len(self.records[key]) + forgotten:
                        faults.append(f'{wish.name} task {key[1]} ran {len(runs)} times: {record} {runs}')
                    for run, following in zip(runs, runs[1:]):
                        if not self.is_explained(Wide(run, wish), following):
                            faults.append(f'{wish.name} task {key[1]} ran again, and nothing was killed: {run}')
        return faults

    def order(self):
        faults = []
        for wish in self.wishes:
            if not wish.after or wish.after[1].lost or wish.after[1].confused:
                continue
            runs, before = self.runs[wish.name].get(None, []), self.runs[wish.after[1].name].get(None, [])
            if runs and before and before[-1].end and runs[-1].start < before[-1].end - 0.05:
                faults.append(f'{wish.name} at {runs[-1].start}, {wish.after[1].name} until {before[-1].end}')
        return faults

    def all_told(self):
        return json.loads(self.serve.ask('ps', '--json', '--all', '--limit', '10000').stdout)['jobs']

    def squeue(self):
        lines = self.lab.run(['squeue', '-h', '-r', '-t', 'all', '-o', '%i %j %T']).stdout.splitlines()
        return {(line.split()[0], line.split()[1]): line.split()[2] for line in lines}

    def picture(self):
        seen = {}

        def equal():
            told = {(job['key'], job['name']): LIVE[job['state']] for job in self.all_told() if job['state'] in LIVE}
            queue = {key: 'PENDING' if state == 'PENDING' else 'RUNNING' for key, state in self.squeue().items()
                     if state not in OVER}
            seen['faults'] = [f'{key}: ps {told.get(key)}, squeue {queue.get(key)}' for key in {**told, **queue}
                              if told.get(key) != queue.get(key)]
            return not seen['faults']
        try:
            wait_until('', 20, equal)
        except Trouble:
            pass
        return seen['faults']

    def is_unwatched(self, name, told):
        """Whether it is a job of a partition that is not ours, which Slurm put back into its queue: it is looked at
        while it runs on our nodes and not while it waits, and its next run may be too short to be seen."""
        records = self.records[(name, None)]
        return all(job['state'] == 'lost' and job['queue'] == 'other-partitions' for job in told) and \
            len(records) == 1 and records[0].restarts > 0

    def told(self):
        """Of what the daemon has seen: a job that came and went while it was dead it need not know."""
        faults, told = [], {}
        for job in self.all_told():
            told.setdefault((job['key'], job['name']), []).append(job)
        unknown = 0
        for key, state in self.squeue().items():
            if state not in OVER:
                continue
            if key not in told:
                unknown += 1
            elif self.is_unwatched(key[1], told[key]):
                unknown += 1
            elif not any(job['state'] == OVER[state] for job in told[key]):
                faults.append(f'{key} is {state}, told is {[(job["state"], job.get("end")) for job in told[key]]}')
            elif sum(job['state'] in LIVE for job in told[key]):
                faults.append(f'{key} is {state}, and told to live')
        self.day.figures['unknown'] = unknown
        return faults

    def unharmed(self):
        faults = [f'no {part} was' for part in PARTS if not self.kills.counts[part]]
        return faults + ([] if self.day.figures['reclaimed'] else ['it took none'])

    def recovery(self):
        faults = []
        for part, times in sorted(self.kills.recovery.items()):
            seconds = sorted(each for each, _ in times)
            plain = sorted(self.kills.plain[part])
            print(f'# {part}: {len(seconds)} times, median {statistics.median(seconds):.1f} s, '
                  f'most {seconds[-1]:.1f} s' + (
                   f' beyond the {statistics.median(plain):.1f} s and {plain[-1]:.1f} s that Slurm itself needs; '
                   f'{self.kills.unused[part]} times it did not use the node for long' if plain else '') + (
                   f' beyond the {self.kills.silent[part]:.1f} s that slurmctld itself did not answer'
                   if self.kills.silent[part] else ''), flush=True)
            faults += [f'{part}: {each:.1f} s ({name})' for each, name in times if each > RECOVERY_SECONDS]
        return faults

    def brain(self):
        try:
            self.day.without_a_brain()
        except Trouble as trouble:
            return [str(trouble)]
        return []

    def figures(self):
        day, figures, cpu = self.day, self.day.figures, self.kills.cpu
        for pid in self.lab.pids('slurmctld'):
            cpu['slurmctld'] += cpu_seconds(pid)
        adapter = self.serve.adapter()
        cpu['adapter'] += cpu_seconds(adapter) if adapter else 0
        lost = [wish for wish in day.wishes if wish.lost]
        waits = sorted(runs[0].start - wish.accepted for wish in self.wishes
                       if not wish.after and wish.kind not in ('held', 'cancelled', 'probe')
                       for runs in self.runs[wish.name].values() if runs)
        count = sum(wish.count() for wish in self.wishes)
        again = sum(max(0, len(runs) - 1) for tasks in self.runs.values() for runs in tasks.values())
        decided = sum(record.mark for records in self.records.values() for record in records)
        for line in (
                f'seed {day.options.seed}: {count} jobs in {figures["seconds"]:.0f} s, '
                f'{count / figures["seconds"]:.1f} a second; submitted in {figures["submitting"]:.0f} s; '
                f'{decided} records with a decision of ours',
                f'kills: {dict(self.kills.counts)}, reclaimed {figures["reclaimed"]}',
                f'lost by Slurm: {sum(wish.count() for wish in lost)} jobs of {len(lost)} submissions; '
                f'{sum(wish.confused for wish in day.wishes)} with a dependency on a lost one; users did {day.again} '
                f'deeds again; {day.resumed} nodes drained and {day.released} jobs held by Slurm, '
                f'{again} second runs; {figures["unknown"]} ended unseen by the daemon; {self.explained} ends that '
                'Slurm itself made other',
                f'waits: median {statistics.median(waits):.1f} s, 95 % {waits[len(waits) * 95 // 100]:.1f} s, most '
                f'{waits[-1]:.1f} s',
                f'looked {day.watch.samples} times ({day.watch.missed} times in vain): at most '
                f'{day.watch.most_running} jobs and {day.watch.most_gpus} whole GPUs at once; {day.watch.both} '
                'GPUs at once that Slurm gave out whole and in shares',
                'CPU seconds: ' + ', '.join(f'{part} {cpu[part]:.1f}' for part in ('daemon', 'adapter', 'slurmctld')),
                f'without a brain: {figures.get("held")} held, freed after {figures.get("freed", 0):.1f} s'):
            print(f'# {line}', flush=True)
            day.note(line)


class Wide:
    """A run with the knowledge that it may have other nodes than the one that noted it."""

    def __init__(self, run, wish):
        self.start, self.node, self.job, self.is_wide = run.start, run.node, run.job, wish.kind == 'gang'
