export * from './accesses.contract.js';
export { Answer, cacheStates, qualities, type CacheState, type Quality } from './answer.js';
export * from './auth.contract.js';
export * from './cache.contract.js';
export { calls, events, keptCalls } from './catalogue.js';
export { defineCall, defineEvent, ownerOf, type Call, type Event, type RequestOf, type ResponseOf } from './define.js';
export {
  Failure,
  failureCodes,
  problems,
  type FailureCode,
  type FailureDetails,
  type FieldError,
  type ProblemName,
} from './failure.js';
export * from './bars.contract.js';
export * from './calendar.contract.js';
export * from './factors.contract.js';
export * from './ingest.contract.js';
export { addRemarks, remarksOf, SUPERSEDED_LINES_MAX, WARNING_LINES_MAX } from './ingest-remarks.js';
export * from './instruments.contract.js';
export * from './quotes.contract.js';
export * from './market-data.words.js';
export * from './pools.contract.js';
export * from './positions.contract.js';
export * from './publisher.contract.js';
export { Quote, QuoteLevel } from './quote.js';
export { operators, readers, roles, type Role } from './roles.js';
export * from './uploads.contract.js';
export * from './warm-up.contract.js';
