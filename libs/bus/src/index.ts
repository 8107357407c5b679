export { BusServer, type BusServerOptions } from './bus-server.js';
export { Bus, type CallOptions, type Subscribed } from './bus.js';
export { BusModule } from './bus.module.js';
export { Handles, type HandlerOf } from './calls/handles.js';
export type { SubscribeOptions } from './events/events.js';
export { CHECK_MS, Liveness } from './liveness/liveness.js';
export type { BusOptions } from './wire/connection.js';
