/**
 * Taps on the real front and links: what passes there is seen by the watches, and goes on unchanged. They are put in as literals: V8 makes the
 * function of `x.y = () => …` in its old space, where it holds its whole world until the next major collection (a quarter of the time went there).
 */
import { AloneFlights, type Ticket } from '../../src/alone.js';
import type { Boarded } from '../../src/boarding.js';
import type { Flight } from '../../src/flight.js';
import type { Selection } from '../../src/selection.js';
import type { KeptAnswer, Keeping } from '../../src/keeping.js';
import type { KeptIdentity } from '../../src/kept.js';
import type { Front } from '../../src/front.js';
import type { LinkReceiver, Links } from '../../src/links.js';
import type { Reader } from '../../src/reader.js';
import type { RequestOptions } from '../../src/requests.js';
import type { Stream } from '../../src/stream.js';
import type { LeaveReason, Seat } from '../../src/waiter.js';
import { straightAttempt } from '../../src/story.js';
import type { ForOneWatch } from './for-one-watch.js';
import { swap } from './planting.js';
import type { SimLife } from './sim-life.js';
import type { RequestTrace } from './traces.js';
import { codeOf } from './verdict-on-errors.js';
import type { World } from './world.js';

/** What links tell the front. */
export function tapReceiver({ witness, flightWatch, requestWatch, streamWatch }: World, receiver: LinkReceiver): LinkReceiver {
  return {
    airborne: receiver.airborne,
    attempted(flight, attempt) {
      witness.note('attempted', flight.number, attempt.attempt, attempt.target, attempt.end, attempt.next ?? null);
      flightWatch.told(flight, attempt);
      receiver.attempted(flight, attempt);
    },
    streaming: {
      opened(flight, attempt, target) {
        if (flight.status === 'flying') streamWatch.opened(flight, attempt, target);
        receiver.streaming.opened(flight, attempt, target);
      },
      chunk(flight, chunk, cost) {
        const before = flight.chunksGiven;
        const wasFlying = flight.status === 'flying';
        // Counted first: those who read it at once are told of it in between.
        if (wasFlying) streamWatch.checkLags(flight);
        streamWatch.coming = wasFlying ? { flight, before, cost } : null;
        receiver.streaming.chunk(flight, chunk, cost);
        streamWatch.came();
        streamWatch.coming = null;
      },
    },
    fulfilled(flight, attempt, value) {
      requestWatch.airborne--;
      flightWatch.told(flight, attempt);
      flightWatch.landed(flight);
      // What is refused because somebody reads is no chunk.
      if (witness.forOne?.mayRefuse(witness.flight(flight.number)) !== true) streamWatch.gaveValue(flight, value);
      receiver.fulfilled(flight, attempt, value);
    },
    wentStraight(flight, value, endedAt) {
      requestWatch.airborne--;
      flightWatch.told(flight, straightAttempt(flight, endedAt));
      flightWatch.landed(flight);
      streamWatch.gaveValue(flight, value);
      receiver.wentStraight(flight, value, endedAt);
    },
    failed(flight, attempt, failure, error) {
      requestWatch.airborne--;
      if (attempt !== null) flightWatch.told(flight, attempt);
      flightWatch.landed(flight);
      receiver.failed(flight, attempt, failure, error);
    },
    relaunched(flight, why) {
      witness.note('relaunched', flight.number, why);
      receiver.relaunched(flight, why);
    },
    breaker(target, from, to) {
      witness.note('breaker', target, from, to);
      witness.health?.look();
      receiver.breaker(target, from, to);
    },
    thread: (event, thread, relaunched) => receiver.thread(event, thread, relaunched),
  };
}

/** What the front asks of links. */
export function tapLinks<Kind extends Links>({ witness, flightWatch, requestWatch }: World, links: Kind): Kind {
  const launch = links.launch.bind(links);
  const abandon = links.abandon.bind(links);
  return Object.assign(links, {
    launch(flight: Flight): void {
      witness.require(flight.status === 'flying', 'I4', () => `flight ${flight.number} is launched after its end`);
      launch(flight);
    },
    abandon(flight: Flight): void {
      if (flight.status === 'abandoned') requestWatch.abandoned(witness.flight(flight.number));
      flightWatch.abandoned(flight);
      (flight.passage.link?.life as SimLife | undefined)?.willAbandon(flight.number);
      abandon(flight);
    },
  });
}

/** Who comes on board, and what all of them are told. */
export function tapWaiters(world: World, front: Front): void {
  const { waiters } = front;
  const { witness, flightWatch, requestWatch, readerWatch, streamWatch, keepWatch } = world;
  if (waiters.keeping !== null) tapKeeping(world, waiters.keeping);
  tickets = null;
  if (witness.forOne !== null) tapLaunches(world, front, witness.forOne);
  const add = waiters.add.bind(waiters);
  const fulfil = waiters.fulfil.bind(waiters);
  const reject = waiters.reject.bind(waiters);
  const seatLeader = waiters.seatLeader.bind(waiters);
  const read = waiters.read.bind(waiters);
  const left = waiters.waiterLeft.bind(waiters);
  const refuseValue = waiters.refuseValue.bind(waiters);
  Object.assign(waiters, {
    seatLeader(flight: Flight): void {
      // The leader has its seat before its target runs.
      requestWatch.launching(flight.number);
      seatLeader(flight);
    },
    add(flight: Flight, options: RequestOptions, isLeader: boolean): Promise<unknown> {
      const request = requestWatch.boarded(flight);
      witness.forOne?.boarded(flight, request);
      if (request.flight?.stream) streamWatch.paced(request.flight);
      return add(flight, options, isLeader);
    },
    read(flight: Flight, stream: Stream, options: RequestOptions, place: { isLeader: boolean; from: number }): Reader {
      const request = requestWatch.boarded(flight);
      witness.forOne?.boarded(flight, request);
      // First: one that begins further on takes what there is by coming, and upstream is asked for more in this very turn.
      if (request.flight !== null) streamWatch.paced(request.flight);
      const reader = read(flight, stream, options, place);
      readerWatch.seated(reader, request);
      return reader;
    },
    waiterLeft(waiter: Seat, why: LeaveReason): void {
      if (why === 'lagging') readerWatch.cut(waiter);
      readerWatch.leaves(waiter);
      if (waiter.flight.waiting === 1) streamWatch.unpaced(waiter.flight);
      left(waiter, why);
    },
    refuseValue(flight: Flight, error: unknown): void {
      streamWatch.refused(flight, error);
      requestWatch.refused(flight);
      refuseValue(flight, error);
    },
    fulfil(flight: Flight, value: unknown): void {
      flightWatch.settles(flight, true, value);
      const trace = witness.flight(flight.number);
      if (witness.forOne?.gave(trace) === true) keepWatch?.gaveToOne(flight, trace);
      else keepWatch?.gave(flight, trace, value);
      fulfil(flight, value);
    },
    reject(flight: Flight, error: unknown): void {
      flightWatch.settles(flight, false, error);
      const trace = witness.flight(flight.number);
      if (codeOf(error) === 'COALESCER_NOT_SHAREABLE') witness.forOne?.refused(trace);
      const standIn = keepWatch?.failed(flight, trace, error) ?? null;
      if (standIn !== null) {
        trace.end = { isValue: true, result: standIn.value, at: witness.now };
        trace.failure = { isValue: false, result: error };
      }
      reject(flight, error);
      witness.require(
        flight.incidents.isStale === (standIn !== null),
        'keep',
        () => `flight ${flight.number}: a kept value for its failure is ${flight.incidents.isStale}`,
      );
    },
  });
}

/** Told whose tickets are taken and flown, in the schedule that runs now. */
let tickets: { taken(ticket: Ticket): void; flown(ticket: Ticket): void } | null = null;

// Once: whoever puts a bug in there does so around these.
swap(AloneFlights.prototype, 'ticketOf', (ticketOf) => function (...given) {
  const ticket: Ticket | null = ticketOf.apply(this, given);
  if (ticket !== null) tickets?.taken(ticket);
  return ticket;
})(); // biome-ignore format: one thought
swap(AloneFlights.prototype, 'launch', (launch) => function (ticket) {
  tickets?.flown(ticket);
  return launch.call(this, ticket);
})(); // biome-ignore format: one thought

/** Those fly again who were released: out of no request, each with the ticket that it took when it joined. */
function tapLaunches({ requestWatch }: World, front: Front, forOne: ForOneWatch): void {
  const launch = front.launch.bind(front);
  const owners = new WeakMap<Ticket, RequestTrace | null>();
  let flying: RequestTrace | null = null;
  tickets = {
    taken: (ticket) => void owners.set(ticket, requestWatch.asker),
    flown: (ticket) => void (flying = owners.get(ticket) ?? null),
  };
  Object.assign(front, {
    launch(boarded: Boarded, isFree: boolean, isOwed?: boolean): Flight {
      if (requestWatch.asker !== null) return launch(boarded, isFree, isOwed);
      const request = forOne.flies(flying);
      flying = null;
      requestWatch.asker = request;
      try {
        const flight = launch(boarded, isFree, isOwed);
        forOne.flew(request);
        return flight;
      } finally {
        requestWatch.asker = null;
        request.airborne = requestWatch.airborne;
      }
    },
  });
}

/** What is given of what is kept. */
function tapKeeping({ requestWatch, keepWatch, witness }: World, keeping: Keeping): void {
  const answer = keeping.answer.bind(keeping);
  const forget = keeping.forget.bind(keeping);
  Object.assign(keeping, {
    forget(selection: Selection): number {
      const forgotten = forget(selection);
      // Closed: nothing is kept any more.
      if (witness.isClosing && keeping.size === 0) keepWatch?.close();
      return forgotten;
    },
    answer(identity: KeptIdentity, now: number): KeptAnswer | null {
      const answered = answer(identity, now);
      // A kept failure is told to its request later.
      void answered?.promise.catch(() => undefined);
      if (requestWatch.asker !== null) keepWatch?.asked(requestWatch.asker, answered, now);
      return answered;
    },
  });
}
