export { BadSettings, loadSettings, parseSettings, type Environment } from './parse-settings.js';
export { IsSecret } from './secret-field.js';
export { ServiceSettings } from './service-settings.js';
export { Secret } from '@mystocks/secrets';
