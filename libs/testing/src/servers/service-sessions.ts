import { Client } from 'pg';

const COUNT = `SELECT count(*)::int AS sessions FROM pg_stat_activity WHERE usename IN ('market_data', 'auth', 'cache')`;

/** Counts the services' sessions on one PostgreSQL server, over a superuser's session of its own. */
export class ServiceSessions {
  private constructor(private readonly client: Client) {}

  static async on(superuserUrl: string): Promise<ServiceSessions> {
    const client = new Client({ connectionString: superuserUrl, application_name: 'service-sessions' });
    // A server that goes away says so at the next count.
    client.on('error', () => undefined);
    await client.connect();
    return new ServiceSessions(client);
  }

  async count(): Promise<number> {
    const { rows } = await this.client.query<{ sessions: number }>({ name: 'count', text: COUNT });
    return rows[0]?.sessions ?? 0;
  }

  async close(): Promise<void> {
    await this.client.end();
  }
}
