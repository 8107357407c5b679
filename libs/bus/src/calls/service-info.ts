import { nuid, type Msg } from '@nats-io/transport-node';
import type { BusConnection, BusSubscription } from '../wire/connection.js';

const NS_PER_MS = 1_000_000;

/** Statistics of one endpoint since its start, as NATS micro defines them (ADR-32). */
export class EndpointStats {
  #requests = 0;
  #errors = 0;
  #lastError = '';
  #ms = 0;
  readonly #name: string;

  constructor(
    readonly subject: string,
    readonly queueGroup: string,
  ) {
    // `svc.market-data.bars.list.v1` becomes `bars-list-v1`: names in ADR-32 hold letters, digits, - and _ only.
    this.#name = subject.split('.').slice(2).join('-');
  }

  took(ms: number): void {
    this.#requests += 1;
    this.#ms += ms;
  }

  failed(code: string): void {
    this.#errors += 1;
    this.#lastError = code;
  }

  info(): object {
    return { name: this.#name, subject: this.subject, queue_group: this.queueGroup, metadata: {} };
  }

  stats(): object {
    const processing = Math.round(this.#ms * NS_PER_MS);
    return {
      name: this.#name,
      subject: this.subject,
      queue_group: this.queueGroup,
      num_requests: this.#requests,
      num_errors: this.#errors,
      last_error: this.#lastError,
      processing_time: processing,
      average_processing_time: this.#requests === 0 ? 0 : Math.round(processing / this.#requests),
    };
  }
}

type Verb = 'PING' | 'INFO' | 'STATS';

/** Answers `$SRV.PING|INFO|STATS` for all services, for this service and for this instance (NATS micro, ADR-32). */
export class ServiceInfo {
  readonly #id = nuid.next();
  readonly #started = new Date().toISOString();
  readonly #subscriptions: BusSubscription[];

  constructor(
    private readonly connection: BusConnection,
    private readonly endpoints: readonly EndpointStats[],
    private readonly version: string,
  ) {
    const name = connection.service;
    this.#subscriptions = (['PING', 'INFO', 'STATS'] as const).flatMap((verb) =>
      [`$SRV.${verb}`, `$SRV.${verb}.${name}`, `$SRV.${verb}.${name}.${this.#id}`].map((subject) =>
        connection.subscribe({
          subject,
          receive: (message) => {
            this.#answer(verb, message);
          },
        }),
      ),
    );
  }

  async stop(): Promise<void> {
    await Promise.all(this.#subscriptions.map((one) => one.drain()));
  }

  #answer(verb: Verb, message: Msg): void {
    if (message.reply === undefined || message.reply === '') return;
    this.connection.publish(message.reply, Buffer.from(JSON.stringify(this.#document(verb))));
  }

  #document(verb: Verb): object {
    const type = `io.nats.micro.v1.${verb.toLowerCase()}_response`;
    const identity = { type, name: this.connection.service, id: this.#id, version: this.version, metadata: {} };
    switch (verb) {
      case 'PING':
        return identity;
      case 'INFO':
        return {
          ...identity,
          description: `MyStocks ${this.connection.service}`,
          endpoints: this.endpoints.map((one) => one.info()),
        };
      case 'STATS':
        return { ...identity, started: this.#started, endpoints: this.endpoints.map((one) => one.stats()) };
    }
  }
}
