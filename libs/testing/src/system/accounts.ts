export interface Account {
  readonly username: string;
  readonly password: string;
}

/** Creates the first administrator of a system. */
export async function createAdministrator(url: string, bootstrapToken: string, account: Account): Promise<void> {
  await postJson(url, '/api/v2/auth/bootstrap', { bootstrap_token: bootstrapToken, ...account });
}

/** An access token of the account. */
export async function login(url: string, { username, password }: Account): Promise<string> {
  const answer = await postJson(url, '/api/v2/auth/token', { grant_type: 'password', username, password });
  const { access_token: token } = answer as { access_token?: unknown };
  if (typeof token !== 'string') throw new Error('the gateway answered without an access token');
  return token;
}

/** Sends JSON to a gateway and answers the JSON of its response; any status but 2xx throws. */
async function postJson(url: string, path: string, body: object): Promise<unknown> {
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  }).catch((error: unknown) => {
    const cause = error instanceof Error ? error.cause : undefined;
    const why = cause instanceof Error ? cause.message : String(error);
    throw new Error(`${url}${path} does not answer (${why}): is the stack running? \`npm start\``, { cause: error });
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url}${path} answered ${String(response.status)}: ${text.slice(0, 500)}`);
  return JSON.parse(text) as unknown;
}
