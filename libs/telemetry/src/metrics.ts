import { Counter, Gauge, Histogram } from 'prom-client';
import { FastCounter, FastHistogram, LiveGauge } from './fast-metrics.js';

/** Seconds; the edges of the alerts (0.05, 0.2, 0.5) are bounds, so that they are exact. */
const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 5, 10];

/**
 * Every metric of the system (docs/metrics.md is written from it). Names are an interface: dashboards use them. Label values are bounded: route templates, never paths;
 * symbols never. A metric is here only when something really measures it.
 */
export const metrics = {
  apiRequests: new FastCounter({
    name: 'api_requests_total',
    help: 'HTTP requests answered by the gateway',
    labelNames: ['route', 'method', 'status', 'version'],
  }),
  requestLatency: new FastHistogram({
    name: 'request_latency_seconds',
    help: 'Time from a request to its answer at the gateway',
    labelNames: ['route', 'method', 'version'],
    buckets: SECONDS,
  }),
  deprecatedRequests: new FastCounter({
    name: 'api_deprecated_requests_total',
    help: 'Requests to deprecated routes',
    labelNames: ['route', 'version'],
  }),
  cacheHits: new FastCounter({ name: 'cache_hits_total', help: 'Reads a cache layer answered', labelNames: ['layer'] }),
  cacheMisses: new FastCounter({
    name: 'cache_misses_total',
    help: 'Reads a cache layer could not answer',
    labelNames: ['layer'],
  }),
  cacheStale: new FastCounter({
    name: 'cache_stale_total',
    help: 'Misses of a cache layer that it answered all the same, marked stale: while it asks again, or because the owner could not be asked',
    labelNames: ['layer', 'reason'],
  }),
  cacheOriginCalls: new FastCounter({
    name: 'cache_origin_calls_total',
    help: 'Reads that went to the owning service',
    labelNames: ['subject'],
  }),
  tradingCalendarDaysLeft: new LiveGauge({
    name: 'trading_calendar_days_left',
    help: 'Days from today to the last one that the trading calendar states; beyond it weekdays are provisional',
    labelNames: [],
  }),
  prewarmUsefulRatio: new LiveGauge({
    name: 'prewarm_useful_ratio',
    help: 'Of the answers the last warm-up that loaded any kept, those that were read since',
    labelNames: [],
  }),
  busCalls: new FastHistogram({
    name: 'bus_call_seconds',
    help: 'Time from a bus call to its outcome, seen by the caller',
    labelNames: ['subject', 'outcome'],
    buckets: SECONDS,
  }),
  busRepeats: new FastCounter({
    name: 'bus_calls_repeated_total',
    help: 'Calls published once more, because an instance of their service is missing and may have been handed them',
    labelNames: ['subject'],
  }),
  busEvents: new FastCounter({
    name: 'bus_events_total',
    help: 'Events on the bus: published, dropped while disconnected, received, missed, invalid, failed in a subscriber',
    labelNames: ['subject', 'outcome'],
  }),
  activeConnections: new LiveGauge({
    name: 'active_connections',
    help: 'Connections lent out now',
    labelNames: ['pool', 'role'],
  }),
  poolConnections: new LiveGauge({
    name: 'pool_connections',
    help: 'Connections by state (idle, busy, opening), borrowers waiting, and the most there may be (max)',
    labelNames: ['pool', 'role', 'state'],
  }),
  poolWait: new FastHistogram({
    name: 'pool_wait_seconds',
    help: 'Time a borrower waited for a connection',
    labelNames: ['pool'],
    buckets: SECONDS,
  }),
  poolTimeouts: new FastCounter({
    name: 'pool_timeouts_total',
    help: 'Borrowers that gave up waiting',
    labelNames: ['pool'],
  }),
  poolShed: new FastCounter({
    name: 'pool_shed_total',
    help: 'Borrowers refused at once because their wait would have been too long',
    labelNames: ['pool'],
  }),
  poolLeaks: new FastCounter({
    name: 'pool_leaks_total',
    help: 'Connections held longer than the threshold',
    labelNames: ['pool'],
  }),
  replicaLag: new LiveGauge({
    name: 'db_replica_lag_seconds',
    help: 'How far a replica is behind its primary; infinite when it follows another server',
    labelNames: ['replica'],
  }),
  dbRoute: new FastCounter({
    name: 'db_route_total',
    help: 'Database reads and writes by the kind of server that served them, and why that one',
    labelNames: ['target', 'reason'],
  }),
  batchItems: new FastCounter({
    name: 'batch_items_total',
    help: 'Lines of batches by outcome',
    labelNames: ['kind', 'outcome'],
  }),
  batchSeconds: new Histogram({
    name: 'batch_seconds',
    help: 'Time to store one block of a batch',
    labelNames: ['kind'],
    buckets: SECONDS,
  }),
  batchConcurrency: new Gauge({
    name: 'batch_concurrency',
    help: 'Batches, or blocks of them, that are being stored now',
    labelNames: ['kind'],
  }),
  batchQueue: new Gauge({
    name: 'batch_queue',
    help: 'Blocks that are read and wait for their turn',
    labelNames: ['kind'],
  }),
  httpConnections: new LiveGauge({
    name: 'http_connections',
    help: 'Connections of the public port: open, of these joined (authenticated sockets), and the most there may be (max)',
    labelNames: ['state'],
  }),
  httpConnectionsClosed: new FastCounter({
    name: 'http_connections_closed_total',
    help: 'Connections of the public port that it closed or refused because of a limit',
    labelNames: ['reason'],
  }),
  httpBodyBytes: new LiveGauge({
    name: 'http_body_bytes',
    help: 'Bytes of request bodies held in memory, and the most there may be (max)',
    labelNames: ['state'],
  }),
  passwordTurns: new FastCounter({
    name: 'password_turns_total',
    help: 'Logins and registrations that got a turn for their hash (served), or were refused one: rate_limited for their own share, unavailable for a full queue',
    labelNames: ['kind', 'outcome'],
  }),
  socketConnections: new Gauge({ name: 'socketio_connections', help: 'Open Socket.IO connections of this node' }),
  socketRooms: new Gauge({ name: 'socketio_rooms_active', help: 'Channels with at least one local subscriber' }),
  socketDelivery: new Histogram({
    name: 'socketio_delivery_seconds',
    help: 'Time from the moment a value was received from its feed to its emission',
    buckets: SECONDS,
  }),
  socketRefused: new Counter({
    name: 'socketio_refused_total',
    help: 'Requests of sockets that were refused because they came too fast, by the limit that refused them',
    labelNames: ['reason'],
  }),
  socketGaps: new Counter({ name: 'socketio_gaps_total', help: 'Gaps told to subscribers', labelNames: ['reason'] }),
} as const;
