import { BarsIngestRepository } from './bars-ingest.repository.js';
import { BarsIngestService } from './bars-ingest.service.js';
import { IngestHandler } from './ingest.handler.js';
import { InstrumentsIngestRepository } from './instruments-ingest.repository.js';
import { InstrumentsIngestService } from './instruments-ingest.service.js';

export const ingestParts = {
  controllers: [IngestHandler],
  providers: [BarsIngestService, BarsIngestRepository, InstrumentsIngestService, InstrumentsIngestRepository],
};
