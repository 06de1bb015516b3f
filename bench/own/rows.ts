/** The rows of an embedder's own bench: their keys, their payloads, their targets. Each with the floor that it is held against. */
import { createCoalescer, type AttemptContext, type Target } from '../../src/index.js';
import { byMap, type Call } from '../measure/floor.js';
import type { Row, TakenRow, TimedRow } from '../measure/rows.js';
import { median } from '../measure/statistics.js';
import type { OwnBench } from './index.js';

/** Requests for each payload in one call of the join rows: one launches, the others join. */
const REQUESTS = 8;
/** Payloads in the air at once. */
const PAYLOADS_MAX = 256;
/** Sets of equal payloads, each of objects of its own. */
const COPIES = 4;
/** Answers of the first target that flights are settled with. */
const RECORDED_MAX = 16;

/** What is gated beside the target: a row, and what the same machine needs for the least that would do. */
export const gatedPairs: readonly (readonly [row: string, floor: string])[] = [
  ['own/key', 'own/JSON.stringify'],
  ['own/joins', 'own/joins of a raw Map'],
  ['own/flights', 'own/flights of a raw Map'],
];

const THROUGH = 'through the coalescer';
const DIRECTLY = 'called directly';

/** What a row is held against; `undefined` where it is a floor itself. The real target's rows have its name. */
export function floorOf(row: string): string | undefined {
  const target = row.startsWith('own/target ') && row.endsWith(`, ${THROUGH}`);
  return target ? row.slice(0, -THROUGH.length) + DIRECTLY : gatedPairs.find(([name]) => name === row)?.[1];
}

type Run = (payload: unknown, context: AttemptContext) => unknown;

/** What the rows fly: the real targets, and answers that were recorded. Making a coalescer checks targets and key, before one of them is called. */
export function standOf({ targets, key }: Required<OwnBench>) {
  const recorded: unknown[] = [];
  let answered = 0;
  const replay = async (): Promise<unknown> => recorded[answered++ % recorded.length];
  const options = { scope: 'per-request', ...(key === null ? {} : { key }) } as const;
  return {
    real: createCoalescer({ ...options, targets }),
    replaying: createCoalescer({ ...options, targets: { replay }, limits: { airborneBytes: 1_073_741_824 } }),
    replay,
    recorded,
  };
}
type Stand = ReturnType<typeof standOf>;

/** Calls the real first target a few times, to have answers; the rest of its calls is for the two target rows. */
export async function ownRows(bench: Required<OwnBench>, stand: Stand): Promise<readonly Row[]> {
  const payloads = bench.payloads.slice(0, PAYLOADS_MAX);
  const timed = timedRows(bench, payloads, stand);
  const [name, first] = Object.entries(bench.targets)[0] as [string, Target];
  // As a method of its spec, which may be a class instance.
  const run: Run = typeof first === 'function' ? first : (payload, context) => first.run(payload, context);
  const recordings = Math.min(RECORDED_MAX, payloads.length, Math.ceil(bench.callsMax / 3));
  for (const payload of payloads.slice(0, recordings)) stand.recorded.push(await run(payload, contextOf(name)));
  return [...timed, ...targetRows(bench, payloads, run, name, stand)];
}

/** Payloads as the rows need them: a key, JSON, and objects of their own. */
function copiesOf(payloads: readonly unknown[], scope: string, { replaying }: Stand): (readonly unknown[])[] {
  for (const [at, payload] of payloads.entries()) {
    replaying.identify(payload, { scope });
    try {
      JSON.stringify(structuredClone(payload));
    } catch (error) {
      throw new TypeError(`payloads[${at}]: ${(error as Error).message}`, { cause: error });
    }
  }
  return Array.from({ length: COPIES }, () => payloads.map((payload) => structuredClone(payload)));
}

function timedRows({ key, scope }: Required<OwnBench>, payloads: readonly unknown[], stand: Stand): TimedRow[] {
  const { replaying: coalescer, replay } = stand;
  const copies = copiesOf(payloads, scope, stand);
  let turn = 0;
  const nextCopy = (): readonly unknown[] => copies[turn++ % COPIES] as readonly unknown[];
  const requestOptions = { scope };
  const floorKey = (payload: unknown): string => key?.(payload) ?? (typeof payload === 'string' ? payload : JSON.stringify(payload));
  const floor = byMap(replay);
  const ours: Call<unknown, unknown> = (payload) => coalescer.request(payload, requestOptions);
  const raw: Call<unknown, unknown> = (payload) => floor(floorKey(payload));
  const every = (name: string, times: number, request: (payload: unknown) => unknown): TimedRow => ({
    name,
    per: payloads.length * times,
    run: async () => {
      const waiting: unknown[] = [];
      for (let time = 0; time < times; time++) for (const payload of nextCopy()) waiting.push(request(payload));
      await Promise.all(waiting);
    },
  });
  return [
    every('own/key', 1, (payload) => coalescer.identify(payload, requestOptions).key),
    every('own/JSON.stringify', 1, (payload) => JSON.stringify(payload)),
    every('own/joins', REQUESTS, ours),
    every('own/joins of a raw Map', REQUESTS, raw),
    every('own/flights', 1, ours),
    every('own/flights of a raw Map', 1, raw),
  ];
}

/** The real target, called directly and through a coalescer: what there is between them is ours. Each call is counted. */
function targetRows(bench: Required<OwnBench>, payloads: readonly unknown[], run: Run, name: string, stand: Stand): TakenRow[] {
  const { scope, rounds, callsMax } = bench;
  const calls = Math.floor((callsMax - stand.recorded.length) / 2 / rounds);
  if (calls === 0) return [];
  let at = 0;
  const timed = (what: string, call: (payload: unknown) => unknown): TakenRow => ({
    name: `own/target ${name}, ${what}`,
    unit: 'ms',
    rounds,
    async take() {
      const times: number[] = [];
      for (let count = 0; count < calls; count++) {
        const startedAt = performance.now();
        await call(payloads[at++ % payloads.length]);
        times.push(performance.now() - startedAt);
      }
      return median(times);
    },
  });
  return [timed(DIRECTLY, (payload) => run(payload, contextOf(name))), timed(THROUGH, (payload) => stand.real.request(payload, { scope }))];
}

const ATTEMPT_MS = 30_000;

function contextOf(target: string): AttemptContext {
  return {
    signal: new AbortController().signal,
    attempt: 1,
    target,
    flight: '',
    scope: null,
    key: null,
    remainingMs: () => ATTEMPT_MS,
    carried: undefined,
  };
}
