import type { INestApplication } from '@nestjs/common';
import { TokenVerifier } from '@mystocks/identity';
import type { AccessLog } from '@mystocks/telemetry';
import { OpenApiDocuments } from '../docs/openapi.js';
import type { Edge } from './edge.js';
import { HotPath } from './hot-path.js';
import { NearAnswers } from '../reads/near-answers.js';

/** Builds the OpenAPI documents and the hot path from the providers of Nest, before the port opens. */
export function openGateway(app: INestApplication, edge: Edge, accessLog: AccessLog): void {
  app.get(OpenApiDocuments).build(app);
  const verifier = app.get(TokenVerifier);
  edge.open(new HotPath({ verifier, near: app.get(NearAnswers), accessLog }), verifier);
}
