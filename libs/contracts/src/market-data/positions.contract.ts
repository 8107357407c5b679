import { defineCall } from '../definition/define.js';
import { IsPosition } from '../definition/position.js';

export class PositionRequest {}

export class LogPosition {
  @IsPosition() readonly lsn!: string;
}

/**
 * Where the log of the primary database server ends now: every write whose event was published before lies before it. A
 * service that takes positions from events calls this to find false ones.
 */
export const getPosition = defineCall({
  subject: 'svc.market-data.position.get.v1',
  request: PositionRequest,
  response: LogPosition,
  timeoutMs: 1_000,
  effect: 'read',
  allow: 'anyone',
});
