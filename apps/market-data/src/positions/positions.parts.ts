import { PositionsHandler } from './positions.handler.js';

export const positionsParts = { controllers: [PositionsHandler], providers: [] };
