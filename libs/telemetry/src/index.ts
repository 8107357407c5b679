export { AccessLog, type Access } from './access-log.js';
export {
  currentContext,
  inBackground,
  newContext,
  readingAfter,
  requestIdFrom,
  traceIdOf,
  traceparentFrom,
  withContext,
  type RequestContext,
} from './context.js';
export { type CounterCell, type HistogramCell } from './fast-metrics.js';
export { log, nestLogger, openLog, type Logger, type LogLevel } from './logger.js';
export { metrics } from './metrics.js';
