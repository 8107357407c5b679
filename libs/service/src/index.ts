export { CoreModule } from './core.module.js';
export { runService, type HttpAdapterOptions, type RunningService, type ServiceDefinition } from './run-service.js';
export { poolsHandler } from './pools-handler.js';
