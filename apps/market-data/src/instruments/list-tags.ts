import { INSTRUMENTS_TAG } from '@mystocks/contracts';
import type { Instrument } from './instruments.repository.js';
import { parseAlias } from './symbols.js';

/**
 * The tag of an answer that depends on the list of instruments: `found` lacks one, or a bare code names the only instrument
 * that has it so far.
 */
export function listTags(aliases: readonly string[], found: readonly (Instrument | undefined)[]): string[] {
  const isOfList = aliases.some((alias, index) => found[index] === undefined || isBareCode(alias));
  return isOfList ? [INSTRUMENTS_TAG] : [];
}

function isBareCode(alias: string): boolean {
  const parsed = parseAlias(alias);
  return parsed !== undefined && 'code' in parsed;
}
