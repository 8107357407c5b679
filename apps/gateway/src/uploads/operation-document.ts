import { Failure, problems, type Operation, type ProblemName } from '@mystocks/contracts';
import { problemDocument } from '@mystocks/edge';
import type { FastifyReply } from 'fastify';
import type { Facts } from '../http/facts.js';
import { problemOf } from '../http/problem.js';
import { remarksDocument } from '../files/remarks-document.js';

const operationPath = (id: string): string => `/api/v2/operations/${id}`;

export const unfinished = ({ status }: Pick<Operation, 'status'>): boolean =>
  status === 'queued' || status === 'running';

/** An operation as clients see it. */
function operationDocument(operation: Operation, facts: Facts): Record<string, unknown> {
  const { id, kind, status, on_error, cancelling, created_at, progress } = operation;
  return {
    id,
    kind,
    status,
    on_error,
    file_name: operation.file_name ?? null,
    created_at,
    started_at: operation.started_at ?? null,
    ended_at: operation.ended_at ?? null,
    cancelling,
    progress,
    result: resultOf(operation),
    problem: problemOfOperation(operation, facts),
  };
}

/** Sends it, with where it can be asked for again and when that makes sense. */
export function sendOperation(reply: FastifyReply, status: number, operation: Operation, facts: Facts): FastifyReply {
  if (status === 202) void reply.header('location', operationPath(operation.id));
  if (unfinished(operation)) void reply.header('retry-after', '1');
  if (operation.replayed === true) void reply.header('idempotency-replayed', 'true');
  if (operation.result?.lsn !== undefined) void reply.header('x-read-after', operation.result.lsn);
  return reply.code(status).send(operationDocument(operation, facts));
}

function resultOf({ id, result }: Operation): Record<string, unknown> | null {
  if (result === undefined) return null;
  const { summary, ignored_columns, registered, encoding, report_lines: lines, report_truncated: truncated } = result;
  const report = lines === 0 ? null : { href: `${operationPath(id)}/report`, lines, truncated };
  return { summary, ignored_columns, registered, ...remarksDocument(result), encoding: encoding ?? null, report };
}

function problemOfOperation({ id, problem }: Operation, facts: Facts): Record<string, unknown> | null {
  if (problem === undefined) return null;
  const named = problem.problem !== undefined && Object.hasOwn(problems, problem.problem);
  const details = named ? { problem: problem.problem as ProblemName } : {};
  return problemDocument(
    problemOf(new Failure(problem.code, problem.message, details)),
    facts.context,
    operationPath(id),
  );
}
