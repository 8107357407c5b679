/** Shorter ones would hide parts of ordinary words. */
const LENGTH_MIN = 4;
/** More than a process has settings; the one that was added first is forgotten when there are more. */
const FORMS_MAX = 1_000;
const SHOWN = '[secret]';
/** The user and the password of each URL in a text; the password may hold what a URL should not. */
const CREDENTIALS = /\/\/([^:@/\s,]*):([^@\s,]+)@/g;

const forms = new Set<string>();
let longestFirst: readonly string[] | undefined;

/** From now on {@link withoutSecrets} hides this value, and the passwords of the URLs in it. */
export function keepSecret(value: string): void {
  const accounts = [...value.matchAll(CREDENTIALS)].map(([, user = '', password = '']) => [user, password] as const);
  const passwords = accounts.flatMap(([, password]) => [
    password,
    decoded(password),
    encodeURIComponent(decoded(password)),
  ]);
  const basic = accounts.map(([user, password]) =>
    Buffer.from(`${decoded(user)}:${decoded(password)}`).toString('base64'),
  );
  const urls = accounts.length > 1 ? value.split(',') : [];
  for (const form of [value, ...urls, ...passwords, ...basic]) if (form.length >= LENGTH_MIN) forms.add(asInJson(form));
  for (const form of forms) {
    if (forms.size <= FORMS_MAX) break;
    forms.delete(form);
  }
  longestFirst = undefined;
}

/** A line of JSON in which each known secret, also as part of a longer text, is replaced by `[secret]`. */
export function withoutSecrets(line: string): string {
  longestFirst ??= [...forms].sort((a, b) => b.length - a.length);
  let shown = line;
  for (const form of longestFirst) if (shown.includes(form)) shown = shown.replaceAll(form, SHOWN);
  return shown;
}

const asInJson = (text: string): string => JSON.stringify(text).slice(1, -1);

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
