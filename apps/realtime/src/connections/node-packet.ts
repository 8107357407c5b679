import { membersOf } from '../channels/snapshot.js';

/**
 * Packets between instances, as JSON. The adapter's own reader throws on a packet that is not valid, which would end the
 * process; here such a packet becomes an empty one, which the adapter ignores.
 */
export function readPacket(bytes: Buffer): unknown {
  const parsed = parse(bytes.toString('utf8'));
  if (!Array.isArray(parsed)) return membersOf(parsed);
  const [uid, packet, options] = parsed as unknown[];
  const { rooms, except } = membersOf(options);
  const whole = typeof uid === 'string' && Array.isArray(rooms) && Array.isArray(except);
  return whole && Object.keys(membersOf(packet)).length > 0 ? parsed : [];
}

export function writePacket(packet: unknown): Buffer {
  return Buffer.from(JSON.stringify(packet), 'utf8');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
