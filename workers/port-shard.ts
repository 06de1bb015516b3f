/** A shard behind a port: frames in, frames out. The same on a worker thread, on the caller's own, and in the simulation. */
import { bytesOf, isLarger, packBody } from './body.js';
import type { BreakerPhase } from './breaker.js';
import { payloadOf } from './canonical.js';
import type { Seam } from './environment.js';
import { given } from './given.js';
import { packError } from './error-record.js';
import type { FlightCalls } from './flight-context.js';
import type { FlightStart } from './flight-record.js';
import { Delivered } from './delivered.js';
import { HealthMemory } from './health-memory.js';
import { Health } from './health.js';
import { Outbox } from './outbox.js';
import { type DueOrderReceiver, NO_EXTRAS, PortOrder } from './port-order.js';
import {
  ABANDON, ATTEMPTED, attemptTuple, type AttemptRecord, type AttemptTuple, type Body, BREAKER, CHUNK, CHUNK_BYTES_EXTRA, CREDIT, FAILED, type Failure, type FrontFrame,
  FULFILLED, type FulfilledFrame, type InAir, KEYED, LAUNCH, type LaunchFrame, OPENED, type ShardFrame, STREAM_ENDED, STREAMED,
} from './protocol.js'; // biome-ignore format: one import
import { Refused, refusalOfSharing } from './refused.js';
import type { SharedMemory } from './shared-memory.js';
import { Shard } from './shard.js';
import { Steering } from './steering.js';
import type { ShardSettings } from './shard-setup.js';
import { recordOf, StraightFlights } from './straight-flights.js';
import type { StraightReceiver, StraightSetup } from './straight-setup.js';
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
  readonly flying: FlightCalls<PortOrder> | null;
  readonly post: (envelope: Envelope, transferList: readonly ArrayBuffer[]) => void;
}

export interface PortShardSettings extends ShardSettings {
  /** The coalescer's name. */
  readonly name: string;
  /** What all threads of the coalescer know of its targets: the buffer of a `HealthMemory`. */
  readonly health: SharedArrayBuffer;
  readonly resultBytes: number;
}

/** A stream has ended; its chunks were sent before. */
const NO_BODY = { kind: STREAMED, data: null } as const;

export class PortShard implements StraightReceiver<PortOrder>, DueOrderReceiver {
  readonly name: string;
  readonly #setup: PortShardSetup;
  readonly #shard: Shard<PortOrder>;
  readonly #straight: StraightFlights<PortOrder>;
  readonly #outbox: Outbox<ShardFrame>;
  readonly #orders: (PortOrder | undefined)[] = [];
  readonly #placeOf: ReadonlyMap<string, number>;
  #airborne = 0;

  constructor(setup: PortShardSetup) {
    const { seam, wire, post } = setup;
    this.name = setup.settings.name;
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
    const refuseValue = (value: unknown, order: PortOrder): Refused | null => this.#pack(value, order);
    const shardSetup: StraightSetup<PortOrder> = { ...setup, health, steering, receiver: this, refuseValue, timerOf: (order) => order };
    this.#shard = new Shard(shardSetup);
    this.#straight = new StraightFlights(this.#shard, shardSetup, Number.POSITIVE_INFINITY);
  }

  /** Frames from the front. Abandons of flights that have settled meanwhile are ignored. */
  receive(envelope: Envelope): void {
    let came = 0;
    this.#setup.wire.read<FrontFrame>(envelope, (frame) => {
      came++;
      this.#heed(frame);
    });
    this.#outbox.gather(came);
  }

  #heed(frame: FrontFrame): void {
    const op = frame[0];
    if (op === LAUNCH) return this.#launch(frame);
    if (op !== ABANDON && op !== CREDIT) throw new TypeError(`a frame with unknown operation ${String(op)}: this is a bug`);
    const order = this.#orderOf(frame[1], frame[2]);
    if (order === null) return;
    if (op === ABANDON) return this.#straight.abandon(order);
    const record = recordOf<PortOrder>(order);
    if (record !== null) this.#shard.streams.grant(record, frame[3]);
  }

  /** `null`: the flight is over. */
  #orderOf(slot: number, number: number): PortOrder | null {
    const order = this.#orders[slot];
    return order?.number === number ? order : null;
  }

  /** The attempts of a flight that are in the air. */
  flying(slot: number, number: number): readonly InAir[] {
    const order = this.#orderOf(slot, number);
    return order === null ? [] : this.#straight.inAir(order);
  }

  /** Abandons everything in the air, and stops the wheel. */
  end(): void {
    for (const order of this.#orders) if (order !== undefined) this.#straight.abandon(order);
    this.#outbox.close();
    this.#setup.wheel.stop();
  }

  #launch(frame: LaunchFrame): void {
    const { seam, wire, targets, settings, memory } = this.#setup;
    const extras = frame[6];
    const kind = frame[7];
    const body = frame[8];
    const [, , , , carried, chunksGiven, delivered] = extras ?? NO_EXTRAS;
    const { midStream, replayBytes } = settings.streams;
    const parts = {
      payload: kind === KEYED ? payloadOf(body as string) : wire.unpackBody(kind, body),
      carried: carried === null ? undefined : wire.unpackBody(...carried),
      // If chunks were given but do not come along, they are not kept.
      delivered: midStream === 'resume' && (chunksGiven === 0 || delivered !== null) ? new Delivered(wire, replayBytes, delivered) : null,
    };
    const order = new PortOrder(frame, parts, seam.now(), this);
    // The request was made before the front knew the names.
    const stranger = order.route?.find((name) => !targets.some((target) => target.name === name));
    if (stranger !== undefined) {
      const known = targets.map(({ name }) => `'${name}'`).join(', ');
      return this.failed(
        order,
        null,
        'answered',
        new RangeError(`request options.targets: expected one of ${known}, got ${given(stranger)}`),
      );
    }
    this.#orders[order.slot] = order;
    this.#airborne++;
    if (order.isFresh && order.launchedAt < order.deadline) this.#straight.launch(order);
    else this.#straight.launchAside(order);
    // A thread that takes over thousands of flights calls all their targets in one turn of its loop: each call is a sign of life, so that this is no hang.
    memory.beat();
  }

  /** Values are packed while the flight can still be refused. */
  #pack(value: unknown, order: PortOrder): Refused | null {
    const { wire, settings } = this.#setup;
    const once = refusalOfSharing(value);
    if (once !== null) return once;
    try {
      const body = packBody(value, wire.packValue, { limit: 'resultBytes', bytes: settings.resultBytes });
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

  /** Sent at once: if the next target kills this thread in this very tick, this attempt must be known. Failures are rare, a post costs 5 µs. */
  attempted({ slot, number }: PortOrder, attempt: AttemptRecord): void {
    this.#setup.memory.beat();
    this.#outbox.push([ATTEMPTED, slot, number, this.#tupleOf(attempt)]);
    this.#outbox.flush();
  }

  opened({ slot, number }: PortOrder, attempt: number, target: string): void {
    this.#outbox.push([OPENED, slot, number, attempt, target]);
  }

  chunk(order: PortOrder): number {
    const { kind, data } = order.value as Body;
    // Kept before it is sent, since large bodies are transferred.
    order.gave(order.value as Body);
    const cost = bytesOf(data) + CHUNK_BYTES_EXTRA;
    this.#outbox.push([CHUNK, order.slot, order.number, kind, data]);
    return cost;
  }

  fulfilled(order: PortOrder, attempt: AttemptRecord, result: unknown): void {
    this.#ended(order, this.#tupleOf(attempt), result === STREAM_ENDED ? NO_BODY : (order.value as Body));
  }

  wentStraight(order: PortOrder, _value: unknown, endedAt: number): void {
    const { target } = order.course as FlightStart;
    this.#ended(order, [target, 1, order.launchedAt, endedAt, 0, null], order.value as Body);
  }

  orderDue(order: PortOrder, now: number): void {
    this.#straight.due(order, now);
  }

  #ended(order: PortOrder, attempt: AttemptTuple, { kind, data }: Body | typeof NO_BODY): void {
    const { slot, number } = order;
    this.#landed(order);
    const frame: FulfilledFrame = [FULFILLED, slot, number, attempt, kind, data];
    if (this.#airborne === 0) this.#outbox.send(frame);
    else this.#outbox.push(frame);
  }

  failed(order: PortOrder, attempt: AttemptRecord | null, failure: Failure, error: unknown): void {
    const { slot, number } = order;
    this.#landed(order);
    const tuple = attempt === null ? null : this.#tupleOf(attempt);
    const { kind, data } = packError(error, this.#setup.wire.packValue);
    this.#outbox.push([FAILED, slot, number, tuple, failure, kind, data]);
  }

  /** Drops what it held: a target may keep its context, which refers to the order. */
  #landed(order: PortOrder): void {
    // Thousands of answers may be ready together, each with work behind it, and run in one turn of the loop: each end is a sign of life.
    this.#setup.memory.beat();
    // A refused order was never stored.
    if (this.#orders[order.slot] === order) this.#airborne--;
    this.#orders[order.slot] = undefined;
    order.course = order.value = null;
  }

  #tupleOf(attempt: AttemptRecord): AttemptTuple {
    return attemptTuple(attempt, this.#placeOf.get(attempt.target) as number);
  }

  breaker(target: string, from: BreakerPhase, to: BreakerPhase): void {
    this.#outbox.push([BREAKER, -1, -1, target, from, to]);
  }
}
