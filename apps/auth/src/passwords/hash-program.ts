// The program of a hash process: `hash-processes.ts` starts it and sends it one job after the other.
import { constants, getPriority, setPriority } from 'node:os';
import bcrypt from 'bcrypt';
import type { HashAnswer, HashJob } from './hash-processes.js';

/**
 * Where processors are short a hash gets a third of what its service gets, and everything else on a host that does not
 * group processes (sched(7)). Not less: a busy machine must still let people log in.
 */
const NICENESS = 5;

setPriority(Math.min(constants.priority.PRIORITY_LOW, getPriority() + NICENESS));
// Its parent ends it by closing the channel: after a signal to all processes it still finishes what is under way.
process.on('SIGTERM', () => undefined).on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit(0));
process.on('message', (job: HashJob) => {
  process.send?.(answerTo(job));
});

function answerTo(job: HashJob): HashAnswer {
  try {
    const isHash = job.kind === 'hash';
    return { value: isHash ? bcrypt.hashSync(job.text, job.cost) : bcrypt.compareSync(job.text, job.stored) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : 'unknown reason' };
  }
}
