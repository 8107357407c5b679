export { Bus, type CallOptions, type Subscribed } from './bus.js';
export { BusModule } from './bus.module.js';
export { BusServer, type BusServerOptions } from './bus-server.js';
export type { BusOptions } from './connection.js';
export { Handles, type HandlerOf } from './handles.js';
export { watchOf, type SubscribeOptions } from './news.js';
export { Pulse, TICK_MS, type Watch } from './pulse.js';
