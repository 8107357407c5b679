export { runService, type HttpDoor, type RunningService, type ServiceDefinition } from './run-service.js';
