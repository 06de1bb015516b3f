// Seeded lives of streams inline: readers of all kinds come, read, rest and leave while targets break off and others go on. Whatever each has read is a piece of
// the one sequence, from where it began; the call count is bounded; nothing is left. RELIABILITY I1, I6, I11, I17, I19, I26.
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { createCoalescer, type StreamOptions } from '../../src/index.js';
import { countedEnvironment, httpError } from '../inline/stage.js';

const SEEDS = 150;
const TEXT = Array.from({ length: 400 }, (_, at) => (at % 7 === 0 ? '\u{1f600}' : String.fromCharCode(97 + (at % 26)))).join('');

/** One reader: what it got, where it began, and how it ended. */
interface Life {
  readonly from: number;
  readonly got: string[];
  /** `reading`, `ended`, `left`, or the code of its error. */
  end: string;
}

function chanceOf(seed: number): (below: number) => number {
  let state = seed * 2_654_435_761;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
}

for (const midStream of ['verify', 'resume', 'fail'] as const) {
  test(`what ${SEEDS} random lives have read is of one sequence (${midStream})`, async () => {
    let seams = 0;
    for (let seed = 1; seed <= SEEDS; seed++) seams += await live(seed, midStream);
    if (midStream !== 'fail') assert.ok(seams > SEEDS / 3, `${seams} seams`);
  });
}

async function live(seed: number, midStream: 'verify' | 'resume' | 'fail'): Promise<number> {
  const chance = chanceOf(seed);
  const environment = countedEnvironment();
  let [calls, seams] = [0, 0];
  /** Text from `at` on in random pieces at random times; breaks off at a random place. */
  async function* say(at: number, signal: AbortSignal): AsyncGenerator<string> {
    calls++;
    const breaksAt = chance(3) === 0 ? Infinity : at + chance(TEXT.length);
    for (let place = at; place < TEXT.length && !signal.aborted; ) {
      if (chance(3) === 0)
        await new Promise<void>((resolve) => {
          environment.setTimer(chance(20), resolve);
        });
      if (place > breaksAt) throw httpError(502);
      const piece = TEXT.slice(place, place + 1 + chance(12));
      place += piece.length;
      yield piece;
    }
  }
  const target = {
    run: (_payload: string, { signal }: { readonly signal: AbortSignal }) => say(0, signal),
    resume: (_payload: string, delivered: readonly string[], { signal }: { readonly signal: AbortSignal }) =>
      say(delivered.join('').length, signal),
  };
  const coalescer = createCoalescer({
    scope: 'public',
    environment,
    breaker: false,
    share: (['readonly', 'copy', 'frozen'] as const)[seed % 3]!,
    maxAttempts: 5,
    streams: { midStream, lagBytes: 500_000 },
    targets: { one: target, two: target, three: target, four: target, five: target },
  });
  const lives: Life[] = [];
  const signals: AbortSignal[] = [];
  const outcomes: Promise<unknown>[] = [];

  /** Reads in one of several ways until the end, or until it has enough. */
  async function read(options: StreamOptions): Promise<void> {
    const stream = coalescer.stream('a', options);
    const life: Life = { from: options.from ?? 0, got: [], end: 'reading' };
    lives.push(life);
    const enough = chance(3) === 0 ? chance(40) : Infinity;
    const [way, rests] = [chance(3), chance(2) === 0];
    try {
      const source: AsyncIterable<string | readonly string[]> = way === 0 ? stream.batches() : stream;
      const iterator = source[Symbol.asyncIterator]();
      while (life.got.length < enough) {
        const asked = Array.from({ length: way === 2 ? 1 + chance(4) : 1 }, () => iterator.next());
        // All are handled, also those behind one that rejects.
        const results = await Promise.allSettled(asked);
        for (const result of results) {
          if (result.status === 'rejected') throw result.reason;
          if (result.value.done !== true) life.got.push(...[result.value.value].flat());
        }
        if (way !== 0) assert.ok(stream.cursor >= life.from + life.got.length);
        if (results.some((result) => result.status === 'fulfilled' && result.value.done === true)) break;
        if (rests)
          await new Promise<void>((resolve) => {
            environment.setTimer(chance(30), resolve);
          });
      }
      life.end = life.got.length < enough ? 'ended' : 'left';
      await iterator.return?.();
    } catch (error) {
      life.end = String((error as { code?: string }).code ?? error);
    }
    const outcome = await stream.outcome;
    seams = Math.max(seams, outcome.seams?.length ?? 0);
  }

  for (let step = 0; step < 12; step++) {
    const leaving = new AbortController();
    signals.push(leaving.signal);
    if (chance(4) === 0) environment.setTimer(chance(300), () => leaving.abort('gone'));
    outcomes.push(
      read({
        ...(chance(3) === 0 ? { signal: leaving.signal } : {}),
        ...(chance(4) === 0 ? { timeoutMs: 1 + chance(400) } : {}),
        ...(chance(4) === 0 ? { from: chance(20) } : {}),
      }),
    );
    if (chance(3) === 0)
      outcomes.push(coalescer.request('a').then((chunks) => assert.equal(chunks.join(''), TEXT), () => undefined)); // biome-ignore format: one line
    await environment.advance(chance(25));
  }
  // No reader rests longer than this in all.
  for (let turn = 0; turn < 40; turn++) await environment.advance(1_000);
  await Promise.all(outcomes);
  const { launched, airborne, waiting, bytes } = coalescer.stats();
  assert.ok(calls <= launched * 5, `seed ${seed}: ${calls} calls for ${launched} flights`);
  check(lives, seed, launched);
  assert.deepEqual([airborne, waiting, bytes, environment.timers()], [0, 0, 0, 0], `seed ${seed}`);
  assert.ok(signals.every((signal) => getEventListeners(signal, 'abort').length === 0));
  return seams;
}

function check(lives: readonly Life[], seed: number, launched: number): void {
  // All chunks of a flight are known by who read the most of it; with one flight that is one list for all.
  const longest = lives.filter(({ from }) => from === 0).reduce((most, { got }) => (got.length > most.length ? got : most), [] as string[]);
  for (const { from, got, end } of lives) {
    const where = `seed ${seed}: ${end} from ${from}, ${JSON.stringify(got.join('')).slice(0, 60)}`;
    assert.notEqual(end, 'reading', where);
    if (launched === 1) assert.deepEqual(got, longest.slice(from, from + got.length), where);
    else if (from > 0) assert.ok(TEXT.includes(got.join('')), where);
    if (from === 0) assert.ok(TEXT.startsWith(got.join('')), where);
    if (end === 'ended' && from === 0) assert.equal(got.join(''), TEXT, where);
    if (end !== 'ended' && end !== 'left' && end !== 'gone') assert.match(end, /^COALESCER_(TIMEOUT|STREAM_BROKEN|TARGETS_FAILED)$/, where);
  }
}
