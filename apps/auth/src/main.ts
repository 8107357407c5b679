import 'reflect-metadata';
import { loadSettings } from '@mystocks/config';
import { PostgresPool } from '@mystocks/connection-pool';
import { runService } from '@mystocks/service';
import { AuthModule } from './auth.module.js';
import { AuthSettings } from './auth.settings.js';

await runService({
  name: 'auth',
  settings: loadSettings(AuthSettings),
  module: (settings) => AuthModule.forRoot(settings),
  checks: (app) => [app.get(PostgresPool).check()],
});
