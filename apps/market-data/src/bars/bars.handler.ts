import { Handles } from '@mystocks/bus';
import {
  listBars,
  listManyBars,
  newestBars,
  type Answer,
  type ListBarsRequest,
  type ListManyBarsRequest,
  type NewestBars,
  type NewestBarsRequest,
} from '@mystocks/contracts';
import { Controller } from '@nestjs/common';
import { BarsService } from './bars.service.js';
import { NewestBarsService } from './newest-bars.service.js';

@Controller()
export class BarsHandler {
  constructor(
    private readonly bars: BarsService,
    private readonly newestBars: NewestBarsService,
  ) {}

  @Handles(listBars)
  list(request: ListBarsRequest): Promise<Answer> {
    return this.bars.list(request);
  }

  @Handles(listManyBars)
  listMany(request: ListManyBarsRequest): Promise<Answer> {
    return this.bars.listMany(request);
  }

  @Handles(newestBars)
  newest(request: NewestBarsRequest): Promise<NewestBars> {
    return this.newestBars.read(request);
  }
}
