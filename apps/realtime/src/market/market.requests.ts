import { Failure } from '@mystocks/contracts';
import { check, IsCount, IsListOf, IsText } from '@mystocks/validation';
import { membersOf } from '../channels/snapshot.js';
import { limits } from '../sessions/limits.js';

const isShortText = (value: unknown): boolean => typeof value === 'string' && value.length >= 1 && value.length <= 64;
const channelNames = { name: 'channel names such as quote.600519.SH', test: isShortText };

class SubscribeFields {
  @IsListOf(channelNames, limits.channels_max) readonly channels!: string[];
  @IsText(1, 20, { optional: true }) readonly mode?: string;
}

/** Where a client stopped in a channel. */
class RecoveryPoint {
  @IsText(1, 20) readonly epoch!: string;
  @IsCount(0, Number.MAX_SAFE_INTEGER) readonly offset!: number;
}

export interface SubscribeRequest {
  readonly channels: readonly string[];
  readonly mode: string | undefined;
  readonly recover: ReadonlyMap<string, RecoveryPoint>;
}

export class UnsubscribeRequest {
  @IsListOf(channelNames, limits.channels_max) readonly channels!: string[];
}

export class RefreshRequest {
  @IsText(1, 4_096) readonly token!: string;
}

/**
 * Reads a `subscribe` message.
 * @throws {InvalidInput} naming what is wrong
 */
export function readSubscribe(raw: unknown): SubscribeRequest {
  const { recover, ...rest } = membersOf(raw);
  const { channels, mode } = check(SubscribeFields, typeof raw === 'object' && raw !== null ? rest : raw);
  return { channels: [...new Set(channels)], mode, recover: readRecovery(recover) };
}

function readRecovery(raw: unknown): ReadonlyMap<string, RecoveryPoint> {
  if (raw === undefined || raw === null) return new Map();
  const entries = Object.entries(membersOf(raw));
  if (typeof raw !== 'object' || Array.isArray(raw) || entries.length > limits.channels_max) {
    throw new Failure('invalid', '/recover must be an object {channel: {epoch, offset}}');
  }
  return new Map(entries.map(([channel, point]) => [channel, check(RecoveryPoint, point)]));
}
