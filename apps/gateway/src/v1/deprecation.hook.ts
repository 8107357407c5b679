import { metrics } from '@mystocks/telemetry';
import type { FastifyInstance } from 'fastify';
import { versionOf } from '../http/meter.js';
import { deprecationHeaders } from './deprecation.js';

/** Marks and counts every request to a deprecated route, whatever becomes of it. */
export function addDeprecationHook(server: FastifyInstance): void {
  server.addHook('onRequest', (request, reply, done) => {
    const { url } = request.routeOptions;
    if (url !== undefined && versionOf(url) === 'v1') {
      void reply.headers(deprecationHeaders(url));
      metrics.deprecatedRequests.cell(url, 'v1').count += 1;
    }
    done();
  });
}
