/** The address and the account of a TDengine server. */
export interface TdengineAddress {
  readonly origin: string;
  /** `host:port`, without credentials. */
  readonly server: string;
  readonly path: string;
  readonly authorization: string;
}

const DATABASE = /^[a-z][a-z0-9_]{0,63}$/;

/** Parses `http://user:password@host:6041`. An error does not contain the URL, which holds a password. */
export function tdengineAddress(url: string, database: string): TdengineAddress {
  const { protocol, username, password, host, hostname, pathname } = parsed(url);
  const isPlain = (protocol === 'http:' || protocol === 'https:') && (pathname === '/' || pathname === '');
  if (!isPlain || hostname === '' || username === '' || password === '') {
    throw new Error('TDENGINE_URL is not of the form http://user:password@host:6041');
  }
  if (!DATABASE.test(database)) throw new Error('the name of a TDengine database is lower-case letters, digits and _');
  const account = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return {
    origin: `${protocol}//${host}`,
    server: host,
    path: `/rest/sql/${database}`,
    authorization: `Basic ${Buffer.from(account).toString('base64')}`,
  };
}

function parsed(url: string): URL {
  const read = URL.parse(url);
  if (read === null) throw new Error('TDENGINE_URL is not a URL');
  return read;
}
