/**
 * Attempts that stream: what a shard does from the moment a target has returned an async iterable. The times between chunks, what is complete, and
 * who may go on in mid-air. The flight's machine decides what follows; readers are the front's.
 */
import type { Attempt } from './attempt.js';
import type { FlightRecord } from './flight-record.js';
import { keepShape } from './lasting-shape.js';
import { CREDIT_BYTES, type LaunchOrder, STREAM_ENDED } from './protocol.js';
import { ownBytes } from './own-copy.js';
import { closeUnread, isStream, Pump, type PumpReceiver } from './pump.js';
import { sourceOf } from './stream-source.js';
import { refusalOf } from './refusal.js';
import type { ShardSetup } from './shard-setup.js';
import type { FilledTarget } from './targets.js';

/** From the stream to its first chunk, where nobody says otherwise. LLM providers queue that long (RELIABILITY: headers within 60 s). */
const FIRST_CHUNK_MS = 60_000;

/** What a record holds for its stream. */
export class StreamRecord {
  /** The current attempt's; `null` between attempts. */
  pump: Pump | null = null;
  /** Left over from the last attempt. */
  credit = CREDIT_BYTES;
  /** The last chunk that this attempt gave, for who asks whether it was complete. */
  last: unknown = undefined;
  /** Chunks given before this attempt, where it goes on from them. */
  before = 0;
  /** When the last chunk came, or it was asked again after a wait for credit: what the wheel had lived. The time in which this loop stands still is not its silence. */
  progressAt = Number.NaN;
}

/** What comes of an attempt's stream, told to the shard. */
export interface StreamSteps<Order extends LaunchOrder> {
  /** A plain value, or `STREAM_ENDED`. */
  value(record: FlightRecord<Order>, attempt: Attempt, value: unknown): void;
  /** Its first chunk is here, and not yet given. */
  opened(record: FlightRecord<Order>): void;
  /** A chunk cannot be given. */
  refused(record: FlightRecord<Order>, refusal: Error): void;
  broke(record: FlightRecord<Order>, attempt: Attempt, error: unknown): void;
}

export class Streams<Order extends LaunchOrder> {
  readonly #setup: ShardSetup<Order>;
  readonly #steps: StreamSteps<Order>;

  constructor(setup: ShardSetup<Order>, steps: StreamSteps<Order>) {
    this.#setup = setup;
    this.#steps = steps;
  }

  /** What a target has returned: a value, or a stream to be read. */
  returned(record: FlightRecord<Order>, attempt: Attempt, value: unknown): void {
    if (isStream(value)) this.begin(record, attempt, value);
    else this.#steps.value(record, attempt, value);
  }

  /** Reads the stream of an attempt. */
  begin(record: FlightRecord<Order>, attempt: Attempt, stream: AsyncIterable<unknown>): void {
    if (!record.turnTo(attempt)) return closeUnread(stream); // timed out, outraced or abandoned meanwhile: what it holds open is closed
    const { seam, wheel, targets, memory, flying } = this.#setup;
    const { order } = record;
    const target = targets[record.target] as FilledTarget;
    const held = (record.stream ??= new StreamRecord());
    held.before = this.deliveredTo(record) === null ? 0 : order.chunksGiven;
    const now = seam.now();
    // A time that somebody said has run since the call (`Attempts.msFor`). The default begins here: a target that only now has its upstream's headers must not be cut off with them.
    const due = now + this.firstChunkMs(record, FIRST_CHUNK_MS);
    if (due < (record.hedge?.due ?? record.due)) record.armAttempt(wheel, due, now);
    const onPort = order.slot !== -1;
    const receiver: PumpReceiver = {
      // Behind a port it is packed at once: a copy is needed only of what is looked at later.
      chunk: (value) => this.#chunk(record, attempt, value, onPort && target.isComplete === null),
      ended: () => this.#ended(record, attempt, target),
      broke: (error) => this.#steps.broke(record, attempt, error),
      entered: () => onPort && memory.enter(order.number),
      left: () => onPort && memory.exit(),
    };
    const start = (): void => {
      const pump = new Pump(sourceOf(stream), held.credit, receiver);
      // Asked for its iterator, it has ended its own flight: nobody would stop it later.
      if (record.attempt !== attempt) return pump.stop();
      held.pump = pump;
      pump.pull();
    };
    try {
      // A generator runs when it is pulled: what it asks for then is asked by this flight.
      if (flying === null) start();
      else flying.run(order, start);
    } catch (error) {
      this.#steps.broke(record, attempt, error);
    }
  }

  /** More may be sent. */
  grant(record: FlightRecord<Order>, credit: number): void {
    const held = record.stream;
    if (held === null) return;
    if (held.pump === null) {
      held.credit += credit;
      return;
    }
    // It may be asked for the first time in a long while: that silence was not its own.
    if (!held.pump.isPulling) held.progressAt = this.#setup.wheel.lived;
    held.pump.grant(credit);
  }

  /** The attempt is over, however it ended. */
  stop(record: FlightRecord<Order>): void {
    const held = record.stream;
    if (held === null || held.pump === null) return;
    const { pump } = held;
    held.pump = null;
    held.credit = pump.credit;
    pump.stop();
  }

  /** The time of a streaming attempt has come: is it silent for too long? If not, it is armed again. The silence of one that waits for credit is the readers'. */
  isSilent(record: FlightRecord<Order>, now: number): boolean {
    const held = record.stream;
    if (held === null || held.pump === null || held.pump.count === 0) return true;
    const { wheel } = this.#setup;
    const idleMs = this.#idleMs(record);
    const silent = held.pump.isPulling ? wheel.lived - held.progressAt : 0;
    if (silent >= idleMs) return true;
    wheel.arm(record, Math.min(idleMs - silent, record.order.deadline - now), now);
    return false;
  }

  /** What the attempt's time to the first chunk is; the last one left is not cut off by it. `otherwise`: where nobody says. */
  firstChunkMs(record: FlightRecord<Order>, otherwise: number): number {
    const { targets, settings } = this.#setup;
    const ms = (targets[record.target] as FilledTarget).firstChunkTimeoutMs ?? settings.streams.firstChunkTimeoutMs ?? otherwise;
    return ms === Number.POSITIVE_INFINITY || isLastAttempt(record) ? Number.POSITIVE_INFINITY : ms;
  }

  /** Chunks that the next attempt goes on from, with its target's `resume`; `null`: it starts from the beginning. */
  deliveredTo(record: FlightRecord<Order>): readonly unknown[] | null {
    const { order } = record;
    return order.chunksGiven === 0 || this.#setup.settings.streams.midStream !== 'resume' ? null : order.delivered;
  }

  /** In mid-air only targets that can go on are left, and none when what was delivered is no longer kept. Returns whether it had to ask. */
  narrow(record: FlightRecord<Order>): boolean {
    const { settings, targets } = this.#setup;
    const { order } = record;
    if (order.chunksGiven === 0 || settings.streams.midStream !== 'resume') return false;
    const isKept = order.delivered !== null;
    record.route = record.route.filter((target) => isKept && targets[target]?.resume !== null);
    if (!record.route.includes(record.target)) record.ownDetour().verdict = 'failover';
    return true;
  }

  #idleMs(record: FlightRecord<Order>): number {
    const { targets, settings } = this.#setup;
    return targets[record.target]?.idleTimeoutMs ?? settings.streams.idleTimeoutMs;
  }

  #chunk(record: FlightRecord<Order>, attempt: Attempt, value: unknown, isPacked: boolean): number {
    const { receiver, wheel } = this.#setup;
    const held = record.stream as StreamRecord;
    record.turnTo(attempt);
    const refusal = refusalOf(this.#setup, value, record.order);
    if (record.attempt !== attempt) return 0; // looking at the chunk has ended its own flight
    if (refusal !== null) {
      this.#steps.refused(record, refusal);
      return 0;
    }
    if (held.pump?.count === 1) this.#opened(record, attempt);
    if (record.attempt !== attempt) return 0; // who was told of the attempt that it outraced has ended the flight
    // Coarse, as the wheel that asks for it: a clock read for each chunk would cost as much as the chunk.
    held.progressAt = wheel.lived;
    // What a target gives is often a window on a buffer that it fills again.
    const chunk = isPacked ? value : ownBytes(value);
    held.last = chunk;
    return receiver.chunk(record.order, chunk);
  }

  /** From here on silences are measured, not the way to the first chunk. */
  #opened(record: FlightRecord<Order>, attempt: Attempt): void {
    const { seam, wheel, receiver } = this.#setup;
    const now = seam.now();
    wheel.arm(record, Math.min(this.#idleMs(record), Math.max(0, record.order.deadline - now)), now);
    attempt.opened();
    this.#steps.opened(record);
    receiver.opened(record.order, attempt.attempt, attempt.target);
  }

  /** A generator that returns is complete, unless its target knows better. */
  #ended(record: FlightRecord<Order>, attempt: Attempt, target: FilledTarget): void {
    const held = record.stream as StreamRecord;
    record.turnTo(attempt);
    const count = held.before + (held.pump?.count ?? 0);
    // What others have said counts only where it goes on from it.
    const before = held.before > 0 ? record.order.delivered?.at(-1) : undefined;
    const last = held.pump !== null && held.pump.count > 0 ? held.last : before;
    try {
      if (target.isComplete === null || target.isComplete(last, count)) return this.#steps.value(record, attempt, STREAM_ENDED);
    } catch (error) {
      return this.#steps.broke(record, attempt, error);
    }
    const error = new Error(`the stream of ${target.name} ended after ${count} chunks without being complete`);
    this.#steps.broke(record, attempt, Object.assign(error, { code: 'ERR_STREAM_INCOMPLETE' }));
  }
}

const isLastAttempt = ({ attemptsMade, attemptsMax, route, targetsTried }: FlightRecord): boolean =>
  attemptsMade >= attemptsMax || route.every((target) => (targetsTried & (1 << target)) !== 0);

keepShape(() => new StreamRecord());
