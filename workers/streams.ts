/**
 * Attempts that stream: what a shard does from the moment a target has returned an async iterable. The times between chunks, what is complete, and
 * which targets may go on in mid-air. The flight's machine decides what follows; the front looks after readers.
 */
import type { Attempt } from './attempt.js';
import { isPromised } from './call-target.js';
import type { FlightRecord } from './flight-record.js';
import { keepShape } from './lasting-shape.js';
import { CREDIT_BYTES, type LaunchOrder, STREAM_ENDED } from './protocol.js';
import { ownBytes } from './own-copy.js';
import { closeUnread, isStream, Pump, type PumpReceiver } from './pump.js';
import { sourceOf } from './stream-source.js';
import { refusalOf } from './refusal.js';
import type { ShardSetup } from './shard-setup.js';
import type { FilledTarget } from './targets.js';

/** The default, from the stream to its first chunk. LLM providers queue that long (RELIABILITY: headers within 60 s). */
const FIRST_CHUNK_MS = 60_000;

/** What a record holds for its stream. */
export class StreamRecord {
  /** The current attempt's pump; `null` between attempts. */
  pump: Pump | null = null;
  /** Credit left over from the last attempt. */
  credit = CREDIT_BYTES;
  /** The last chunk that this attempt gave, for `isComplete`. */
  last: unknown = undefined;
  /** Chunks given before this attempt, if it resumes from them. */
  before = 0;
  /** When the last chunk came, or the stream was asked again after a wait for credit; in the wheel's `lived` time, so that a blocked event loop does not count as the stream's silence. */
  progressAt = Number.NaN;
}

/** What happens to an attempt's stream, reported to the shard. */
export interface StreamSteps<Order extends LaunchOrder> {
  /** A plain value, or `STREAM_ENDED`. */
  value(record: FlightRecord<Order>, attempt: Attempt, value: unknown): void;
  /** Its first chunk is here, but not given yet. */
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
    if (!record.turnTo(attempt)) return closeUnread(stream); // timed out, outraced or abandoned meanwhile: close what it holds open
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
      // Behind a port it is packed at once: a copy is only needed for `isComplete`.
      chunk: (value) => this.#chunk(record, attempt, value, onPort && target.isComplete === null),
      ended: () => this.#ended(record, attempt, target),
      broke: (error) => this.#steps.broke(record, attempt, error),
      entered: () => onPort && memory.enter(order.number),
      left: () => onPort && memory.exit(),
      rest: (goOn) => seam.defer(goOn),
    };
    const start = (): void => {
      const pump = new Pump(sourceOf(stream), held.credit, receiver);
      // Asking for its iterator may have ended its own flight: nobody would stop it later.
      if (record.attempt !== attempt) return pump.stop();
      held.pump = pump;
      pump.pull();
    };
    try {
      // A generator runs when it is pulled: requests that it makes then belong to this flight.
      if (flying === null) start();
      else flying.run(order, start);
    } catch (error) {
      this.#steps.broke(record, attempt, error);
    }
  }

  /** Grants credit: more may be sent. */
  grant(record: FlightRecord<Order>, credit: number): void {
    const held = record.stream;
    if (held === null) return;
    if (held.pump === null) {
      held.credit += credit;
      return;
    }
    // It may not have been asked for a long while: that silence was not its own.
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

  /** The record of a streaming attempt is due: has the stream been silent for too long? If not, it is armed again. A stream that waits for credit is not silent. */
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

  /** The attempt's time to the first chunk; does not apply to the last target left. `otherwise`: the default. */
  firstChunkMs(record: FlightRecord<Order>, otherwise: number): number {
    const { targets, settings } = this.#setup;
    const ms = (targets[record.target] as FilledTarget).firstChunkTimeoutMs ?? settings.streams.firstChunkTimeoutMs ?? otherwise;
    return ms === Number.POSITIVE_INFINITY || isLastAttempt(record) ? Number.POSITIVE_INFINITY : ms;
  }

  /** Chunks that the next attempt resumes from; `null`: it starts from the beginning. */
  deliveredTo(record: FlightRecord<Order>): readonly unknown[] | null {
    const { order } = record;
    return order.chunksGiven === 0 || this.#setup.settings.streams.midStream !== 'resume' ? null : order.delivered;
  }

  /** In mid-air, removes targets that cannot resume from the route, and all if the delivered chunks are no longer kept. Returns whether that applied. */
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
    if (record.attempt !== attempt) return 0; // reading the chunk has ended its own flight
    if (refusal !== null) {
      this.#steps.refused(record, refusal);
      return 0;
    }
    if (held.pump?.count === 1) this.#opened(record, attempt);
    if (record.attempt !== attempt) return 0; // a subscriber that was told of the outraced attempt has ended the flight
    // Coarse, like the wheel: reading the clock for each chunk would cost as much as the chunk.
    held.progressAt = wheel.lived;
    // A target's chunk is often a view on a buffer that it fills again.
    const chunk = isPacked ? value : ownBytes(value);
    held.last = chunk;
    return receiver.chunk(record.order, chunk);
  }

  /** From here on silence is measured, not the time to the first chunk. */
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
    // Earlier chunks count only if this attempt resumed from them.
    const before = held.before > 0 ? record.order.delivered?.at(-1) : undefined;
    const last = held.pump !== null && held.pump.count > 0 ? held.last : before;
    try {
      const said = target.isComplete === null || target.isComplete(last, count);
      if (!isPromised(said) && said) return this.#steps.value(record, attempt, STREAM_ENDED);
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
