import { ServiceSettings } from '@mystocks/config';
import { IsCount, IsText } from '@mystocks/validation';

export class GatewaySettings extends ServiceSettings {
  @IsText(1, 255) readonly GATEWAY_HOST: string = '127.0.0.1';
  @IsCount(0, 65_535) readonly GATEWAY_PORT: number = 3_000;
}
