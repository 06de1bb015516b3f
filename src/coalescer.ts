/** What a service holds: one method per intent. Turns requests into identities, identities into flights, and flights into answers. */
import type { Seam } from '../workers/environment.js';
import { ALONE, AloneFlights } from './alone.js';
import type { Coalescer, Identity, Which } from './contract.js';
import { type CloseOptions, drain, drainMsOf } from './drain.js';
import { isRefusal } from './errors.js';
import { type Boarded, type Boarding, keyOf } from './boarding.js';
import type { Flight } from './flight.js';
import { refusedSource, SharedStream, type FlightStream } from './flight-stream.js';
import { indexOf } from './flight-table.js';
import type { Front } from './front.js';
import { Identities } from './identity.js';
import { endsFor } from './incidents.js';
import type { KeptAnswer } from './keeping.js';
import { KeptRequests } from './kept-requests.js';
import type { FilledOptions } from './options.js';
import type { PlainRequests } from './plain-requests.js';
import type { Reader } from './reader.js';
import type { Explanation, FlightReport, Outcome, Stats } from './reports.js';
import { checkRequest, checkStream, NO_OPTIONS, routeIdOf, type RequestOptions, type StreamOptions } from './requests.js';
import { isFlying, type Selection, selectionOf } from './selection.js';
import { statsOf } from './statistics.js';
import { NO_FLIGHT, storyOf } from './story.js';
import { FrontedTargets, type TargetControl } from './target-control.js';
import * as watching from './watching.js';

export class FrontedCoalescer implements Coalescer<unknown, unknown> {
  readonly targets: TargetControl;
  readonly #front: Front;
  readonly #plain: PlainRequests;
  readonly #options: FilledOptions;
  readonly #seam: Seam;
  readonly #identities: Identities;
  readonly #kept: KeptRequests;
  readonly #alone: AloneFlights;
  #closing: Promise<void> | null = null;
  #hasLaunched = false; // by the last `#board`; read at once

  constructor(front: Front, options: FilledOptions, seam: Seam) {
    this.#front = front;
    this.#plain = front.plainRequests;
    this.#options = options;
    this.#seam = seam;
    this.#identities = new Identities(options, front.links.payloadsCross);
    this.#kept = new KeptRequests(front, seam);
    this.#alone = new AloneFlights(front, seam);
    this.targets = new FrontedTargets(front.links, seam, options.name);
  }

  async ready(): Promise<void> {
    const { links, failures } = this.#front;
    try {
      if (this.#closing === null) await links.ready();
    } catch (error) {
      // If `close` ended a thread in its set-up, its module is not to blame.
      if (this.#closing === null) throw failures.notLoaded(error);
    }
    if (this.#closing !== null) throw failures.closed();
  }

  request(payload: unknown, options?: RequestOptions): Promise<unknown> {
    try {
      const plain = this.#plain.answer(payload, options);
      if (plain !== null && plain !== undefined) return plain; // not `if (plain)`, which reads the promise itself: see `answer`
      return plain === undefined ? this.#plain.lead(this.#launch(payload as string, true)) : this.#request(payload, options);
    } catch (error) {
      return Promise.reject(watching.refused(this.#front, error));
    }
  }

  /** The long way. A function of its own, so that V8 inlines the short one: else a join takes 15 ns in a third of all processes, not 14. */
  #request(payload: unknown, options: RequestOptions | undefined): Promise<unknown> {
    const checked = options === undefined ? NO_OPTIONS : checkRequest(options, this.#front.links.targetNames);
    const boarding = this.#boardingOf(payload, checked);
    const kept = this.#kept.answer(boarding, checked.fresh);
    if (kept !== null) return kept.promise;
    const flight = this.#board(boarding, checked.fresh);
    const isLeader = this.#hasLaunched;
    const ticket = isLeader ? null : this.#alone.ticketOf(boarding, checked, flight);
    const promise = this.#front.waiters.add(flight, checked, isLeader);
    return ticket === null ? promise : this.#alone.orAlone(promise, ticket);
  }

  async outcome(payload: unknown, options?: RequestOptions): Promise<Outcome<unknown>> {
    const startedAt = this.#seam.now();
    let flight: Flight | null = null;
    let kept: KeptAnswer | null = null;
    let isLeader = true;
    let checked: RequestOptions | null = null;
    const told = (): Omit<Outcome<unknown>, 'status'> => {
      const now = this.#seam.now();
      const report = kept?.late.report ?? flight?.report(now) ?? NO_FLIGHT;
      const isStale = flight?.incidents.isStale === true && checked?.fresh !== true;
      const role = kept?.role ?? (isStale ? 'stale' : isLeader ? 'leader' : 'follower');
      return { role, waitedMs: now - startedAt, ...report };
    };
    try {
      checked = checkRequest(options, this.#front.links.targetNames);
      const boarding = this.#boardingOf(payload, checked);
      kept = this.#kept.answer(boarding, checked.fresh);
      if (kept !== null) return { status: 'fulfilled', value: await kept.promise, ...told() };
      flight = this.#board(boarding, checked.fresh);
      isLeader = this.#hasLaunched;
      const ticket = isLeader ? null : this.#alone.ticketOf(boarding, checked, flight);
      let value = await this.#front.waiters.add(flight, checked, isLeader);
      if (ticket !== null && this.#alone.isReleased(value)) {
        flight = this.#alone.launch(ticket);
        isLeader = true;
        value = await this.#alone.wait(flight, ticket);
      }
      return { status: 'fulfilled', value, ...told() };
    } catch (thrown) {
      const reason = flight === null && kept === null ? watching.refused(this.#front, thrown) : thrown;
      // Before boarding, only a refusal is an operating error; anything else is a mistake in the call, and must be seen.
      const isOperating = checked?.signal?.aborted === true || isRefusal(reason);
      if (flight === null && kept === null && !isOperating) throw reason;
      return { status: 'rejected', reason, ...told() };
    }
  }

  stream(payload: unknown, options?: StreamOptions): FlightStream<unknown> {
    const startedAt = this.#seam.now();
    const told = (report: FlightReport, isLeader: boolean, at: number) =>
      ({ role: isLeader ? 'leader' : 'follower', waitedMs: at - startedAt, ...report }) as const;
    let flight: Flight | null = null;
    try {
      const checked = checkStream(options, this.#front.links.targetNames);
      const { from = 0 } = checked;
      const boarded = (flight = this.#board(this.#boardingOf(payload, checked), checked.fresh, checked));
      const isLeader = this.#hasLaunched;
      const reader: Reader = this.#front.waiters.read(boarded, this.#front.streaming.openTo(boarded), checked, { isLeader, from });
      return new SharedStream(reader, async () => {
        const { ending } = reader;
        const end = await ending.ended;
        const outcome = told(boarded.report(this.#seam.now()), isLeader, ending.at);
        if (end.status === 'rejected') return { status: 'rejected', reason: end.reason, ...outcome };
        return { status: 'fulfilled', value: ending.chunks, ...outcome };
      });
    } catch (error) {
      // If it launched or joined, it is counted already: its flight ended before it could wait.
      const reason = flight === null ? watching.refused(this.#front, error) : error;
      const outcome = { status: 'rejected', reason, ...told(flight?.report(this.#seam.now()) ?? NO_FLIGHT, true, startedAt) } as const;
      return new SharedStream(refusedSource(reason), () => Promise.resolve(outcome));
    }
  }

  /** Whose request it is, and for what. */
  #boardingOf(payload: unknown, { scope: requestedScope, key: requestedKey, targets, signal }: RequestOptions): Boarding {
    if (signal?.aborted === true) throw signal.reason;
    const scope = this.#identities.scope(payload, requestedScope);
    const { key, form } = this.#identities.key(payload, requestedKey);
    const route = targets === undefined ? null : [...targets]; // its owner may change the list
    const routeId = routeIdOf(route, this.#front.links);
    const index = key === null ? '' : indexOf(key);
    const hasLongKey = key !== null && index !== key;
    if (key !== null && this.#alone.isForOne({ scope, index, hasLongKey, routeId }))
      return { scope, ...ALONE, route, routeId, payload, carried: undefined };
    return { scope, key, index, hasLongKey, form, route, routeId, payload, carried: undefined };
  }

  /** The flight for a boarding: one in the air, or a new one. `from` and `flight`: where a reader goes on. */
  #board(boarding: Boarding, fresh: boolean | undefined, { from = 0, flight: wanted }: StreamOptions = NO_OPTIONS): Flight {
    const { scope, key, index, routeId } = boarding;
    const found = key === null || fresh === true ? undefined : this.#front.find(routeId, scope, index, key);
    this.#hasLaunched = found === undefined;
    if (found !== undefined && (wanted === undefined || wanted === found.id)) return found;
    // Another flight's chunks after that place need not match those before it.
    if (from > 0 || wanted !== undefined) throw this.#front.failures.gone(key, from, wanted);
    const flight = this.#launch(boarding, fresh !== true && !boarding.hasLongKey);
    // Set again: during its call the target may have requested flights of its own.
    this.#hasLaunched = true;
    return flight;
  }

  #launch(boarded: Boarded, isFree: boolean): Flight {
    try {
      return this.#front.launch(boarded, isFree);
    } catch (error) {
      throw this.#front.failures.named(keyOf(boarded), error);
    }
  }

  identify(payload: unknown, options?: RequestOptions): Identity {
    const { scope, key } = checkRequest(options, this.#front.links.targetNames);
    return { scope: this.#identities.scope(payload, scope), key: this.#identities.key(payload, key).key };
  }

  forget(which: Which<unknown>): number {
    const selection = this.#select(which);
    // Even one that is just being kept: `ttlMs` is a user's function, and may call this.
    const found = this.#front.airborne.filter(selection.fits);
    const current = found.filter(({ isCurrent }) => isCurrent);
    for (const flight of found) flight.ownIncidents().isForgotten = true;
    for (const flight of current) this.#front.detach(flight);
    return current.length + (this.#front.waiters.keeping?.forget(selection) ?? 0);
  }

  cancel(which: Which<unknown>, reason?: unknown): number {
    const flying = this.#flying(which);
    for (const flight of flying) {
      endsFor('cancelled', flight);
      this.#front.end(flight, 'rejected', this.#front.failures.cancelled(flight, reason));
    }
    return flying.length;
  }

  waiters(which: Which<unknown>): number {
    return this.#flying(which).reduce((sum, { waiting }) => sum + waiting, 0);
  }

  async explain(which: Which<unknown>): Promise<Explanation | null> {
    const { fits } = this.#select(which);
    const flight = this.#flying(which).at(-1);
    if (flight !== undefined) return storyOf(flight, await this.#front.links.flying(flight));
    const settled = this.#front.stories.find(fits);
    return settled === null ? null : storyOf(settled, []);
  }

  stats(): Stats {
    return statsOf(this.#front);
  }

  idle(): Promise<void> {
    return this.#front.airborne.empty();
  }

  async close(options: CloseOptions = {}): Promise<void> {
    const drainMs = drainMsOf(options);
    await (this.#closing ??= drain(this.#front, this.#seam, drainMs));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #select(which: Which<unknown>): Selection {
    return selectionOf(which, (payload, scope) => this.identify(payload, scope === undefined ? undefined : { scope }), this.#options.name);
  }

  /** All flights in the air with this identity: the one that may be joined, older ones, and those too old to join. */
  #flying(which: Which<unknown>): Flight[] {
    const { fits } = this.#select(which);
    return this.#front.airborne.filter((flight) => isFlying(flight) && fits(flight));
  }
}
