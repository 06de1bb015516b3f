// What happened to a flight, in order, as data and as text; and the ring of stories, which never grows and finds the newest.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SettledStory, storyOf } from '../../src/story.js';
import { StoryRing } from '../../src/story-ring.js';
import { flightOf } from './flights.js';

test('a story tells launch, attempts, failover, relaunch, joins and settling in the order of time', () => {
  const flight = flightOf({ key: 'k', launchedAt: 100 });
  flight.joined = 3;
  flight.attempted({
    target: 'a',
    attempt: 1,
    startedAt: 100,
    endedAt: 110,
    end: 'failed',
    status: 503,
    message: 'down',
    verdict: 'failover',
    next: 'b',
    waitMs: 0,
  });
  flight.attempted({ target: 'b', attempt: 2, startedAt: 140, endedAt: 150, end: 'value' });
  flight.ownIncidents().relaunches = [{ at: 130, why: 'thread lost' }];
  flight.status = 'fulfilled';
  flight.endedAt = 150;
  const story = storyOf(flight, []);
  assert.deepEqual(
    story.events.map(({ atMs, what }) => [atMs, what]),
    [
      [0, 'launched'],
      [0, 'attempt'],
      [0, 'joined'],
      [10, 'failed'],
      [10, 'failover'],
      [30, 'relaunched'],
      [40, 'attempt'],
      [50, 'value'],
      [50, 'settled'],
    ],
  );
  assert.equal(story.toString().split('\n').length, 9);
  assert.match(story.toString(), /failover: from a, to b/);
});

test('in one instant a thread is lost, its flight is launched again, goes on elsewhere, and calls there', () => {
  const flight = flightOf({ launchedAt: 100 });
  flight.attempted({ target: 'a', attempt: 1, startedAt: 100, endedAt: 130, end: 'thread-lost', message: 'the thread died' });
  flight.ownIncidents().relaunches = [{ at: 130, why: 'the thread died' }];
  flight.attempted({ target: 'b', attempt: 2, startedAt: 130, endedAt: 150, end: 'value' });
  assert.deepEqual(
    storyOf(flight, []).events.map(({ what }) => what),
    ['launched', 'attempt', 'thread-lost', 'relaunched', 'failover', 'attempt', 'value'],
  );
});

test('the attempt in the air is told, and a flight in the air has not settled', () => {
  const events = storyOf(flightOf({ launchedAt: 5 }), [{ target: 'a', startedAt: 7, isHedge: false }]).events;
  assert.deepEqual(
    events.map(({ atMs, what }) => [atMs, what]),
    [
      [0, 'launched'],
      [2, 'attempt'],
    ],
  );
});

test('the ring keeps the last stories and finds the newest that fits', () => {
  const ring = new StoryRing(4);
  assert.equal(
    ring.find(() => true),
    null,
  );
  const flights = Array.from({ length: 10 }, (_, index) => flightOf({ key: `${index % 2}` }));
  for (const flight of flights) ring.add(flight);
  assert.equal(
    ring.find(() => true),
    flights[9],
  );
  assert.equal(
    ring.find(({ key }) => key === '0'),
    flights[8],
  );
  assert.equal(
    ring.find((flight) => flight === flights[6]),
    flights[6],
  );
  assert.equal(
    ring.find((flight) => flight === flights[5]),
    null,
  );
});

test('what is told of a flight that has settled stays as it was, whatever its thread tells later', () => {
  const attempt = { target: 'a', attempt: 1, startedAt: 100, endedAt: 110, end: 'timed-out' } as const;
  for (const told of [[], [attempt], [attempt, { ...attempt, attempt: 2 }]]) {
    const flight = flightOf({ launchedAt: 100 });
    for (const one of told) flight.attempted(one);
    flight.status = 'rejected';
    flight.endedAt = 120;
    const story = new SettledStory(flight);
    const report = flight.report();
    flight.attempted({ target: 'a', attempt: 3, startedAt: 110, endedAt: 900, end: 'value' });
    flight.attempted({ target: 'a', attempt: 4, startedAt: 110, endedAt: 900, end: 'value' });
    flight.joined++;
    assert.deepEqual(story.report(), report);
    assert.equal(report.attempts.length, told.length);
  }
});
