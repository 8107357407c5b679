export { authorize, type Caller } from './caller.js';
export { AUDIENCE, LIFETIME_MAX_S, TokenVerifier, type TokenVerifierOptions } from './token-verifier.js';
