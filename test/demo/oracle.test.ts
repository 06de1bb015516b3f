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

test('a flight that was hit begins anew when it did in the run, and the others are left alone', () => {
  const leader = at(0, 'hit');
  const arrivals = [leader, at(0, 'spared'), at(919, 'hit'), at(919, 'spared'), at(920, 'hit')];
  const loss = { question: leader.question, atMs: 400, againAtMs: 420 };
  assert.deepEqual(idealOf(arrivals, [loss]), { flights: 4, joins: 1, waitersMost: 2 });
});

test('its own loss counts however late it came; that of another leader only while the flight is in the air', () => {
  const leader = at(0, 'a');
  const joinsAfter = (question: Arrival['question'], atMs: number): number =>
    idealOf([leader, at(900, 'a')], [{ question, atMs, againAtMs: atMs + 10 }]).joins;
  assert.equal(joinsAfter(leader.question, 600), 1);
  assert.equal(joinsAfter(at(10, 'a').question, 490), 1);
  assert.equal(joinsAfter(at(10, 'a').question, 600), 0);
  assert.equal(joinsAfter(at(10, 'b').question, 490), 0);
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
