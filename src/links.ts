/** How a front talks to its shards: one interface for both kinds of link, inline and port, so that all other code is the same. */
import type { BreakerPhase } from '../workers/breaker.js';
import type { HealthMemory } from '../workers/health-memory.js';
import type { Health } from '../workers/health.js';
import type { AttemptRecord, Body, InAir } from '../workers/protocol.js';
import type { Airborne } from './airborne.js';
import type { Boarded } from './boarding.js';
import type { FlightFailure } from './flight-failures.js';
import type { Flight } from './flight.js';
import type { TargetStats } from './reports.js';

/** What a link reports to its front: exactly one end for each launch, also after abandon. Never while `launch` runs. */
export interface LinkReceiver {
  /** Oldest first. */
  readonly airborne: Pick<Airborne, 'slow' | 'caughtUp'>;
  attempted(flight: Flight, attempt: AttemptRecord): void;
  /** Gets the chunks of a target that streams, before the end. */
  readonly streaming: ChunkReceiver;
  /** With a value, or with `STREAM_ENDED`. */
  fulfilled(flight: Flight, attempt: AttemptRecord, value: unknown): void;
  /** The same for a flight that went straight: its last attempt is not reported. */
  wentStraight(flight: Flight, value: unknown, endedAt: number): void;
  failed(flight: Flight, attempt: AttemptRecord | null, failure: FlightFailure, error: unknown): void;
  /** A thread was lost under the flight, which was launched again. */
  relaunched(flight: Flight, why: string): void;
  /** A target's breaker has changed. */
  breaker(target: string, from: BreakerPhase, to: BreakerPhase): void;
  thread(event: 'ready' | 'lost' | 'replaced', thread: number, relaunched: number): void;
}

/** What a link reports of a stream. */
export interface ChunkReceiver {
  /** The first chunk of this attempt comes next. */
  opened(flight: Flight, attempt: number, target: string): void;
  /** `cost`: what it took of the flight's credit. */
  chunk(flight: Flight, chunk: unknown, cost: number): void;
}

/** An admitted payload, or admitted carried data. */
export interface Admission {
  /** What it counts for under `airborneBytes`. */
  readonly bytes: number;
  /** Packed for a thread; `null` inline. */
  readonly body: Body | null;
}

export interface Links {
  /** Do payloads cross to another thread? Then the walk that makes their key also checks that they can. */
  readonly payloadsCross: boolean;
  /** In order. `null`: the module has not loaded yet. */
  readonly targetNames: readonly string[] | null;
  /** May a target say that a value is for one alone? Then a leader waits with a promise of its own. */
  readonly mayBeForOne: boolean;
  /** Settles when targets can be called. @throws COALESCER_TARGETS_NOT_LOADED */
  ready(): Promise<void>;
  /** Measures and packs a payload, before anything is launched. @throws Refused */
  admit(boarded: Boarded): Admission;
  /** Packs what `carry` returned. @throws Refused */
  admitCarried(carried: unknown): Admission | null;
  /** The launch time of a flight that is launched now. */
  instant(): number;
  launch(flight: Flight): void;
  abandon(flight: Flight): void;
  /** Grants credit for more chunks. */
  grant(flight: Flight, credit: number): void;
  /** The attempts in the air, as its shard knows them. */
  flying(flight: Flight): Promise<readonly InAir[]>;
  /** Health of the targets. `null`: the module has not loaded yet. */
  readonly health: Health | null;
  /** What all shards know of the targets. */
  readonly healthMemory: HealthMemory;
  /** A tick of the wheel: handles what is due without an entry in the wheel. */
  ticked(now: number): void;
  targetStats(): Readonly<Record<string, TargetStats>>;
  /** Ends all shards. Called when nothing is in the air. */
  close(): Promise<void>;
}
