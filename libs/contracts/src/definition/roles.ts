/** Every role there is. */
export const roles = ['admin', 'operator', 'analyst', 'user', 'guest', 'auditor', 'feed'] as const;

export type Role = (typeof roles)[number];

/** The roles that may read market data; `auditor` reads the audit log and nothing else. */
export const readers: readonly Role[] = ['admin', 'operator', 'analyst', 'user', 'guest', 'feed'];
/** Who may write bars and instruments. */
export const loaders: readonly Role[] = ['admin', 'operator', 'feed'];
/** Who may post live quotes. */
export const feeders: readonly Role[] = ['admin', 'feed'];
export const operators: readonly Role[] = ['admin', 'operator'];
