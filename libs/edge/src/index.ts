export { addressGroup, isPublic } from './address-group.js';
export { continueBody, discardRest, isHeldBack, type BodyBudget } from './bodies.js';
export { keepUpgraded, noteUpgraded } from './connections.js';
export { securityHeaders } from './headers.js';
export { type PortLimits } from './limits.js';
export { openFilesMax } from './open-files.js';
export { problemDocument, refusalOf, type Problem } from './problem.js';
export { PublicPort } from './public-port.js';
export { refuseRequest, refuseSocket } from './refuse.js';
