import { Injectable } from '@nestjs/common';
import { BarsFileService } from './bars-file.service.js';
import { FactorsFileService } from './factors-file.service.js';
import type { FileKind } from './file-kind.js';
import { SymbolsFileService } from './symbols-file.service.js';
import type { Upload } from './upload.js';

/** The kinds of files that can be uploaded. */
@Injectable()
export class FileKinds {
  constructor(
    private readonly bars: BarsFileService,
    private readonly symbols: SymbolsFileService,
    private readonly factors: FactorsFileService,
  ) {}

  of({ options }: Pick<Upload, 'options'>): FileKind {
    return this[options.kind];
  }
}
