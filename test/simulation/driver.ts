/** What users and the world outside do in one schedule: requests in bursts, aborted signals, forget and cancel, threads that die. */
import { isCoalescerError } from '../../src/errors.js';
import type { AttemptReport, Outcome } from '../../src/reports.js';
import type { RequestOptions } from '../../src/requests.js';
import { hedgeDueAt } from './hedge-swarm.js';
import { ReaderDriver } from './reader-driver.js';
import { Session } from './session.js';
import { newReader } from './stream-traces.js';
import type { RequestTrace } from './traces.js';
import type { Payload } from './upstream.js';
import type { World } from './world.js';

/** Somebody who asks again because it failed does so this often in a row. */
const REPEATS_MAX = 3;
/** Of so many signals one is Node's own. */
const NODES_SIGNALS = 4;

export class Driver {
  readonly #world: World;
  readonly #readers: ReaderDriver;
  readonly sessions: Session[] = [];
  closing: Promise<void> | null = null;

  constructor(world: World) {
    this.#world = world;
    this.#readers = new ReaderDriver(world);
  }

  /** Lays out what will happen. */
  plan(): void {
    const { random, swarm, scheduler, front } = this.#world;
    const { faults, requests, spanMs, forOne } = swarm;
    for (let left = requests; left > 0; ) {
      const burst = Math.min(left, faults.bursts ? random.whole(1, 8) : 1);
      left -= burst;
      const payload = this.#payload();
      this.#someTime(() => {
        for (let one = 0; one < burst; one++) this.#ask(random.chance(0.8) ? payload : this.#payload());
      });
    }
    for (const at of forOne?.returns ?? []) scheduler.at(at, front, () => this.#ask(this.#payload()));
    if (faults.forgets) this.#sometimes(3, () => this.#forget());
    if (faults.cancels) this.#sometimes(2, () => this.#cancel());
    if (random.chance(0.2)) this.#sometimes(2, () => this.#explain());
    if (random.chance(0.2)) this.#sometimes(2, () => this.#ready());
    this.#planFaults();
    if (faults.earlyClose && random.chance(0.4)) this.#someTime(() => this.close(), spanMs / 2);
  }

  #planFaults(): void {
    const { random, swarm, front, machine } = this.#world;
    const { faults, threads, heartbeatMs } = swarm;
    if (faults.frontStalls) this.#sometimes(2, () => front.pause(random.between(1, 120)), machine);
    if (threads === 0) return;
    const life = (): World['hosts']['living'][number] | undefined => random.pick(this.#world.hosts.living);
    if (faults.deaths) this.#sometimes(4, () => life()?.die('by chance'), machine);
    if (faults.hangs) this.#sometimes(2, () => life()?.hang('by chance'), machine);
    if (faults.pauses) this.#sometimes(2, () => life()?.loop.pause(random.between(1, heartbeatMs * 1.5)), machine);
  }

  #sometimes(most: number, act: () => void, loop = this.#world.front): void {
    for (let times = this.#world.random.whole(0, most); times > 0; times--) this.#someTime(act, 0, loop);
  }

  #someTime(act: () => void, least = 0, loop = this.#world.front): void {
    const { random, scheduler, swarm } = this.#world;
    scheduler.at(random.between(least, swarm.spanMs), loop, act);
  }

  #payload(): number {
    const { random, swarm } = this.#world;
    return random.zipf(swarm.keyCount, swarm.zipf);
  }

  #ask(payload: number, repeats = 0): void {
    const { random, swarm, coalescer, requestWatch, hedgeWatch, keepWatch, witness } = this.#world;
    const request = this.#draw(payload);
    const given = { payload } satisfies Payload;
    const options = this.#optionsOf(request);
    witness.forOne?.asks(request);
    const settled = (isValue: boolean, result: unknown): void => {
      if (request.kept === null) requestWatch.settled(request, isValue, result);
      else keepWatch?.settled(request, request.kept, isValue, result);
      // In the very turn in which it was told: it must not meet what has just ended.
      if (!isValue && repeats < REPEATS_MAX && swarm.faults.bursts && random.chance(0.2)) this.#ask(payload, repeats + 1);
    };
    const reported = (attempts: readonly AttemptReport[], isAll: boolean): void => {
      if (request.flight !== null) hedgeWatch.reported(request.flight, attempts, isAll);
    };
    const fulfilled = (value: unknown): void => settled(true, value);
    const rejected = (error: unknown): void => {
      if (isCoalescerError(error) && error.attempts !== undefined) reported(error.attempts, error.code === 'COALESCER_TARGETS_FAILED');
      settled(false, error);
    };
    const told = (outcome: Outcome<unknown>): void => {
      if (request.kept !== null) return keepWatch?.outcome(request, request.kept, outcome);
      requestWatch.outcome(request, outcome);
      // What was kept may stand in for a flight that the front cut short.
      reported(outcome.attempts, outcome.status === 'fulfilled' && outcome.role !== 'stale' && reader === null);
    };
    const { reader } = request;
    if (reader !== null) {
      const stream = requestWatch.asking(request, () => coalescer.stream(given, { from: reader.from, ...options }));
      void stream.outcome.then((outcome) => {
        told(outcome);
        if (outcome.status === 'fulfilled') fulfilled(outcome.value);
        else rejected(outcome.reason);
      });
      return this.#readers.read(request, reader, stream);
    }
    if (random.chance(0.8)) {
      requestWatch.asking(request, () => coalescer.request(given, options)).then(fulfilled, rejected);
      return;
    }
    requestWatch
      .asking(request, () => coalescer.outcome(given, options))
      .then((outcome) => {
        told(outcome);
        if (outcome.status === 'fulfilled') fulfilled(outcome.value);
        else rejected(outcome.reason);
      }, rejected);
  }

  #draw(payload: number): RequestTrace {
    const { random, swarm, scheduler, front, library, witness } = this.#world;
    const { faults, scopes, targetNames, options, streams } = swarm;
    const isShared = !(faults.unshared && random.chance(0.1));
    const route = faults.routes && random.chance(0.2) ? this.#route() : null;
    const known = library.links.targetNames;
    const isReading = streams !== null && random.chance(streams.readerShare);
    const isAll = route !== null && known !== null && route.join() === known.join() && (witness.steer?.version ?? 0) === 0;
    const request: RequestTrace = {
      number: witness.requests.length + 1,
      payload,
      scope: random.pick(scopes),
      key: isShared ? this.#keyOf(payload) : null,
      route: route ?? targetNames,
      routeId: route === null || isAll ? null : JSON.stringify(route),
      askedAt: scheduler.now,
      timeoutMs: faults.timeouts && random.chance(0.3) ? this.#within(options.flightTimeoutMs * 1.2) : undefined,
      signal: faults.signals && random.chance(0.4) ? this.#session().signal : null,
      isFresh: faults.freshness && random.chance(0.1),
      stalledMs: front.pausedMs,
      reader: isReading ? newReader(random.chance(0.1) ? random.whole(1, 12) : 0) : null,
      flight: null,
      kept: null,
      isLeader: false,
      mustLeave: false,
      isRefused: false,
      settles: 0,
      airborne: 0,
      couldJoin: false,
    };
    if (request.signal !== null) this.sessions.find(({ signal }) => signal === request.signal)?.requests.push(request);
    return request;
  }

  #optionsOf({ scope, key, route, timeoutMs, signal, isFresh }: RequestTrace): RequestOptions {
    const options: { -readonly [Name in keyof RequestOptions]: RequestOptions[Name] } = {};
    if (scope !== null) options.scope = scope;
    if (key === null) options.key = null;
    if (route !== this.#world.swarm.targetNames) options.targets = route;
    if (timeoutMs !== undefined) options.timeoutMs = timeoutMs;
    if (signal !== null) options.signal = signal;
    if (isFresh) options.fresh = true;
    return options;
  }

  /** Some time from now; where attempts are hedged, often when one that begins now would be. */
  #within(ms: number): number {
    const { random, swarm, scheduler } = this.#world;
    if (swarm.hedge === null || !random.chance(swarm.hedge.coincidence)) return random.between(1, ms);
    return hedgeDueAt(swarm.hedge, scheduler.now) - scheduler.now;
  }

  /** Some targets, in an order of their own. */
  #route(): readonly string[] {
    const { random, swarm } = this.#world;
    const names = [...swarm.targetNames];
    const route: string[] = [];
    for (let count = random.whole(1, names.length); count > 0; count--) route.push(...names.splice(random.whole(0, names.length - 1), 1));
    return route;
  }

  /** A signal: mostly one request's own, sometimes that of others too. */
  #session(): Session {
    const { random, scheduler, front, requestWatch } = this.#world;
    const last = this.sessions.at(-1);
    if (last !== undefined && random.chance(0.2)) return last;
    const session = new Session(this.sessions.length % NODES_SIGNALS === 0);
    this.sessions.push(session);
    const abort = (): void => {
      for (const request of session.requests) requestWatch.aborted(request);
      session.abort(new Error('left'));
    };
    if (random.chance(0.05)) abort();
    else if (random.chance(0.7)) scheduler.at(scheduler.now + this.#within(60), front, abort);
    return session;
  }

  #which(): { readonly payload: Payload; readonly scope?: string } {
    const { random, swarm } = this.#world;
    const scope = random.pick(swarm.scopes);
    const payload = { payload: this.#payload() };
    return scope === null ? { payload } : { payload, scope };
  }

  #keyOf(payload: number): string {
    return this.#world.swarm.hasKeyFunction ? `key ${payload}` : `{"payload":${payload}}`;
  }

  #forget(): void {
    const { coalescer, requestWatch, keepWatch } = this.#world;
    const which = this.#which();
    requestWatch.forgets(which.scope ?? null, which.payload.payload);
    keepWatch?.forgets(which.scope ?? null, this.#keyOf(which.payload.payload));
    coalescer.forget(which);
  }

  #cancel(): void {
    const { coalescer, requestWatch, witness } = this.#world;
    const which = this.#which();
    const flying = requestWatch.cancels(which.scope ?? null, which.payload.payload);
    const told = coalescer.cancel(which, 'stop');
    witness.require(told === flying, 'I8', () => `cancel() ended ${told} flights of ${flying}`);
  }

  #explain(): void {
    const { coalescer, witness } = this.#world;
    coalescer.explain(this.#which()).catch((error: unknown) => witness.violate('explain', String(error)));
  }

  /** It settles, sooner or later; how is not its business. */
  #ready(): void {
    const { coalescer, witness } = this.#world;
    witness.waitingForReady++;
    const done = (): void => void witness.waitingForReady--;
    coalescer.ready().then(done, done);
  }

  close(): void {
    const { coalescer, witness, swarm } = this.#world;
    if (this.closing !== null) return;
    witness.drainsUntil = witness.now + swarm.drainMs;
    witness.note('close', swarm.drainMs);
    this.closing = coalescer.close({ drainMs: swarm.drainMs });
  }
}
