import { randomBytes } from 'node:crypto';
import { tradingDays } from '@mystocks/calendar';
import { BAR_HEADER, barLine, type World } from '../../load/mixes.ts';
import { login } from '@mystocks/testing';
import { send, type LoadedSystem } from './loaded-system.ts';

const PEOPLE = 20;
const SYMBOLS = 1_000;
/** Symbols that have bars; with the days it makes more windows than any cache keeps. */
const STORED = 100;
const DAYS = 400;
const [FIRST_DAY, LAST_DAY] = ['2022-01-04', '2024-12-31'] as const;

/** Fills a system: accounts, instruments, bars. */
export async function furnish({ url, adminToken }: LoadedSystem): Promise<World> {
  const symbols = Array.from({ length: SYMBOLS }, (_, index) => `${String(600_000 + index)}.SH`);
  const days = tradingDays(FIRST_DAY, LAST_DAY).slice(0, DAYS);
  const listing = ['code,exchange,name', ...symbols.map((symbol) => `${symbol.slice(0, 6)},SSE,Load ${symbol}`), ''];
  await send(url, '/api/v2/batch/symbols', listing.join('\n'), adminToken);
  const lines = symbols.slice(0, STORED).flatMap((symbol) => days.map((day) => barLine(symbol, day, 10)));
  await send(url, '/api/v2/batch/bars', [BAR_HEADER, ...lines, ''].join('\n'), adminToken);
  const people = [];
  for (let index = 0; index < PEOPLE; index += 1) people.push(await register(url, `load-user-${String(index)}`));
  return { adminToken, people, symbols, stored: STORED, days };
}

async function register(url: string, username: string): Promise<World['people'][number]> {
  const who = { username, password: randomBytes(18).toString('base64url') };
  await send(url, '/api/v2/auth/register', who);
  return { ...who, token: await login(url, who) };
}
