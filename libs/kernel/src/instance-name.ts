import { hostname } from 'node:os';

/** The name of this process as operators see it, `host:pid`. */
export const instanceName = `${hostname()}:${String(process.pid)}`;
