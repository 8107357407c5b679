import { AccessLog1764300000000 } from './1764300000000-access-log.js';

/** In the order they are applied. */
export const migrations = [AccessLog1764300000000];
