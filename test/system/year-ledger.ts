import type { Answer } from '@mystocks/contracts';
import { chinaText, type VirtualMarket } from './virtual-market.js';
import type { OneRead } from './virtual-year.js';

const LIVE_MS = 15_000;
const MINUTE_MS = 60_000;
const FAULTS_MAX = 20;

/** The timetable of the exchanges once more, from their rules: what a snapshot may say, by the minute of a trading day. */
const phases: readonly (readonly [number, string])[] = [
  [555, 'call_auction'],
  [565, 'pre_open'],
  [570, 'continuous'],
  [690, 'lunch'],
  [780, 'continuous'],
  [897, 'closing_auction'],
  [900, 'closed'],
];

/** What is known of one question in the present stretch, moving or at rest. */
interface Course {
  stretch: string;
  reads: number;
  etag: string | undefined;
}

/** Judges every read of a year by the published calendar alone, and counts. Lists name what was wrong, and when. */
export class YearLedger {
  reads = 0;
  /** Questions to the owner: at rest by the first read of an answer, at rest by a later one, while prices move. */
  readonly calls = { restingFirst: 0, restingAgain: 0, moving: 0 };
  /** First reads of standing questions after prices began to move, and those of them that asked the owner. */
  readonly openings = { reads: 0, asked: 0 };
  readonly closedCalls: Record<string, number> = {};
  comparedAtRest = 0;
  staleMarked = 0;
  readonly faults: Record<'tags' | 'contents' | 'labels' | 'ages', string[]> = {
    ...{ tags: [], contents: [], labels: [], ages: [] },
  };
  readonly #courses = new Map<string, Course>();

  constructor(private readonly tradingDays: ReadonlySet<string>) {}

  async note(read: OneRead, market: VirtualMarket): Promise<void> {
    this.reads += 1;
    const { question, asked, answer, isMoving } = read;
    if (question.name.startsWith('closed')) {
      this.closedCalls[question.name] = (this.closedCalls[question.name] ?? 0) + asked;
      if (read.cacheControl !== 'private, max-age=86400, immutable') this.#fault('ages', read, 'is not immutable');
      return;
    }
    const course = this.#courseOf(read);
    course.reads += 1;
    if (isMoving) this.#moving(read, course);
    else await this.#resting(read, course, market);
    this.#labels(read);
    this.#age(read);
    if (answer.cache === 'stale') this.staleMarked += 1;
  }

  #courseOf({ question, place, isMoving }: OneRead): Course {
    const stretch = `${place} ${isMoving}`;
    const known = this.#courses.get(question.name);
    if (known?.stretch === stretch) return known;
    const course = { stretch, reads: 0, etag: undefined };
    this.#courses.set(question.name, course);
    return course;
  }

  #moving({ asked, isStanding }: OneRead, { reads }: Course): void {
    this.calls.moving += asked;
    if (!isStanding || reads > 1) return;
    this.openings.reads += 1;
    if (asked > 0) this.openings.asked += 1;
  }

  async #resting(read: OneRead, course: Course, market: VirtualMarket): Promise<void> {
    const { answer, asked, question } = read;
    if (course.reads === 1) this.calls.restingFirst += asked;
    else this.calls.restingAgain += asked;
    if (answer.cache === 'stale') return;
    course.etag ??= answer.etag;
    if (answer.etag !== course.etag) this.#fault('tags', read, `${course.etag} became ${answer.etag}`);
    const owner = await market.answerTo(question.call, question.request);
    this.comparedAtRest += 1;
    if (!owner.body.equals(answer.body)) this.#fault('contents', read, `is ${answer.body}, not ${owner.body}`);
  }

  #labels(read: OneRead): void {
    const { answer, atMs, isMoving, question } = read;
    if (answer.quality === 'live') {
      const liveMs = LIVE_MS + (question.name === 'minutes' ? MINUTE_MS : 0);
      const isLive = isMoving && atMs - Date.parse(answer.as_of ?? '') <= liveMs;
      if (!isLive) this.#fault('labels', read, `is live as of ${answer.as_of ?? ''}`);
    }
    if (question.name !== 'snapshots') return;
    const phase = phasesIn(answer);
    if (phase !== this.#phaseAt(atMs)) this.#fault('labels', read, `says ${phase}`);
  }

  #age(read: OneRead): void {
    const { answer, atMs, isMoving, stretch, question } = read;
    const isQuote = question.name === 'quote' || question.name === 'snapshots';
    const oldestMs = isMoving ? atMs - (isQuote ? 3_000 : 30 * MINUTE_MS) : stretch.toMs;
    if (answer.cache !== 'stale' && answer.built_at_ms >= oldestMs) return;
    const isMarked = answer.cache === 'stale' && answer.quality === 'stale' && !isQuote;
    if (!isMarked || answer.built_at_ms < oldestMs - 30 * MINUTE_MS) this.#fault('ages', read, 'is too old');
  }

  #phaseAt(ms: number): string {
    const text = chinaText(ms);
    if (!this.tradingDays.has(text.slice(0, 10))) return 'closed';
    const minute = Number(text.slice(11, 13)) * 60 + Number(text.slice(14, 16));
    return phases.findLast(([from]) => from <= minute)?.[1] ?? 'closed';
  }

  #fault(kind: keyof YearLedger['faults'], { question, atMs }: OneRead, what: string): void {
    const faults = this.faults[kind];
    if (faults.length < FAULTS_MAX) faults.push(`${chinaText(atMs)} ${question.name} ${what}`);
  }
}

/** The phase that all snapshots of an answer say. */
function phasesIn(answer: Answer): string {
  const said = [...answer.body.toString().matchAll(/"phase":"([a-z_]+)"/g)].map(([, phase]) => phase);
  return [...new Set(said)].join(' and ');
}
