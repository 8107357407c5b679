import { Module } from '@nestjs/common';
import { DocsController } from './docs.controller.js';
import { OpenApiDocuments } from './openapi.js';
import { PageController } from './page.controller.js';

/** The OpenAPI documents and the page that shows them. */
@Module({ controllers: [DocsController, PageController], providers: [OpenApiDocuments] })
export class DocsModule {}
