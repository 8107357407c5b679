import type { FastifyInstance, RouteOptions } from 'fastify';

interface Route {
  readonly method: string;
  readonly template: string;
  readonly pattern: RegExp;
}

const tables = new WeakMap<object, Route[]>();

/** Records every route of the server, to distinguish 405 from 404 and to compare documents with what is served. */
export function keepRouteTable(server: FastifyInstance): void {
  const routes: Route[] = [];
  tables.set(server.server, routes);
  server.addHook('onRoute', ({ method, url }: RouteOptions) => {
    const escaped = url.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll(/:[A-Za-z_]+/g, '[^/]+');
    for (const one of [method].flat()) routes.push({ method: one, template: url, pattern: new RegExp(`^${escaped}$`) });
  });
}

/** Methods that `path` does have, as `Allow` wants them; empty when there is no such path. */
export function allowedMethods(server: FastifyInstance, path: string): string {
  const methods = routesOf(server).filter(({ pattern }) => pattern.test(path));
  return [...new Set(methods.map(({ method }) => method))].join(', ');
}

export function routesOf(server: FastifyInstance): readonly Route[] {
  return tables.get(server.server) ?? [];
}
