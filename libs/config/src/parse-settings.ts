import { readFileSync } from 'node:fs';
import { KeyRing, openSecret } from '@mystocks/secrets';
import { check, fieldNames, InvalidInput, type ShapeClass } from '@mystocks/validation';

/** Environment of a process: names to text. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The settings are not usable. Its message names them and never shows a value. */
export class BadSettings extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`bad or missing settings:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.name = 'BadSettings';
  }
}

/**
 * Parses the settings of one app from its environment. `X_FILE` names a file that holds `X` and beats `X`; a value
 * `enc:fernet:<kid>:<token>` is opened with the key ring in MASTER_KEY_FILE. Names the class does not know are ignored:
 * an environment is full of them.
 * @throws {BadSettings} with every wrong name
 */
export function parseSettings<T extends object>(shape: ShapeClass<T>, environment: Environment): T {
  const problems: string[] = [];
  const ring = readRing(environment, problems);
  const raw: Record<string, string> = {};
  for (const name of fieldNames(shape)) {
    const text = readText(name, environment, problems);
    if (text === undefined || text === '') continue;
    raw[name] = text.startsWith('enc:') ? open(name, text, ring, problems) : text;
  }
  try {
    const settings = check(shape, raw, { from: 'text', unknown: 'drop' });
    if (problems.length > 0) throw new BadSettings(problems);
    return settings;
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    throw new BadSettings([
      ...problems,
      ...error.violations.map(({ pointer, message }) => `${pointer.slice(1)} ${message}`),
    ]);
  }
}

/** {@link parseSettings} on the process's own environment; a bad one ends the process with code 78 (EX_CONFIG). */
export function loadSettings<T extends object>(shape: ShapeClass<T>): T {
  try {
    return parseSettings(shape, process.env);
  } catch (error) {
    if (!(error instanceof BadSettings)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(78);
  }
}

function readText(name: string, environment: Environment, problems: string[]): string | undefined {
  const file = environment[`${name}_FILE`];
  if (file === undefined || file === '') return environment[name];
  try {
    return readFileSync(file, 'utf8').trimEnd();
  } catch (error) {
    problems.push(`${name}_FILE cannot be read (${(error as NodeJS.ErrnoException).code ?? 'error'})`);
    return undefined;
  }
}

function readRing(environment: Environment, problems: string[]): KeyRing | undefined {
  const text = readText('MASTER_KEY', environment, problems);
  if (text === undefined) return undefined;
  try {
    return KeyRing.parse(text);
  } catch (error) {
    problems.push(`MASTER_KEY cannot be used: ${error instanceof Error ? error.message : 'unknown reason'}`);
    return undefined;
  }
}

function open(name: string, sealed: string, ring: KeyRing | undefined, problems: string[]): string {
  if (ring === undefined) {
    problems.push(`${name} is sealed, but MASTER_KEY_FILE names no key ring`);
    return '';
  }
  try {
    return openSecret(sealed, ring).reveal();
  } catch (error) {
    problems.push(`${name} cannot be opened: ${error instanceof Error ? error.message : 'unknown reason'}`);
    return '';
  }
}
