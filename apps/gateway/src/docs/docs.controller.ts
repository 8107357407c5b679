import { Controller, Get } from '@nestjs/common';
import { ApiTags, type OpenAPIObject } from '@nestjs/swagger';
import { Public } from '../identity/policy.js';
import { OpenApiDocuments } from './openapi.js';

@ApiTags('documents')
@Controller('api')
export class DocsController {
  constructor(private readonly documents: OpenApiDocuments) {}

  @Get('v1/openapi.json')
  @Public()
  v1(): OpenAPIObject | undefined {
    return this.documents.of('v1');
  }

  @Get('v2/openapi.json')
  @Public()
  v2(): OpenAPIObject | undefined {
    return this.documents.of('v2');
  }
}
