import { IsListOf, IsMatching, IsSymbolAlias, SYMBOL_ALIAS } from '@mystocks/validation';

/** Rooms are those of instruments, as the original names them: `market_600519`. */
const ROOM_START = 'market_';
const ROOM = new RegExp(`^${ROOM_START}${SYMBOL_ALIAS.source.slice(1)}`, 'i');
const FIELD = /^[a-z_]{1,30}$/;

export class RoomRequest {
  @IsMatching(ROOM, 'market_ and a symbol, such as market_600519.SH') readonly room!: string;
}

/** The spelling of the symbol in the name of a room. */
export const symbolOfRoom = (room: string): string => room.slice(ROOM_START.length);

export class StreamRequest {
  @IsSymbolAlias() readonly symbol!: string;
  @IsListOf({ name: 'field names', test: (name) => typeof name === 'string' && FIELD.test(name) }, 20, {
    optional: true,
  })
  readonly fields?: string[];
}
