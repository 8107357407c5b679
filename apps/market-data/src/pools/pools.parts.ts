import { PoolsHandler } from './pools.handler.js';

export const poolsParts = { controllers: [PoolsHandler], providers: [] };
