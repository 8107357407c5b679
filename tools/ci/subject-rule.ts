const LENGTH_MAX = 72;
/** Verb forms that are no imperative: "added", "adding", "adds". */
const NOT_IMPERATIVE = /^(?:\w+ed|\w+ing|adds|fixes|makes|removes|updates|moves|changes|uses|lets|says|gives|keeps)\b/i;
/** Imperatives that look like one of those forms. */
const IMPERATIVE = /^(?:bring|embed|exceed|feed|need|proceed|seed|shed|speed|string)\b/i;

/** Whether the subject of a commit is not `area: imperative` of at most 72 characters. */
export function isBadSubject(subject: string): boolean {
  const text = /^[a-z0-9][a-z0-9-]*(?:\/[a-z0-9-]+)*: (\S.*)$/.exec(subject)?.[1];
  if (text === undefined || subject.length > LENGTH_MAX || text.endsWith('.')) return true;
  return NOT_IMPERATIVE.test(text) && !IMPERATIVE.test(text);
}
