import { apps, type DeclaredSetting } from './declared-settings.js';

/** Settings that the same services read, in the order of their classes. */
function groups(settings: readonly DeclaredSetting[]): Map<string, DeclaredSetting[]> {
  const found = new Map<string, DeclaredSetting[]>();
  for (const setting of settings) {
    const title = titleOf(setting.services);
    found.set(title, [...(found.get(title) ?? []), setting]);
  }
  return found;
}

function titleOf(services: readonly string[]): string {
  if (services.length === 0) return 'migrate.js of auth, cache and market-data';
  return services.length === apps.length ? 'all services' : services.join(', ');
}

/** docs/settings.md */
export function settingsPage(settings: readonly DeclaredSetting[]): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|');
  const row = ({ name, form, defaultValue, services, neededBy, meaning, secret }: DeclaredSetting): string => {
    const needed = neededBy.length === services.length ? '**needed**' : `**needed** by ${neededBy.join(', ')}`;
    const otherwise = neededBy.length > 0 || services.length === 0 ? needed : '–';
    const value = secret && !form.includes('secret') ? `${form} (secret)` : form;
    return `| \`${name}\` | ${cell(meaning)} | ${cell(value)} | ${defaultValue === undefined || defaultValue === '' ? otherwise : `\`${defaultValue}\``} |`;
  };
  const tables = [...groups(settings)].map(
    ([title, members]) => `## ${title}\n
| setting | what it decides | value | default |
|---|---|---|---|
${members.map(row).join('\n')}
`,
  );
  return `# Settings

Written by \`npm run docs\` from the settings classes (\`apps/*/src/*.settings.ts\`, \`libs/config/src\`), like \`.env.example\` and the lists in \`docker-compose.yml\`. A test keeps all of them equal to the classes.

- A service reads its settings from its environment, once, when it starts. It ends with code 78 and the names of all wrong settings when one is missing or invalid. It never prints a value.
- \`X_FILE\` names a file that holds the value of \`X\`, and takes precedence over \`X\`. An empty value counts as none.
- A value \`enc:fernet:<kid>:<token>\` is decrypted with the key ring in the file that \`MASTER_KEY_FILE\` names (lines \`kid:key\`).
- \`npm start\` passes its environment on to every service, but for its own servers, secrets and management ports; it prints the names it does not pass on.
- \`docker compose\` passes on what stands below and is not secret, when it is set in the environment or in \`.env\`. Addresses are those of the containers. Secrets are files, made by \`tools/compose-secrets.ts\`.

${tables.join('\n')}`;
}

/** .env.example */
export function environmentExample(settings: readonly DeclaredSetting[]): string {
  const comment = (text: string): string =>
    wrap(text, 116)
      .map((line) => `# ${line}`)
      .join('\n');
  const lines = ({ name, form, meaning, defaultValue = '' }: DeclaredSetting): string =>
    `${comment(`${meaning} Value: ${form}.`)}\n${name}=${defaultValue}`;
  const sections = [...groups(settings)].map(
    ([title, members]) => `# --- ${title}\n\n${members.map(lines).join('\n\n')}\n`,
  );
  return `# Every setting of every service, with its default. Written by \`npm run docs\`; docs/settings.md says more.

# File with the key ring (lines \`kid:key\`) that decrypts values of the form \`enc:fernet:<kid>:<token>\`.
MASTER_KEY_FILE=

${sections.join('\n')}`;
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

/** Whether containers take the setting from the environment of `docker compose`, where it is set there. */
export const isPassedOnByCompose = ({ name, secret }: DeclaredSetting): boolean =>
  !secret && name !== 'NATS_URL' && !/_(HOST|PORT)$/.test(name);

const BEGIN = '# --- settings that are passed on where they are set; written by `npm run docs`\n';
const END = '# --- end of the settings\n';

/** docker-compose.yml, with the lists of settings between the two lines replaced by those of the classes. */
export function withComposeSettings(compose: string, settings: readonly DeclaredSetting[]): string {
  const [before = '', rest] = compose.split(BEGIN);
  const after = rest?.split(END)[1];
  if (after === undefined) throw new Error('docker-compose.yml has no place for the settings');
  const lists = apps.map((app) => {
    const names = settings.filter((one) => one.services.includes(app) && isPassedOnByCompose(one));
    return `x-settings-${app}: &settings-${app}\n${names.map(({ name }) => `  ${name}:\n`).join('')}`;
  });
  return `${before}${BEGIN}${lists.join('')}${END}${after}`;
}
