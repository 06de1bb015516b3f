/** A shard behind a port: frames in, frames out. The same on a worker thread, on the caller's own, and in the simulation. */
import type { AsyncLocalStorage } from 'node:async_hooks';
import { bytesOf, isLarger, packBody } from './body.js';
import type { BreakerPhase } from './breaker.js';
import { payloadOf } from './canonical.js';
import type { Seam } from './environment.js';
import { errorRecord } from './error-record.js';
import type { FlightRecord } from './flight-record.js';
import { Delivered } from './delivered.js';
import { HealthMemory } from './health-memory.js';
import { Health } from './health.js';
import { Outbox } from './outbox.js';
import { NO_EXTRAS, PortOrder } from './port-order.js';
import {
  ABANDON, ATTEMPTED, attemptTuple, type AttemptRecord, type AttemptTuple, type Body, BREAKER, CHUNK, CHUNK_BYTES_EXTRA, CREDIT, FAILED, type Failure, type FrontFrame,
  FULFILLED, type FulfilledFrame, type InAir, KEYED, LAUNCH, type LaunchFrame, OPENED, type ShardFrame, STREAM_ENDED, STREAMED,
} from './protocol.js'; // biome-ignore format: one import
import { Refused, refusalOfSharing } from './refused.js';
import type { SharedMemory } from './shared-memory.js';
import { Shard } from './shard.js';
import { Steering } from './steering.js';
import type { ShardReceiver, ShardSettings } from './shard-setup.js';
import type { FilledTarget } from './targets.js';
import type { Wheel } from './wheel.js';
import type { Envelope, Wire } from './wire.js';

export interface PortShardSetup {
  readonly seam: Seam;
  readonly wheel: Wheel;
  readonly wire: Wire;
  readonly memory: SharedMemory;
  readonly targets: readonly FilledTarget[];
  readonly settings: PortShardSettings;
  readonly flying: AsyncLocalStorage<PortOrder> | null;
  readonly post: (envelope: Envelope, transferList: readonly ArrayBuffer[]) => void;
}

export interface PortShardSettings extends ShardSettings {
  /** What all threads of the coalescer know of its targets: a `HealthMemory`'s. */
  readonly health: SharedArrayBuffer;
  readonly resultBytes: number;
}

export class PortShard implements ShardReceiver<PortOrder> {
  readonly #setup: PortShardSetup;
  readonly #shard: Shard<PortOrder>;
  readonly #outbox: Outbox<ShardFrame>;
  readonly #records: (FlightRecord<PortOrder> | undefined)[] = [];
  readonly #placeOf: ReadonlyMap<string, number>;
  #airborne = 0;

  constructor(setup: PortShardSetup) {
    const { seam, wire, post } = setup;
    this.#setup = setup;
    this.#outbox = new Outbox({ seam, wire, post, transfersBodies: true });
    const { memory, targets, settings } = setup;
    this.#placeOf = new Map(targets.map(({ name }, place) => [name, place]));
    const healthMemory = new HealthMemory(settings.health);
    const random = (): number => seam.random();
    const health = new Health({
      memory: healthMemory,
      targets,
      settings,
      holder: memory.holder,
      random,
      announce: (target, from, to) => this.breaker(target, from, to),
    });
    const weights = targets.map(({ weight }) => weight);
    const steering = new Steering({ memory: healthMemory, weights, settings, health, random });
    this.#shard = new Shard({ health, steering, receiver: this, refuseValue: (value, order) => this.#pack(value, order), ...setup });
  }

  /** Frames from the front. Abandons of flights that have settled meanwhile find nothing. */
  receive(envelope: Envelope): void {
    this.#setup.wire.read<FrontFrame>(envelope, (frame) => this.#heed(frame));
  }

  #heed(frame: FrontFrame): void {
    const [op, slot, number] = frame;
    if (op === LAUNCH) this.#launch(frame);
    else if (op === ABANDON) {
      const record = this.#records[slot];
      if (record?.order.number === number) this.#shard.abandon(record);
    } else if (op === CREDIT) {
      const record = this.#records[slot];
      if (record?.order.number === number) this.#shard.streams.grant(record, frame[3]);
    } else throw new TypeError(`a frame with unknown operation ${String(op)}: this is a bug`);
  }

  /** The attempts of a flight that are in the air. */
  flying(slot: number, number: number): readonly InAir[] {
    const record = this.#records[slot];
    return record?.order.number === number ? record.inAir : [];
  }

  /** Abandons all that is in the air, and stops the clock. */
  end(): void {
    for (const record of this.#records) if (record !== undefined) this.#shard.abandon(record);
    this.#outbox.close();
    this.#setup.wheel.stop();
  }

  #launch(frame: LaunchFrame): void {
    const { wire, targets, settings, memory } = this.#setup;
    const [, slot, , , , , , extras, kind, body] = frame;
    const [, , , , carried, chunksGiven, delivered] = extras ?? NO_EXTRAS;
    const { midStream, replayBytes } = settings.streams;
    const order = new PortOrder(frame, {
      payload: kind === KEYED ? payloadOf(body as string) : wire.unpackBody(kind, body as Body['data']),
      carried: carried === null ? undefined : wire.unpackBody(...carried),
      // Chunks were given, and do not come along: they are not kept.
      delivered: midStream === 'resume' && (chunksGiven === 0 || delivered !== null) ? new Delivered(wire, replayBytes, delivered) : null,
    });
    // Asked for before the front knew the names.
    const stranger = order.route?.find((name) => !targets.some((target) => target.name === name));
    if (stranger !== undefined) {
      const known = targets.map(({ name }) => `'${name}'`).join(', ');
      return this.failed(order, null, 'answered', new RangeError(`request options.targets: expected one of ${known}, got '${stranger}'`));
    }
    const record = this.#shard.take(order);
    this.#records[slot] = record;
    this.#airborne++;
    this.#shard.launch(record);
    // A thread that takes over thousands of flights calls all their targets in one turn of its loop: each is a sign of life, and none is a hang.
    memory.beat();
  }

  /** Values are packed while the flight can still be refused. */
  #pack(value: unknown, order: PortOrder): Refused | null {
    const { wire, settings } = this.#setup;
    const once = refusalOfSharing(value);
    if (once !== null) return once;
    try {
      const body = packBody(value, wire.packValue);
      if (isLarger(body.data, settings.resultBytes)) {
        const message = `limits.resultBytes is reached: the value has ${bytesOf(body.data)} bytes, at most ${settings.resultBytes} may cross`;
        return new Refused('COALESCER_LIMIT', message, { limit: 'resultBytes' });
      }
      order.value = body;
      return null;
    } catch (error) {
      if (error instanceof Refused) return error;
      throw error;
    }
  }

  /** Sent at once: should the next target kill this thread in this very tick, what went before must be known. Failures are rare, a post costs 5 µs. */
  attempted({ slot, number }: PortOrder, attempt: AttemptRecord): void {
    this.#outbox.push([ATTEMPTED, slot, number, this.#tupleOf(attempt)]);
    this.#outbox.flush();
  }

  opened({ slot, number }: PortOrder, attempt: number, target: string): void {
    this.#outbox.push([OPENED, slot, number, attempt, target]);
  }

  chunk(order: PortOrder): number {
    const { kind, data } = order.value as Body;
    // Kept before it is sent: what is large moves.
    order.gave(order.value as Body);
    const cost = bytesOf(data) + CHUNK_BYTES_EXTRA;
    this.#outbox.push([CHUNK, order.slot, order.number, kind, data]);
    return cost;
  }

  fulfilled({ slot, number, value }: PortOrder, attempt: AttemptRecord, result: unknown): void {
    this.#records[slot] = undefined;
    this.#airborne--;
    if (result === STREAM_ENDED) return this.#outbox.push([FULFILLED, slot, number, this.#tupleOf(attempt), STREAMED, null]);
    const { kind, data } = value as Body;
    const frame: FulfilledFrame = [FULFILLED, slot, number, this.#tupleOf(attempt), kind, data];
    if (this.#airborne === 0) this.#outbox.send(frame);
    else this.#outbox.push(frame);
  }

  failed({ slot, number }: PortOrder, attempt: AttemptRecord | null, failure: Failure, error: unknown): void {
    if (this.#records[slot] !== undefined) this.#airborne--;
    this.#records[slot] = undefined;
    const tuple = attempt === null ? null : this.#tupleOf(attempt);
    // An ErrorRecord is made of guarded parts only: packing it cannot fail.
    const { kind, data } = packBody(errorRecord(error), this.#setup.wire.packValue);
    this.#outbox.push([FAILED, slot, number, tuple, failure, kind, data]);
  }

  #tupleOf(attempt: AttemptRecord): AttemptTuple {
    return attemptTuple(attempt, this.#placeOf.get(attempt.target) as number);
  }

  breaker(target: string, from: BreakerPhase, to: BreakerPhase): void {
    this.#outbox.push([BREAKER, -1, -1, target, from, to]);
  }
}
