# SPDX-License-Identifier: Apache-2.0
"""The jobs of a mixed day, made from a seed: what each asks for, and what its submitter expects of it."""
import collections
import re

USERS = (None, 'games', 'news')
NO_TASK = '4294967294'  # what an array has that was cancelled as a whole
NEVER_ENDS = 600  # seconds: its end comes from elsewhere

Record = collections.namedtuple('Record', 'id state reason restarts start end exit mark comment node')
Run = collections.namedtuple('Run', 'start end job restart node')


class Wish:
    """One sbatch. ends: the states of Slurm that its submitter expects, each task in one of them."""

    def __init__(self, name, kind, options, ends, seconds=0.0, code=0, tasks=None, user=None):
        self.name, self.kind, self.options, self.user = name, kind, list(options), user
        self.ends, self.seconds, self.code = set(ends), seconds, code
        self.partition = 'gpu'
        self.tasks = tasks  # None, or how many
        self.deed = None  # 'scancel', 'cancel', 'release', and so many seconds after the submission
        self.deed_after = 0.0
        self.after = None  # the word of its dependency, and the wish that it waits for
        self.begun = self.accepted = self.id = None
        self.lost = self.repeated = self.confused = False

    def count(self):
        return self.tasks or 1

    def keys(self):
        return [(self.name, task) for task in range(self.tasks)] if self.tasks else [(self.name, None)]

    def script(self, folder):
        note = f'>> {folder}/{self.name}'
        return (f'date "+start ${{SLURM_ARRAY_TASK_ID:-x}} %s.%N $SLURM_JOB_ID ${{SLURM_RESTART_COUNT:-0}} '
                f'$SLURMD_NODENAME" {note}\nsleep {self.seconds:.2f}\n'
                f'date "+end ${{SLURM_ARRAY_TASK_ID:-x}} %s.%N $SLURM_JOB_ID ${{SLURM_RESTART_COUNT:-0}} '
                f'$SLURMD_NODENAME" {note}\nexit {self.code}')

    def arguments(self):
        # Jobs are known by their names: a slurmctld that was killed gives the numbers of jobs that it lost to others.
        words = ['-p', self.partition, '-J', self.name, '-o', '/dev/null', *self.options]
        if not any(word.startswith('--mem') for word in words):
            words.append('--mem=200')
        if '-t' not in words:
            words += ['-t', '20']
        if self.tasks:
            words.append(f'--array=0-{self.tasks - 1}{self.at_most()}')
        if self.after:
            words.append(f'--dependency={self.after[0]}:{self.after[1].id}')
        return words

    def at_most(self):
        return f'%{max(2, self.tasks // 2)}' if self.tasks % 3 == 0 else ''


class Plan:
    """Wishes one after the other, as many as one asks for."""

    KINDS = {'array': 30, 'h100': 10, 'mi300x': 10, 'any': 10, 'shards': 8, 'cores': 10, 'gang': 10, 'chain': 12,
             'failing': 4, 'cancelled': 7, 'held': 5, 'cloud': 5, 'left': 3, 'once': 4}

    def __init__(self, rng, cloud):
        self.rng, self.number = rng, 0
        self.kinds = {kind: weight for kind, weight in self.KINDS.items() if cloud or kind != 'cloud'}
        self.limited = 6  # jobs that run into their limit: each lasts a minute or more
        self.probes = 0

    def name(self, kind):
        self.number += 1
        return f'{kind}{self.number}'

    def seconds(self):
        return self.rng.choice((0.2, 0.5, 1.0, 1.5, 3.0))

    def gres(self):
        rng = self.rng
        return rng.choice((f'--gres=gpu:h100:{rng.choice((1, 1, 2, 4, 8))}', f'--gres=gpu:{rng.choice((1, 1, 2, 4))}',
                           f'--gres=gpu:mi300x:{rng.choice((1, 1, 2, 4, 8))}', f'--gres=shard:{rng.randint(1, 8)}'))

    def good(self, kind, *options, tasks=None):
        return Wish(self.name(kind), kind, options, ('COMPLETED',), self.seconds(), tasks=tasks,
                    user=self.rng.choice(USERS))

    def next(self):
        """The next one, or several that depend on each other, in their order."""
        if self.limited and self.number % 7 == 3:
            self.limited -= 1
            return [Wish(self.name('limit'), 'limit', ['-t', '1', self.gres()], ('TIMEOUT',), NEVER_ENDS)]
        kind = self.rng.choices(list(self.kinds), list(self.kinds.values()))[0]
        made = getattr(self, f'make_{kind}')()
        return made if isinstance(made, list) else [made]

    def make_array(self):
        options = [self.gres()] if self.rng.random() < 0.7 else ['-c', str(self.rng.randint(1, 4))]
        return self.good('array', *options, tasks=self.rng.randint(2, 24))

    def make_h100(self):
        return self.good('h100', f'--gres=gpu:h100:{self.rng.choice((1, 2, 3, 4, 8))}')

    def make_mi300x(self):
        return self.good('mi300x', f'--gres=gpu:mi300x:{self.rng.choice((1, 2, 3, 4, 8))}',
                         '-c', str(self.rng.randint(1, 6)))

    def make_any(self):
        return self.good('any', f'--gres=gpu:{self.rng.choice((1, 2, 4))}')

    def make_shards(self):
        return self.good('shards', f'--gres=shard:{self.rng.randint(1, 8)}')

    def make_cores(self):
        return self.good('cores', '-c', str(self.rng.choice((1, 2, 8, 16, 32))))

    def make_gang(self):
        model = self.rng.choice(('h100:', 'mi300x:', ''))
        return self.good('gang', '-N', str(self.rng.randint(2, 4)),
                         f'--gres=gpu:{model}{self.rng.choice((1, 2, 4, 8))}')

    def make_failing(self):
        wish = self.good('failing', self.gres())
        wish.code, wish.ends = 3, {'FAILED'}
        return wish

    def make_chain(self):
        """One that ends well or not, and one that waits for it; sometimes a third for the second."""
        first = self.good('first', self.gres()) if self.rng.random() < 0.6 else self.make_failing()
        made = [first]
        for _ in range(self.rng.choice((1, 1, 2))):
            word = self.rng.choice(('afterok', 'afternotok', 'afterany'))
            before = made[-1]
            wish = self.good('after', self.gres())
            wish.after = (word, before)
            runs = word == 'afterany' or before.ends != {'PENDING'} and \
                (word == 'afterok') == (before.ends == {'COMPLETED'})
            if before.ends == {'CANCELLED'}:  # it never ran, which counts as not well
                runs = word != 'afterok'
            if before.ends == {'PENDING'}:
                break
            if not runs:
                kill = self.rng.random() < 0.5
                wish.options.append(f'--kill-on-invalid-dep={"yes" if kill else "no"}')
                wish.ends = {'CANCELLED'} if kill else {'PENDING'}
            made.append(wish)
        return made

    def make_cancelled(self):
        wish = Wish(self.name('cancelled'), 'cancelled', [self.gres()], ('CANCELLED',), NEVER_ENDS,
                    tasks=self.rng.choice((None, None, 3)), user=self.rng.choice(USERS))
        wish.deed = 'scancel' if wish.tasks or self.rng.random() < 0.5 else 'cancel'
        wish.deed_after = self.rng.uniform(0, 15)
        return wish

    def make_held(self):
        wish = self.good('held', '-H', self.gres())
        if self.rng.random() < 0.75:
            wish.deed, wish.deed_after = 'release', self.rng.uniform(1, 20)
        else:
            wish.ends = {'PENDING'}
        return wish

    def make_cloud(self):
        return self.good('cloud', f'--gres=gpu:h100:{self.rng.choice((1, 2, 4))}', '-C', 'spot')

    def make_left(self):
        """One that the core cannot decide about, and leaves to plain Slurm."""
        return self.good('left', '-C', 'nvidia|amd', '-c', str(self.rng.randint(1, 4)))

    def make_once(self):
        """One that must not be put back into the queue."""
        wish = self.good('once', '--no-requeue', self.gres())
        return wish

    def probe(self, *options):
        self.probes += 1
        return Wish(f'probe{self.probes}', 'probe', ['-t', '2', '--mem=10', *options], ('COMPLETED',))


def fields(line):
    """What one line of scontrol -o tells, by name."""
    return dict(word.split('=', 1) for word in line.split(' ') if '=' in word)


def tasks_of(text):
    """The numbers of "0-3,7%2"."""
    found = []
    for piece in text.split('%')[0].split(','):
        first, _, last = piece.partition('-')
        found += range(int(first), int(last or first) + 1)
    return found


def read_records(text):
    """scontrol -o show job as (name, task or None) to its records."""
    records = collections.defaultdict(list)
    for line in text.splitlines():
        facts = fields(line)
        if 'JobId' not in facts:
            continue
        record = Record(facts['JobId'], facts['JobState'], facts['Reason'], int(facts['Restarts']),
                        facts['StartTime'], facts['EndTime'], facts['ExitCode'],
                        'AdminComment=whaleflux:j' in line, facts.get('AdminComment', ''), facts.get('BatchHost', ''))
        tasks = facts.get('ArrayTaskId', '').replace(NO_TASK, '')
        for task in tasks_of(tasks) if tasks else [None]:
            records[(facts['JobName'], task)].append(record)
    return records


def read_runs(path):
    """What the runs of a wish have noted: task to its runs, in the order of their starts."""
    runs = collections.defaultdict(list)
    for line in path.read_text().splitlines() if path.exists() else []:
        words = line.split()
        if len(words) != 6:
            continue
        task = None if words[1] == 'x' else int(words[1])
        if words[0] == 'start':
            runs[task].append(Run(float(words[2]), None, words[3], words[4], words[5]))
            continue
        for at in range(len(runs[task]) - 1, -1, -1):
            run = runs[task][at]
            if run.end is None and run[2:] == tuple(words[3:]):
                runs[task][at] = run._replace(end=float(words[2]))
                break
    return runs


def nodes_of(text):
    """h[1-3,5] and m1 as a list of names."""
    names = []
    for prefix, ranges, plain in re.findall(r'([^,\[\]]+)\[([^\]]+)\]|([^,\[\]]+)', text):
        if plain:
            names.append(plain)
        else:
            names += [f'{prefix}{number}' for number in tasks_of(ranges)]
    return names
