import { Controller, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Failure, openUpload } from '@mystocks/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Operates } from '../docs/operation.js';
import { factsOf } from '../http/facts.js';
import { idempotencyKeyOf } from '../http/idempotency-key.js';
import { fromQuery, MultipartBody } from '../http/input.js';
import { namedCharset } from '../files/charset.js';
import { checkLength, textOf } from './file-text.js';
import { sendOperation } from './operation-document.js';
import { StagingService } from './staging.service.js';
import { openForm } from './upload-form.js';
import { UploadBody, UploadQuery } from './uploads.shapes.js';

@ApiTags('uploads')
@Controller('api/v2/uploads')
export class UploadsController {
  constructor(private readonly staging: StagingService) {}

  @Post()
  @Operates(openUpload, {
    summary: 'Store a file: CSV or NDJSON, plain or in gzip',
    query: UploadQuery,
    body: UploadBody,
    consumes: ['multipart/form-data'],
    once: true,
    answers: { 202: 'The file is here and waits to be stored: the operation that does it' },
  })
  async upload(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<FastifyReply> {
    const { body, headers } = request;
    if (!(body instanceof MultipartBody)) {
      throw new Failure('unsupported_media', 'This needs a form: Content-Type multipart/form-data with a part file');
    }
    checkLength(headers['content-length']);
    const { idempotency_key: key } = idempotencyKeyOf(request);
    const form = await openForm(body, headers['content-type'] ?? '');
    try {
      const { charset, format, ...options } = fromQuery(UploadQuery, request, form.fields);
      const text = await textOf(form.file, namedCharset(charset));
      const end = (): Promise<void> => form.end();
      const operation = await this.staging.stage({
        text,
        options: { ...options, ...(format === undefined ? {} : { dialect: format }) },
        fileName: form.file.name,
        key,
        end,
      });
      return await sendOperation(reply, 202, operation, factsOf(request));
    } finally {
      form.leave();
    }
  }
}
