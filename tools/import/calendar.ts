import { kindOf, openText, peek } from './file.ts';

interface StoredCalendar {
  readonly from: string;
  readonly to: string;
  readonly trading_days: number;
  readonly changed: number;
  readonly opened: readonly string[];
  readonly closed: readonly string[];
  readonly calendar_to: string;
}

const SHOWN_MAX = 10;

/** True for a list of trading days; the frame, which such a list has not, is left to files of bars. */
export const isCalendar = async (path: string, encoding?: string): Promise<boolean> =>
  kindOf(await peek(path, encoding), '1Day').kind === 'calendar';

/** Stores a list of trading days; answers what that changed, for people. */
export async function importCalendar(
  path: string,
  { url, token }: { readonly url: string; readonly token: string },
): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of await openText(path)) parts.push(part as Buffer);
  const response = await fetch(new URL('/api/v2/calendar', url), {
    method: 'POST',
    headers: { 'content-type': 'text/csv', authorization: `Bearer ${token}` },
    body: Buffer.concat(parts),
  });
  const body = (await response.json()) as StoredCalendar & { readonly detail?: string };
  if (!response.ok) throw new Error(`the gateway answered ${response.status}: ${body.detail ?? ''}`);
  const { from, to, trading_days: days, changed, opened, closed } = body;
  return [
    `${from} to ${to}: ${days} trading days, ${changed} days changed`,
    ...changesOf('opened', opened),
    ...changesOf('closed', closed),
    `  the calendar ends on ${body.calendar_to}`,
  ].join('\n');
}

function changesOf(what: string, days: readonly string[]): string[] {
  if (days.length === 0) return [];
  const more = days.length > SHOWN_MAX ? `, and ${days.length - SHOWN_MAX} more` : '';
  return [`  ${what}    ${days.slice(0, SHOWN_MAX).join(', ')}${more}`];
}
