// The oracle against hand-made cases, against a second definition of the same thing, and against the published figures of the real traces.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { idealOf } from '../../demo/oracle.js';
import { flightTimeMs } from '../../demo/question.js';
import { readTrace } from '../../demo/trace-files.js';
import { type Arrival, makeTraffic, ownTraffic, spedUp } from '../../demo/traffic.js';

/** 10 tokens are in the air for 500 ms. */
function at(atMs: number, key: string, tokens = 10): Arrival {
  return { atMs, question: { kind: 'question', key, promptTokens: 1, tokens } };
}

test('a request joins the flight of its key that is in the air, and no other', () => {
  assert.deepEqual(idealOf([at(0, 'a'), at(100, 'b'), at(499, 'a')]), { flights: 2, joins: 1, waitersMost: 2 });
});

test('a request at the instant of landing launches anew', () => {
  assert.deepEqual(idealOf([at(0, 'a'), at(500, 'a')]), { flights: 2, joins: 0, waitersMost: 1 });
});

test('the leader decides how long a flight takes; a joined request does not make it longer', () => {
  const arrivals = [at(0, 'a', 10), at(400, 'a', 1_000), at(600, 'a', 10), at(700, 'a')];
  assert.deepEqual(idealOf(arrivals), { flights: 2, joins: 2, waitersMost: 2 });
});

test('of no requests there is nothing', () => {
  assert.deepEqual(idealOf([]), { flights: 0, joins: 0, waitersMost: 0 });
});

test('a kill makes the flights in the air that it hits begin anew, and leaves the others alone', () => {
  const arrivals = [at(0, 'hit'), at(0, 'spared'), at(0, 'landed', 1), at(700, 'hit'), at(700, 'spared'), at(901, 'hit')];
  const kill = { atMs: 400, hits: (key: string) => key !== 'spared' };
  assert.deepEqual(idealOf(arrivals, [kill]), { flights: 5, joins: 1, waitersMost: 2 });
});

test('a flight that begins anew can be hit again', () => {
  const kills = [400, 800].map((atMs) => ({ atMs, hits: () => true }));
  assert.equal(idealOf([at(0, 'a'), at(1_299, 'a')], kills).joins, 1);
  assert.equal(idealOf([at(0, 'a'), at(1_300, 'a')], kills).joins, 0);
});

test('it agrees with a definition that looks at every earlier flight', () => {
  const arrivals = makeTraffic({ ...ownTraffic, seed: 5, keys: 40, durationMs: 6_000 });
  const flights: Arrival[] = [];
  for (const arrival of arrivals) {
    const { key } = arrival.question;
    const isInAir = (flight: Arrival): boolean =>
      flight.question.key === key && arrival.atMs < flight.atMs + flightTimeMs(flight.question.tokens);
    if (!flights.some(isInAir)) flights.push(arrival);
  }
  assert.ok(arrivals.length > 500);
  assert.equal(idealOf(arrivals).flights, flights.length);
});

/** Beside the repository; this file runs from its dist/test/demo. */
const traces = join(import.meta.dirname, '..', '..', '..', '..', 'shared', 'traces');
const files = { arrivals: join(traces, 'azure-llm-2023-conversation.csv'), keys: join(traces, 'web12-product-pages.txt') };

test('its figures for the real traces are the published ones', {
  skip: existsSync(files.arrivals) ? false : 'the traces are not here',
}, () => {
  const arrivals = readTrace(files);
  const figures = [1, 10, 100].map((speed) => {
    const { joins, waitersMost } = idealOf(spedUp(arrivals, speed));
    return [joins, waitersMost];
  });
  assert.equal(arrivals.length, 15_492);
  assert.deepEqual(figures, [
    [2_866, 12],
    [4_877, 22],
    [7_552, 75],
  ]);
});
