import { calls, events, publisherCounted } from '@mystocks/contracts';

/** docs/subjects.md */
export function subjectsPage(): string {
  const callRows = calls.map(({ subject, timeoutMs, effect, allow }) => {
    const callers = allow === 'anyone' ? 'anyone' : allow.join(' ');
    return `| \`${subject}\` | ${timeoutMs} | ${effect} | ${callers} |`;
  });
  const eventRows = events.map(({ subject, key, numbered }) => {
    const keys = subject === publisherCounted.subject ? '`<service>`' : '`<exchange>.<code>`';
    return `| \`${subject}\` | ${key === undefined ? '-' : keys} | ${numbered === true ? 'yes' : '-'} |`;
  });
  return `# Subjects

Written by \`npm run docs\` from \`libs/contracts\`; a test keeps it equal. A call is answered by one instance of the owning service (queue group = service name); an event reaches every subscriber.

The effect of a call decides about retries. A \`read\` changes nothing, so two instances may run it at the same time; an \`idempotent\` call has the same result however often it runs. Both are sent again when no instance accepted them; a call with effect \`once\` never is. Every instance also takes its calls at \`at.<instance>.<subject>\`, for callers that miss another instance; \`at.<instance>.here\` says whether it is alive.

| call | deadline ms | effect | who may call |
|---|--:|---|---|
${callRows.sort().join('\n')}

| event | key | numbered |
|---|---|---|
${eventRows.sort().join('\n')}

A numbered event carries \`x-number: <instance> <running number>\`. Every instance publishes its newest number as \`evt.bus.publisher.counted.v1\` twice a second, so a subscriber that missed an event notices it ([bus](../libs/bus/README.md)).

Discovery: \`$SRV.PING\`, \`$SRV.INFO\`, \`$SRV.STATS\` (NATS micro protocol), answered by all five services.
`;
}
