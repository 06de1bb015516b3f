// The result of a run: the table, the flight in words, and the verdict that becomes the exit code. Pure functions of the result.

import type { Ideal } from './oracle.js';
import type { Paint } from './paint.js';
import type { ArmName } from './question.js';
import { count, dollars, milliseconds, percent } from './words.js';

export interface Result {
  /** What traffic this was, in words. */
  readonly title: string;
  readonly calm: boolean;
  readonly ideal: Ideal;
  /** Of a coalescer whose flights lost the same attempts at the same instants. */
  readonly idealWithKills: Ideal;
  readonly plain: (ArmResult & PlainResult) | null;
  readonly coalescer: ArmResult & CoalescerResult;
}

export interface ArmResult {
  readonly name: ArmName;
  readonly requests: number;
  readonly calls: number;
  readonly dollars: number;
  readonly failovers: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly failed: number;
  /** The first failure, in words. */
  readonly failure: string | null;
  /** Never came back. */
  readonly lost: number;
  readonly wrong: number;
}

export interface PlainResult {
  readonly retries: number;
}

export interface CoalescerResult {
  readonly flights: number;
  readonly joins: number;
  /** Answers that were kept from an earlier flight. */
  readonly kept: number;
  readonly waitersMost: number;
  readonly relaunches: number;
  /** Requests that read their answer as a stream. */
  readonly streamed: number;
  /** Streams that went on at another provider in mid-air. */
  readonly seams: number;
  readonly breakersOpened: number;
  readonly providers: readonly ProviderHealth[];
  /** One flight in words. */
  readonly story: string | null;
}

/** How one provider fared. */
export interface ProviderHealth {
  readonly target: string;
  readonly breaker: 'closed' | 'open' | 'half-open';
  readonly attempts: number;
  readonly failures: number;
  readonly retries: number;
  readonly hedges: number;
  readonly outraced: number;
  /** To an answer; of one that is streamed, to its first piece. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Did the coalescer keep its promise to every waiter? */
export function isClean({ coalescer }: Result): boolean {
  return coalescer.lost === 0 && coalescer.wrong === 0 && coalescer.failed === 0;
}

export function reportLines(result: Result, paint: Paint): string[] {
  return ['', ...table(result, paint), '', ...notes(result), ...story(result, paint), ...verdict(result, paint)];
}

type Row = readonly [label: string, plain: string, coalescer: string, ideal?: (ideal: Ideal) => string];

function table(result: Result, paint: Paint): string[] {
  const { plain, coalescer } = result;
  const ideals = result.calm ? [result.ideal] : [result.ideal, result.idealWithKills];
  const both = (label: string, cell: (arm: ArmResult) => string): Row => [label, plain === null ? '' : cell(plain), cell(coalescer)];
  const rows: readonly Row[] = [
    both('requests', (arm) => count(arm.requests)),
    ['flights', '', count(coalescer.flights), (ideal) => count(ideal.flights)],
    ['joins', '', count(coalescer.joins), (ideal) => count(ideal.joins)],
    ['answers kept from before', '', count(coalescer.kept)],
    ['most waiters on one flight', '', count(coalescer.waitersMost), (ideal) => count(ideal.waitersMost)],
    both('upstream calls', (arm) => count(arm.calls)),
    both('cost', (arm) => dollars(arm.dollars)),
    ['retries', plain === null ? '' : count(plain.retries), count(total(coalescer, 'retries'))],
    ['hedges', '', count(total(coalescer, 'hedges'))],
    ['breakers opened', '', count(coalescer.breakersOpened)],
    both('failovers', (arm) => count(arm.failovers)),
    ['relaunches', '', count(coalescer.relaunches)],
    ['answers read as streams', '', count(coalescer.streamed)],
    ['streams mended in mid-air', '', count(coalescer.seams)],
    both('p50', (arm) => milliseconds(arm.p50Ms)),
    both('p99', (arm) => milliseconds(arm.p99Ms)),
    both('failed requests', (arm) => count(arm.failed)),
    both('waiters lost', (arm) => count(arm.lost)),
    both('wrong answers', (arm) => count(arm.wrong)),
  ];
  const line = (label: string, ...cells: readonly string[]): string =>
    ` ${label.padEnd(27)}${(plain === null ? cells.slice(1) : cells).map((cell) => cell.padStart(13)).join('')}`;
  const head = line('', 'plain client', 'coalescer', 'ideal', ...(result.calm ? [] : ['with kills']));
  const body = rows.map(([label, first, second, ideal]) =>
    line(label, first, second, ...(ideal === undefined ? [] : ideals.map(ideal))).trimEnd(),
  );
  return [paint(head, 'bold'), ` ${'─'.repeat(head.length - 1)}`, ...body];
}

function total({ providers }: CoalescerResult, what: 'retries' | 'hedges'): number {
  return providers.reduce((sum, provider) => sum + provider[what], 0);
}

function notes({ title, calm, ideal, idealWithKills, plain, coalescer }: Result): string[] {
  const lines = [` ${title}`];
  if (ideal.joins > 0) {
    const shareOf = ({ joins }: Ideal): string => percent(coalescer.joins / joins, 1);
    lines.push(` Joins: ${shareOf(ideal)} of the ideal for this input, undisturbed (${count(ideal.joins)}).`);
    // A flight that begins anew is longer in the air, so that more requests can join it.
    if (!calm) lines.push(` Under these kills: ${shareOf(idealWithKills)} of the ideal (${count(idealWithKills.joins)}).`);
  }
  if (plain !== null && plain.calls > 0) {
    lines.push(
      ` Upstream calls: ${percent(1 - coalescer.calls / plain.calls)} fewer than the plain client; cost: ${percent(1 - coalescer.dollars / plain.dollars)} less.`,
    );
  }
  for (const { target, breaker, attempts, failures, outraced, p50Ms, p99Ms } of coalescer.providers) {
    const times = `answered within ${milliseconds(p50Ms)} (p50), ${milliseconds(p99Ms)} (p99)`;
    lines.push(
      ` ${target}: ${count(attempts)} attempts, ${count(failures)} failed, ${count(outraced)} outraced; ${times}; its breaker is ${breaker}.`,
    );
  }
  for (const arm of [plain, coalescer]) {
    if (arm !== null && arm.failure !== null) lines.push(` The first failure of the ${arm.name} arm: ${arm.failure}`);
  }
  return lines;
}

function story({ coalescer }: Result, paint: Paint): string[] {
  if (coalescer.story === null) return [''];
  return ['', paint(' One flight that failed over, explained:', 'bold'), ...coalescer.story.split('\n').map((line) => `   ${line}`), ''];
}

function verdict(result: Result, paint: Paint): string[] {
  const { lost, wrong, failed } = result.coalescer;
  const told = `waiters lost: ${count(lost)}, wrong answers: ${count(wrong)}, failed requests: ${count(failed)}`;
  return [isClean(result) ? paint(` ✔ The coalescer: ${told}`, 'green', 'bold') : paint(` ✖ The coalescer: ${told}`, 'red', 'bold')];
}
