import { Users1764000000000 } from './1764000000000-users.js';
import { LoginAddresses1764200000000 } from './1764200000000-login-addresses.js';

/** In the order they are applied. */
export const migrations = [Users1764000000000, LoginAddresses1764200000000];
