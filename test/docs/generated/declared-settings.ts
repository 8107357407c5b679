import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describeShape, fieldNames, type ShapeClass } from '@mystocks/validation';

export const root = resolve(import.meta.dirname, '../../..');
export const apps = readdirSync(join(root, 'apps')).sort();

/** One setting, joined from every class that has it. */
export interface DeclaredSetting {
  readonly name: string;
  /** Services that read it; none where only `migrate.js` does. */
  readonly services: readonly string[];
  /** Services that do not start without it. */
  readonly neededBy: readonly string[];
  /** What a valid value is, completing "must be". */
  readonly form: string;
  /** Undefined where there is none. */
  readonly defaultValue: string | undefined;
  readonly secret: boolean;
  /** The comment above its field. */
  readonly meaning: string;
}

interface SettingsFile {
  readonly path: string;
  /** The service whose settings the file declares; undefined for a class that several services extend. */
  readonly app: string | undefined;
}

const settingsFiles: readonly SettingsFile[] = [
  { path: 'libs/config/src/service-settings.ts', app: undefined },
  { path: 'libs/config/src/postgres-settings.ts', app: undefined },
  ...apps.flatMap((app) =>
    readdirSync(join(root, `apps/${app}/src`), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.settings.ts'))
      .sort()
      .map((file) => ({ path: `apps/${app}/src/${file}`, app })),
  ),
];

/** Every setting of every service, in the order of the classes. */
export async function readDeclaredSettings(): Promise<readonly DeclaredSetting[]> {
  const settings = new Map<string, DeclaredSetting>();
  for (const { path, app } of settingsFiles) {
    const inSource = readSource(path);
    for (const [name, { meaning }] of inSource) {
      const known = settings.get(name);
      if (known !== undefined && known.meaning !== meaning) throw new Error(`${path} explains ${name} in other words`);
    }
    const classes = Object.values((await import(join(root, path))) as Record<string, unknown>).filter(isShape);
    for (const one of classes.flatMap((shape) => settingsOf(shape, path, app))) {
      const known = settings.get(one.name);
      if (known !== undefined && (known.form !== one.form || known.defaultValue !== one.defaultValue))
        throw new Error(`${path} declares ${one.name} with another form or default`);
      settings.set(one.name, {
        ...one,
        services: [...(known?.services ?? []), ...one.services],
        neededBy: [...(known?.neededBy ?? []), ...one.neededBy],
        secret: known?.secret ?? inSource.get(one.name)?.type === 'Secret',
        meaning: known?.meaning ?? inSource.get(one.name)?.meaning ?? '',
      });
    }
  }
  return [...settings.values()];
}

/** Comment and type of every field of a settings file. */
function readSource(path: string): Map<string, { readonly meaning: string; readonly type: string }> {
  const text = readFileSync(join(root, path), 'utf8');
  const field = /\/\*\*((?:(?!\*\/)[^])*)\*\/\s*@.*\breadonly ([A-Z][A-Z0-9_]+)[!?]?: (\w+)/g;
  return new Map(
    [...text.matchAll(field)].map(([, comment = '', name = '', type = '']) => [
      name,
      { meaning: comment.replace(/\s*\n\s*\* ?/g, ' ').trim(), type },
    ]),
  );
}

const isShape = (value: unknown): value is ShapeClass =>
  typeof value === 'function' && fieldNames(value as ShapeClass).length > 0;

function settingsOf(
  shape: ShapeClass,
  path: string,
  app: string | undefined,
): Pick<DeclaredSetting, 'name' | 'services' | 'neededBy' | 'form' | 'defaultValue'>[] {
  const defaults = new shape() as Record<string, unknown>;
  // A class in a folder of its own belongs to a store that is optional.
  const always = path === `apps/${app}/src/${app}.settings.ts`;
  return Object.entries(describeShape(shape)).map(([name, description]) => {
    const text = String(description);
    const value = defaults[name];
    const needed = always && !text.startsWith('optional') && value === undefined;
    return {
      name,
      services: app === undefined ? [] : [app],
      neededBy: needed && app !== undefined ? [app] : [],
      form: text.replace(/^(optional, )?must be /, ''),
      defaultValue: value === undefined ? undefined : String(value as string | number),
    };
  });
}
