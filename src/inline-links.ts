/** The inline link: a direct call to a shard on the caller's own thread. Nothing is packed; any JavaScript value passes. */
import * as types from 'node:util/types';
import type { BreakerPhase } from '../workers/breaker.js';
import type { Seam } from '../workers/environment.js';
import { chunkSize } from '../workers/chunk-size.js';
import { HealthMemory } from '../workers/health-memory.js';
import { Health } from '../workers/health.js';
import { type AttemptRecord, CHUNK_BYTES_EXTRA, type Failure, type InAir } from '../workers/protocol.js';
import { Refused, refusalOfSharing } from '../workers/refused.js';
import { SharedMemory } from '../workers/shared-memory.js';
import { Shard } from '../workers/shard.js';
import { Steering } from '../workers/steering.js';
import { recordOf, StraightFlights } from '../workers/straight-flights.js';
import type { StraightReceiver, StraightSetup } from '../workers/straight-setup.js';
import { fillTargets, type FilledTarget } from '../workers/targets.js';
import type { Wheel } from '../workers/wheel.js';
import type { Flight } from './flight.js';
import type { Admission, LinkReceiver, Links } from './links.js';
import { shardSettings, type FilledOptions } from './options.js';
import type { Reentrance } from './reentrance.js';
import type { TargetStats } from './reports.js';
import { targetStats } from './statistics.js';

const NOTHING_PACKED: Admission = { bytes: 0, body: null };

export interface InlineSetup {
  readonly targets: unknown;
  readonly seam: Seam;
  readonly wheel: Wheel;
  readonly options: FilledOptions;
  readonly reentrance: Reentrance | null;
  readonly receiver: LinkReceiver;
}

/** One shard on this thread. The front's flights are its launch orders. */
export class InlineLinks implements Links, StraightReceiver<Flight> {
  readonly payloadsCross = false;
  readonly targetNames: readonly string[];
  readonly mayBeForOne: boolean;
  readonly health: Health;
  readonly healthMemory: HealthMemory;
  readonly #shard: Shard<Flight>;
  readonly #straight: StraightFlights<Flight>;
  readonly #memory = SharedMemory.ofSlots(0);
  readonly #receiver: LinkReceiver;
  readonly #seam: Seam;

  constructor({ targets, seam, wheel, options, reentrance, receiver }: InlineSetup) {
    const filled: readonly FilledTarget[] = fillTargets(targets);
    const { limits } = options;
    const settings = shardSettings(options);
    this.targetNames = filled.map(({ name }) => name);
    this.mayBeForOne = filled.some(({ isShareable }) => isShareable !== null);
    this.#receiver = receiver;
    this.#seam = seam;
    const random = (): number => seam.random();
    this.healthMemory = HealthMemory.ofTargets(filled.length);
    this.health = new Health({
      memory: this.healthMemory,
      targets: filled,
      settings,
      holder: 0,
      random,
      announce: (target, from, to) => receiver.breaker(target, from, to),
    });
    const setup: StraightSetup<Flight> = {
      seam,
      wheel,
      targets: filled,
      settings,
      memory: this.#memory,
      health: this.health,
      steering: new Steering({
        memory: this.healthMemory,
        weights: filled.map(({ weight }) => weight),
        settings,
        health: this.health,
        random,
      }),
      receiver: this,
      refuseValue: (value, flight) => refusalOfValue(value, flight, limits.resultBytes),
      flying: reentrance?.flying ?? null,
      timerOf: null,
    };
    this.#shard = new Shard(setup);
    seam.reportTo(receiver.airborne);
    this.#straight = new StraightFlights(this.#shard, setup, options.flightTimeoutMs);
  }

  ready(): Promise<void> {
    return Promise.resolve();
  }

  admit(): Admission {
    return NOTHING_PACKED;
  }
  admitCarried(): null {
    return null;
  }

  /** A stamp, which the front corrects later: a straight flight reads no clock of its own. */
  instant(): number {
    return this.#seam.stamp();
  }

  launch(flight: Flight): void {
    this.#straight.launch(flight);
  }

  abandon(flight: Flight): void {
    this.#straight.abandon(flight);
  }

  grant(flight: Flight, credit: number): void {
    const record = recordOf<Flight>(flight);
    if (record !== null) this.#shard.streams.grant(record, credit);
  }

  flying(flight: Flight): Promise<readonly InAir[]> {
    return Promise.resolve(this.#straight.inAir(flight));
  }

  ticked(now: number): void {
    const { airborne } = this.#receiver;
    for (const slow of airborne.slow(this.#straight.attemptMs, now)) this.#straight.due(slow, now);
  }

  targetStats(): Readonly<Record<string, TargetStats>> {
    return targetStats({ names: this.targetNames, living: [this.#memory], health: this.health, now: this.#seam.now() });
  }

  async close(): Promise<void> {
    // Nothing to end: the wheel stops when nothing is armed.
  }

  attempted(flight: Flight, attempt: AttemptRecord): void {
    this.#receiver.attempted(flight, attempt);
  }
  opened(flight: Flight, attempt: number, target: string): void {
    this.#receiver.streaming.opened(flight, attempt, target);
  }
  chunk(flight: Flight, value: unknown): number {
    const cost = chunkSize(value) + CHUNK_BYTES_EXTRA;
    this.#receiver.streaming.chunk(flight, value, cost);
    return cost;
  }
  fulfilled(flight: Flight, attempt: AttemptRecord, value: unknown): void {
    this.#receiver.fulfilled(flight, attempt, value);
  }
  wentStraight(flight: Flight, value: unknown, endedAt: number): void {
    this.#receiver.wentStraight(flight, value, endedAt);
  }
  failed(flight: Flight, attempt: AttemptRecord | null, failure: Failure, error: unknown): void {
    this.#receiver.failed(flight, attempt, failure, error);
  }
  breaker(target: string, from: BreakerPhase, to: BreakerPhase): void {
    this.#receiver.breaker(target, from, to);
  }
}

/** Refuses values that only one waiter can read, and values that are too large. A flight that nobody can join may return a value that is read once. */
function refusalOfValue(value: unknown, flight: Flight, resultBytes: number): Refused | null {
  return typeof value === 'string' || (typeof value === 'object' && value !== null) ? refusalOfLarge(value, flight, resultBytes) : null;
}

function refusalOfLarge(value: string | object, flight: Flight, resultBytes: number): Refused | null {
  const isText = typeof value === 'string';
  const size = isText ? value.length : ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value) ? value.byteLength : 0;
  if (size > resultBytes)
    return new Refused(
      'COALESCER_LIMIT',
      `limits.resultBytes is reached: the value has ${size} ${isText ? 'characters' : 'bytes'}, at most ${resultBytes} may be shared`,
      {
        limit: 'resultBytes',
      },
    );
  return flight.key === null ? null : refusalOfSharing(value);
}
