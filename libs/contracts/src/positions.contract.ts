import { defineCall } from './define.js';
import { IsPosition } from './position.js';

export class PositionRequest {}

export class LogPosition {
  @IsPosition() readonly lsn!: string;
}

/**
 * Where the log of the primary database server ends now: every write that was announced before lies before it. Whoever
 * takes positions from events asks, to find false ones.
 */
export const getPosition = defineCall({
  subject: 'svc.market-data.position.get.v1',
  request: PositionRequest,
  response: LogPosition,
  timeoutMs: 1_000,
  effect: 'read',
  allow: 'anyone',
});
