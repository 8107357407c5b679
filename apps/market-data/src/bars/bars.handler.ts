import { Handles } from '@mystocks/bus';
import {
  listBars,
  listManyBars,
  type Answer,
  type ListBarsRequest,
  type ListManyBarsRequest,
} from '@mystocks/contracts';
import { Controller } from '@nestjs/common';
import { BarsService } from './bars.service.js';

@Controller()
export class BarsHandler {
  constructor(private readonly bars: BarsService) {}

  @Handles(listBars)
  list(request: ListBarsRequest): Promise<Answer> {
    return this.bars.list(request);
  }

  @Handles(listManyBars)
  listMany(request: ListManyBarsRequest): Promise<Answer> {
    return this.bars.listMany(request);
  }
}
