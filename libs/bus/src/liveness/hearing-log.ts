import type { Logger } from '@mystocks/telemetry';
import type { Hearing } from './hearing.js';

/** One line whenever a service that matters here falls silent or is back, and whenever this process goes deaf or hears. */
export function logHearing(hearing: Hearing, log: Logger): void {
  hearing.onAnySilence((service, silent) => {
    if (silent) log.warn({ silent: service }, 'a service is silent: it is done without where that is possible');
    else log.info({ silent: service }, 'a service that was silent is heard again');
  });
  hearing.onDeafness((deaf) => {
    if (deaf) log.warn('the bus is connected but carries nothing: not even our own beat comes back');
    else log.info('the bus carries messages again');
  });
}
