import { setTimeout as pause } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Bus } from '@mystocks/bus';
import { Failure, getOperation, readReport, remarksOf, type IngestReport, type Operation } from '@mystocks/contracts';
import { systemClock } from '@mystocks/kernel';
import { currentContext } from '@mystocks/telemetry';
import { BatchTally, ITEMS_MAX } from '../files/tally.js';
import { unfinished } from './operation-document.js';
import { StagingService, type StagedFile } from './staging.service.js';

const WAIT_MAX_MS = 25_000;
/** What is left of the caller's own deadline for the answer. */
const MARGIN_MS = 500;
const [LOOK_AFTER_MS, LOOK_AT_LEAST_EVERY_MS] = [20, 500];

/** A line stream with `on_error=abort`: staged like a file, stored whole or not at all, answered like a batch. */
@Injectable()
export class WholeStreamService {
  constructor(
    private readonly staging: StagingService,
    private readonly bus: Bus,
  ) {}

  /**
   * What became of the stream; the operation itself when it takes longer than a request may wait.
   * @throws {Failure} what is wrong with the stream as a whole
   */
  async store(file: StagedFile): Promise<BatchTally | Operation> {
    const operation = await this.#ended(await this.staging.stage(file));
    if (unfinished(operation)) return operation;
    const { problem, result } = operation;
    if (result === undefined || operation.status === 'cancelled') {
      throw new Failure('conflict', 'It was cancelled; nothing was stored');
    }
    if (problem !== undefined && problem.code !== 'unprocessable') throw new Failure(problem.code, problem.message);
    const tally = new BatchTally();
    const firstLine = file.text.format === 'csv' ? 2 : 1;
    const items = result.report_lines === 0 ? [] : await this.#refused(operation.id);
    tally.add(reportOf(operation, result, items), { firstIndex: 0, firstLine, keepAll: false });
    tally.encoding = result.encoding;
    return tally;
  }

  async #ended(started: Operation): Promise<Operation> {
    const untilMs = Math.min(
      systemClock.now() + WAIT_MAX_MS,
      (currentContext()?.deadlineMs ?? Number.POSITIVE_INFINITY) - MARGIN_MS,
    );
    let operation = started;
    for (let waitMs = LOOK_AFTER_MS; unfinished(operation); waitMs = Math.min(2 * waitMs, LOOK_AT_LEAST_EVERY_MS)) {
      if (systemClock.now() + waitMs > untilMs) break;
      await pause(waitMs);
      operation = { ...(await this.bus.call(getOperation, { id: operation.id })), replayed: started.replayed === true };
    }
    return operation;
  }

  async #refused(id: string): Promise<IngestReport['items']> {
    return (await this.bus.call(readReport, { id, after_line: 0, limit: ITEMS_MAX })).lines;
  }
}

function reportOf(
  { started_at, ended_at, replayed }: Operation,
  result: NonNullable<Operation['result']>,
  items: IngestReport['items'],
): IngestReport {
  const { summary, ignored_columns, registered, lsn } = result;
  const { total, failed, inserted, updated, unchanged } = summary;
  return {
    ...{ total, failed, inserted, updated, unchanged, items, ignored_columns, registered },
    ...remarksOf(result),
    took_ms: Math.max(0, Date.parse(ended_at ?? '') - Date.parse(started_at ?? '')) || 0,
    replayed: replayed === true,
    ...(lsn === undefined ? {} : { lsn }),
  };
}
