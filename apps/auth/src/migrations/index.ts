import { Users1764000000000 } from './1764000000000-users.js';

/** In the order they are applied. */
export const migrations = [Users1764000000000];
