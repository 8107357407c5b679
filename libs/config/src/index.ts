export { BadSettings, loadSettings, parseSettings, type Environment } from './parse-settings.js';
export { MigrationSettings, PostgresSettings } from './postgres-settings.js';
export { IsSecret } from './secret-field.js';
export { IsSecretUrl, IsSecretUrls } from './server-url.js';
export { ServiceSettings } from './service-settings.js';
export { Secret } from '@mystocks/secrets';
