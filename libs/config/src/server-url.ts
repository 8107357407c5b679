import { Secret } from '@mystocks/secrets';
import { field, type FieldOptions } from '@mystocks/validation';

interface UrlForm {
  readonly protocols: readonly string[];
  /** The message for any other form. */
  readonly example: string;
  /** What else must be true of it. */
  readonly only?: (url: URL) => boolean;
}

const isBare = ({ pathname, search, hash }: URL): boolean => /^\/?$/.test(pathname) && search === '' && hash === '';

const forms = {
  postgres: {
    protocols: ['postgres:', 'postgresql:'],
    example: 'postgres://role:password@host:port/database',
    only: ({ pathname }) => !pathname.slice(1).includes('/'),
  },
  redis: { protocols: ['redis:', 'rediss:'], example: 'redis://:password@host:port' },
  /** taosAdapter */
  tdengine: {
    protocols: ['http:', 'https:'],
    example: 'http://user:password@host:port',
    only: (url) => isBare(url) && url.username !== '' && url.password !== '',
  },
  /** Its credentials are a setting of their own. */
  nats: {
    protocols: ['nats:'],
    example: 'nats://host:port',
    only: (url) => isBare(url) && url.username === '' && url.password === '',
  },
} as const satisfies Record<string, UrlForm>;

type Store = Exclude<keyof typeof forms, 'nats'>;
const LENGTH_MAX = 16_384;

/** The address of a server. Secret, because it may hold a password: the message about a wrong one does not contain it. */
export const IsSecretUrl = (store: Store, options?: FieldOptions): PropertyDecorator =>
  secretUrl(`of the form ${forms[store].example}`, (text) => isUrl(forms[store], text), options);

/** One or more of them, separated by commas. */
export const IsSecretUrls = (store: Store, options?: FieldOptions): PropertyDecorator => {
  const areUrls = (text: string): boolean => {
    const urls = text.split(',').flatMap((one) => (one.trim() === '' ? [] : [one.trim()]));
    return urls.length > 0 && urls.every((one) => isUrl(forms[store], one));
  };
  return secretUrl(`one or more ${forms[store].example}, separated by commas`, areUrls, options);
};

/** Addresses of the servers of one NATS cluster, without credentials. */
export const IsNatsUrls = (): PropertyDecorator =>
  field({
    name: 'isNatsUrls',
    message: `one or more ${forms.nats.example}, separated by commas, without credentials`,
    test: (value) => typeof value === 'string' && value.split(',').every((one) => isUrl(forms.nats, one)),
    api: { type: 'string' },
  });

const secretUrl = (message: string, test: (text: string) => boolean, options?: FieldOptions): PropertyDecorator =>
  field(
    {
      name: 'isSecretUrl',
      message,
      test: (value) => value instanceof Secret && value.reveal().length <= LENGTH_MAX && test(value.reveal()),
      fromText: (text) => new Secret(text),
      api: { type: 'string', writeOnly: true },
    },
    options,
  );

function isUrl(form: UrlForm, text: string): boolean {
  const url = URL.parse(text);
  if (url === null || /\s/.test(text) || !form.protocols.includes(url.protocol)) return false;
  const { hostname, username, password } = url;
  const isHost = /^([\w.-]+|\[[\da-f:.]+\])$/i.test(hostname);
  return isHost && isEscaped(username) && isEscaped(password) && (form.only?.(url) ?? true);
}

/** Drivers undo the escapes of an account, and throw at one that is none. */
function isEscaped(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
