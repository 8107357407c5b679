export * from './all-contracts.js';
export { Answer, cacheStates, qualities, type CacheState, type Quality } from './answer.js';
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
export * from './ingest.contract.js';
export { addRemarks, remarksOf, SUPERSEDED_LINES_MAX, WARNING_LINES_MAX } from './ingest-remarks.js';
export * from './market-data.words.js';
export { Quote, QuoteLevel } from './quote.js';
export { operators, readers, roles, type Role } from './roles.js';
