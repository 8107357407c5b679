import { Controller } from '@nestjs/common';
import { Handles } from '@mystocks/bus';
import { poolStates } from '@mystocks/connection-pool';
import { listAuthPools, type PoolList } from '@mystocks/contracts';

@Controller()
export class PoolsHandler {
  @Handles(listAuthPools)
  list(): Promise<PoolList> {
    return Promise.resolve({ pools: poolStates() });
  }
}
