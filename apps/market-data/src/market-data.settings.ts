import { PostgresSettings } from '@mystocks/config';
import { IsOneOf } from '@mystocks/validation';

export class MarketDataSettings extends PostgresSettings {
  /** Where bars and quotes are stored. `tdengine` also needs TDENGINE_URL. Instruments are always in PostgreSQL. */
  @IsOneOf(['postgres', 'tdengine']) readonly TIMESERIES_STORE: string = 'postgres';
}
