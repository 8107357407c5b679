import { Controller } from '@nestjs/common';
import { Handles } from '@mystocks/bus';
import { poolStates } from '@mystocks/connection-pool';
import { listCachePools, type PoolList } from '@mystocks/contracts';

@Controller()
export class PoolsHandler {
  @Handles(listCachePools)
  list(): Promise<PoolList> {
    return Promise.resolve({ pools: poolStates() });
  }
}
