import { Controller } from '@nestjs/common';
import { Handles } from '@mystocks/bus';
import { PostgresPool } from '@mystocks/connection-pool';
import { getPosition, type LogPosition } from '@mystocks/contracts';

@Controller()
export class PositionsHandler {
  constructor(private readonly pool: PostgresPool) {}

  @Handles(getPosition)
  async get(): Promise<LogPosition> {
    return { lsn: await this.pool.position() };
  }
}
