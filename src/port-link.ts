/** The port link: one life of a shard as its front sees it. Sends and receives frames, and knows which flights are on it. It decides nothing about deaths. */
import { bytesOf, packBody } from '../workers/body.js';
import type { BreakerPhase } from '../workers/breaker.js';
import { errorOf, type ErrorRecord } from '../workers/error-record.js';
import { gatheredOf, Outbox } from '../workers/outbox.js';
import {
  ABANDON, ATTEMPTED, attemptOf, type AttemptRecord, type AttemptTuple, type Body, BREAKER, CHUNK, CHUNK_BYTES_EXTRA, CREDIT, FAILED,
  type FrontFrame, FULFILLED, KEYED, LAUNCH, type LaunchExtras, type LaunchFrame, OPENED, type PackedPart, READ, type ShardFrame, STREAM_ENDED,
  STREAMED,
} from '../workers/protocol.js'; // biome-ignore format: one import
import type { Seam } from '../workers/environment.js';
import type { Envelope, Wire } from '../workers/wire.js';
import { isKeyOfPayload } from './boarding.js';
import type { Flight } from './flight.js';
import type { HostLife, Hosts, LifeReceiver } from './hosts.js';
import type { LinkReceiver } from './links.js';
import type { Passage } from './passage.js';

/** Told what happens to a life, besides the ends of its flights. */
export interface PortLinkOwner {
  /** A flight on it has ended, and its slot is free. */
  landed(link: PortLink): void;
  /** The life is over: `flights` were on it. */
  lost(link: PortLink, flights: readonly Flight[], why: string): void;
}

export interface PortLinkSetup {
  readonly seam: Seam;
  readonly hosts: Hosts;
  readonly receiver: LinkReceiver;
  readonly owner: PortLinkOwner;
  /** Does a relaunched flight take the delivered chunks along? */
  readonly isResuming: boolean;
}

const partOf = (body: Body | null): PackedPart | null => (body === null ? null : [body.kind, body.data]);

export class PortLink implements LifeReceiver {
  readonly #setup: PortLinkSetup;
  readonly #wire: Wire;
  readonly #outbox: Outbox<FrontFrame>;
  readonly #residents: (Flight | undefined)[] = [];
  /** Free slots, used again first. */
  readonly #freeSlots: number[] = [];
  /** The module's target names. Written when it is set up. */
  targetNames: readonly string[] = [];
  #life: HostLife | null = null;
  #residentCount = 0;
  #isLost = false;
  #isEnding = false;
  #isRetired = false;
  /** It sent something unreadable: all further messages are ignored. */
  #isDisbelieved = false;
  #why = 'the thread died';
  #heartbeat = -1;
  #beatsMissed = 0;

  constructor(setup: PortLinkSetup) {
    const { seam, hosts } = setup;
    this.#setup = setup;
    this.#wire = hosts.makeWire();
    // A flight keeps its bytes until it settles: they are the relaunch copy.
    this.#outbox = new Outbox({
      seam,
      wire: this.#wire,
      post: (envelope, transferList) => this.life.post(envelope, transferList),
      transfersBodies: false,
    });
  }

  /** Opens its life. Rejects if the module does not load. */
  async open(): Promise<void> {
    this.#life = await this.#setup.hosts.open(this);
  }

  get life(): HostLife {
    if (this.#life === null) throw new Error('coalescer: this link has no life yet: this is a bug');
    return this.#life;
  }
  /** Was it closed in order? Then its end is no loss. */
  get isRetired(): boolean {
    return this.#isRetired;
  }
  get isLost(): boolean {
    return this.#isLost;
  }
  /** How many flights are on it. */
  get residentCount(): number {
    return this.#residentCount;
  }
  get residents(): readonly Flight[] {
    return this.#residents.filter((flight) => flight !== undefined);
  }

  launch(flight: Flight): void {
    const slot = this.#freeSlots.pop() ?? this.#residents.length;
    this.life.memory.clearLedger(slot);
    this.#residents[slot] = flight;
    const passage = flight.ownPassage();
    passage.boards(this, slot);
    const isAlone = this.#residentCount++ === 0;
    if (isAlone) this.life.hold(true);
    const { number, scope, key, boarded, deadline } = flight;
    const { kind, data } = passage.body as Body;
    const frame: LaunchFrame = [
      LAUNCH,
      slot,
      number,
      scope,
      isKeyOfPayload(boarded) ? false : key,
      deadline,
      this.#extrasOf(flight, passage),
      kind,
      kind === KEYED ? key : data,
    ];
    this.#outbox.gather(gatheredOf(this.#residentCount));
    if (isAlone) this.#outbox.send(frame);
    else this.#outbox.push(frame);
  }

  #extrasOf(flight: Flight, { attemptsMade, targetsTried, lastTarget, carriedBody }: Passage): LaunchExtras | null {
    const { route, chunksGiven } = flight;
    if (route === null && attemptsMade === 0 && carriedBody === null && chunksGiven === 0) return null;
    return [route, attemptsMade, targetsTried, lastTarget, partOf(carriedBody), chunksGiven, partOf(this.#deliveredOf(flight))];
  }

  /** What came from one thread can go to another, unless a reader has written to it. `null`: nothing to send, or it cannot be packed. */
  #deliveredOf(flight: Flight): Body | null {
    if (!this.#setup.isResuming || flight.chunksGiven === 0) return null;
    try {
      return packBody(flight.delivered, this.#wire.packValue);
    } catch {
      return null; // only this flight loses by it: others of the same dead thread wait behind it
    }
  }

  abandon(flight: Flight): void {
    this.#outbox.push([ABANDON, flight.slot, flight.number]);
  }

  grant(flight: Flight, credit: number): void {
    this.#outbox.push([CREDIT, flight.slot, flight.number, credit]);
  }

  envelope(envelope: Envelope): void {
    if (this.#isDisbelieved) return;
    try {
      this.#wire.read<ShardFrame>(envelope, (frame) => this.#receive(frame));
    } catch (error) {
      this.#isDisbelieved = true;
      this.end(`its messages could not be read: ${String(error)}`);
    }
  }

  #receive(frame: ShardFrame): void {
    const op = frame[0];
    if (op === BREAKER) return this.#setup.receiver.breaker(frame[3], frame[4] as BreakerPhase, frame[5] as BreakerPhase);
    const slot = frame[1];
    const number = frame[2];
    const flight = this.#residents[slot];
    // Each launch has one end, matched by number: anything else is a bug, and ends this life.
    if (typeof number !== 'number' || flight?.number !== number)
      throw new Error(`a frame for flight ${number}, which is not in slot ${slot}`);
    const { receiver } = this.#setup;
    if (op === ATTEMPTED) {
      receiver.attempted(flight, this.#attemptOf(frame[3]));
    } else if (op === CHUNK) {
      // Its bytes tell its weight: without them no limit would hold.
      if ((frame[3] as number) === READ) throw new TypeError('a chunk that was not packed');
      // Nobody waits any more: do not even unpack it.
      if (flight.status !== 'flying') return;
      const data = frame[4] as Body['data'];
      receiver.streaming.chunk(flight, this.#wire.unpackBody(frame[3], data), bytesOf(data) + CHUNK_BYTES_EXTRA);
    } else if (op === OPENED) {
      receiver.streaming.opened(flight, frame[3], frame[4]);
    } else if (op === FULFILLED) {
      const isStream = frame[4] === STREAMED;
      const value = isStream ? STREAM_ENDED : flight.status === 'flying' ? this.#wire.unpackBody(frame[4], frame[5]) : undefined;
      const attempt = this.#attemptOf(frame[3]);
      this.#land(flight);
      receiver.fulfilled(flight, attempt, value);
    } else if (op === FAILED) {
      const error = errorOf(this.#wire.unpackBody(frame[5], frame[6]) as ErrorRecord);
      const attempt = frame[3] === null ? null : this.#attemptOf(frame[3]);
      this.#land(flight);
      receiver.failed(flight, attempt, frame[4], error);
    } else throw new Error(`a frame with unknown operation ${String(op)}`);
  }

  #attemptOf(tuple: AttemptTuple): AttemptRecord {
    return attemptOf(tuple, this.targetNames);
  }

  #land(flight: Flight): void {
    this.#residents[flight.slot] = undefined;
    this.#freeSlots.push(flight.slot);
    flight.ownPassage().leaves();
    if (--this.#residentCount === 0) this.life.hold(false);
    this.#setup.owner.landed(this);
  }

  /** Reads the heartbeat, once per turn of the front's timer. `turns` reads without a beat, while it has work, are a hang. */
  look(turns: number): void {
    if (this.#isLost || this.#life === null) return;
    const { heartbeat } = this.#life.memory;
    this.#beatsMissed = heartbeat === this.#heartbeat && this.#residentCount > 0 ? this.#beatsMissed + 1 : 0;
    this.#heartbeat = heartbeat;
    if (this.#beatsMissed >= turns) this.end('the thread hung');
  }

  /** Ends this life by force; `lost` follows when it is gone, and nobody writes its ledger any more. */
  end(why: string): void {
    // Only once: a thread that is out of memory may take long to die, with its heartbeat standing still.
    if (this.#isLost || this.#isEnding) return;
    this.#isEnding = true;
    this.#why = why;
    void this.#life?.terminate().catch((error: unknown) => {
      // Whatever kept it from ending, its port closes, and it is lost.
      this.#why = `${why}; ${String(error)}`;
      this.closed();
    });
  }

  /** Ends it in order: first runs what its module registered with `onClose`, if the thread still answers. */
  async close(): Promise<void> {
    await this.life.stop().catch(() => undefined); // a set-up that cannot be closed must not keep its thread alive
    this.#why = 'closed';
    this.#isRetired = true;
    await this.life.terminate();
  }

  closed(): void {
    if (this.#isLost) return;
    this.#isLost = true;
    this.#outbox.close();
    const flights = this.residents;
    this.#residents.length = 0;
    this.#residentCount = 0;
    this.#setup.owner.lost(this, flights, this.#why);
  }
}
