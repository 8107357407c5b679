export {
  FernetKey,
  InvalidToken,
  newFernetKey,
  type OpenedToken,
  type OpenOptions,
  type SealOptions,
} from './fernet.js';
export { KeyRing, openSecret } from './key-ring.js';
export { Secret } from './secret.js';
