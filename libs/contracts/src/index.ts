export * from './all-contracts.js';
export { Answer, cacheStates, qualities, type CacheState, type Quality } from './definition/answer.js';
export { calls, events, keptCalls } from './catalogue.js';
export {
  defineCall,
  defineEvent,
  ownerOf,
  type Call,
  type Event,
  type RequestOf,
  type ResponseOf,
} from './definition/define.js';
export {
  Failure,
  failureCodes,
  problems,
  type FailureCode,
  type FailureDetails,
  type FieldError,
  type ProblemName,
} from './definition/failure.js';
export * from './market-data/ingest.contract.js';
export { addRemarks, remarksOf, SUPERSEDED_LINES_MAX, WARNING_LINES_MAX } from './market-data/ingest-remarks.js';
export * from './market-data/market-data.words.js';
export { Quote, QuoteLevel } from './market-data/quote.js';
export { operators, readers, roles, type Role } from './definition/roles.js';
