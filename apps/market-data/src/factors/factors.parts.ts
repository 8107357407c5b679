import { FactorsHandler } from './factors.handler.js';
import { FactorsIngestService } from './factors-ingest.service.js';
import { FactorsRepository } from './factors.repository.js';

export const factorsParts = {
  controllers: [FactorsHandler],
  providers: [FactorsIngestService, FactorsRepository],
};
