import type { INestApplication } from '@nestjs/common';
import { TokenVerifier } from '@mystocks/identity';
import type { AccessLog } from '@mystocks/telemetry';
import { OpenApiDocuments } from './docs/openapi.js';
import type { Edge } from './http/edge.js';
import { HotPath } from './http/hot-path.js';
import { NearAnswers } from './reads/near-answers.js';

/** Last touches before the port opens: the documents, and the hot path, which needs what Nest made. */
export function openGateway(app: INestApplication, edge: Edge, accessLog: AccessLog): void {
  app.get(OpenApiDocuments).build(app);
  const verifier = app.get(TokenVerifier);
  edge.open(new HotPath({ verifier, near: app.get(NearAnswers), accessLog }), verifier);
}
