import { IsListOf, IsMatching, IsSymbolAlias } from '@mystocks/validation';

const ROOM = /^[A-Za-z0-9_.:-]{1,64}$/;
const FIELD = /^[a-z_]{1,30}$/;

export class RoomRequest {
  @IsMatching(ROOM, '1 to 64 letters, digits or _.:-') readonly room!: string;
}

export class StreamRequest {
  @IsSymbolAlias() readonly symbol!: string;
  @IsListOf({ name: 'field names', test: (name) => typeof name === 'string' && FIELD.test(name) }, 20, {
    optional: true,
  })
  readonly fields?: string[];
}
