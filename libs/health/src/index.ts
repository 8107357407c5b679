export { HealthModule } from './health.module.js';
export { Readiness, type Check } from './readiness.js';
