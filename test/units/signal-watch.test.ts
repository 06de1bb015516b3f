// One listener for each signal, however many waiters have it, gone with the last of them; an abort reaches each waiter once.
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { SignalWatch } from '../../src/leaving.js';
import { type Seat, Waiter } from '../../src/waiter.js';
import { flightOf } from './flights.js';

function watching(count: number) {
  const left: Seat[] = [];
  const controller = new AbortController();
  const watch = new SignalWatch();
  const flight = flightOf();
  const waiters = Array.from(
    { length: count },
    () => new Waiter(flight, controller.signal, { waiterLeft: (waiter) => void left.push(waiter) }),
  );
  for (const waiter of waiters) watch.add(controller.signal, waiter);
  return { left, controller, watch, waiters, flight, listeners: () => getEventListeners(controller.signal, 'abort').length };
}

test('two thousand waiters with one signal are one listener, and an abort reaches each of them once', () => {
  const { left, controller, watch, waiters, listeners } = watching(2_000);
  assert.deepEqual([watch.size, listeners()], [1, 1]);
  controller.abort();
  assert.deepEqual(left, waiters);
  assert.deepEqual([watch.size, listeners()], [0, 0]);
});

test('the listener goes with the last waiter, and whoever was removed is not told', () => {
  const { left, controller, watch, waiters, listeners } = watching(3);
  const [first, second, third] = waiters as [Waiter, Waiter, Waiter];
  watch.remove(controller.signal, first);
  watch.remove(controller.signal, first);
  watch.remove(controller.signal, third);
  assert.equal(listeners(), 1);
  watch.remove(controller.signal, second);
  assert.deepEqual([watch.size, listeners()], [0, 0]);
  controller.abort();
  assert.deepEqual(left, []);
});

test('waiters are linked in the order they came, and any of them can be taken out', () => {
  const { flight, waiters } = watching(4);
  const listed = (): Seat[] => {
    const found: Seat[] = [];
    for (let waiter = flight.firstWaiter; waiter !== null; waiter = waiter.next) found.push(waiter);
    return found;
  };
  assert.deepEqual(listed(), waiters);
  const [first, second, third, fourth] = waiters as [Waiter, Waiter, Waiter, Waiter];
  second.unlink();
  assert.deepEqual(listed(), [first, third, fourth]);
  fourth.unlink();
  first.unlink();
  assert.deepEqual(listed(), [third]);
  third.unlink();
  assert.deepEqual([listed(), flight.firstWaiter], [[], null]);
  const late = new Waiter(flight, null, { waiterLeft: () => undefined });
  assert.deepEqual([listed(), late.isSeated, third.isSeated], [[late], true, false]);
});
