import { Handles } from '@mystocks/bus';
import type { Call, ListPoolsRequest, PoolList, PoolState } from '@mystocks/contracts';
import { Controller, type Type } from '@nestjs/common';

/** A controller that answers `call` with the state of the pools of this process. */
export function poolsHandler(call: Call<ListPoolsRequest, PoolList>, states: () => PoolState[]): Type {
  @Controller()
  class PoolsHandler {
    @Handles(call)
    list(): Promise<PoolList> {
      return Promise.resolve({ pools: states() });
    }
  }
  return PoolsHandler;
}
