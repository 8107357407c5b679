import { availableParallelism } from 'node:os';
import { Module } from '@nestjs/common';
import { AuthSettings } from '../auth.settings.js';
import { HashProcesses } from './hash-processes.js';
import { PasswordHasher } from './password-hasher.js';
import { WorkQueue } from './work-queue.js';

// bcrypt takes 0.25 s of a processor: a flood has half of them, and one more is for addresses that do not flood.
const PROCESSORS = availableParallelism();
const atOnce = Math.max(1, Math.floor(PROCESSORS / 2));
const HASHING = { atOnce, atOnceForFresh: Math.min(PROCESSORS, atOnce + 1) };

/** Hashes passwords, in turns. */
@Module({
  providers: [
    { provide: HashProcesses, useFactory: () => new HashProcesses(HASHING.atOnceForFresh) },
    {
      provide: PasswordHasher,
      useFactory: ({ AUTH_PASSWORD_PEPPER: pepper, AUTH_BCRYPT_COST: cost }: AuthSettings, processes: HashProcesses) =>
        new PasswordHasher({ pepper, cost, processes }),
      inject: [AuthSettings, HashProcesses],
    },
    { provide: WorkQueue, useFactory: startQueue, inject: [PasswordHasher] },
  ],
  exports: [PasswordHasher, WorkQueue],
})
export class PasswordsModule {}

/** A queue that knows from the start how long a hash takes here. */
async function startQueue(hasher: PasswordHasher): Promise<WorkQueue> {
  const queue = new WorkQueue(HASHING);
  await queue.measure(() => hasher.fits('', undefined));
  return queue;
}
