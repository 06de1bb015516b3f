// Two streams of one flight are out, and things happen at once. Whatever wins, readers and requests get all of one stream and nothing of the other; what the
// loser holds open is closed, and the winner keeps its full credit. Invariants I14, I17, I18, I19, I26; fault F10.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCoalescer } from '../../src/index.js';
import { AFTER_MS, assertNothingLeft, HEDGE, HEDGED_MS } from '../inline/hedge-stage.js';
import { countedEnvironment, httpError, watch, type Watched } from '../inline/stage.js';
import { codeOfReading, fedTarget, KB, openStreams, readAll, resumableTarget, turns, type FedTarget, type StreamStage } from './stage.js';

interface Race extends StreamStage {
  readonly primary: FedTarget;
  readonly backup: FedTarget;
  readonly reading: ReturnType<typeof readAll>;
  readonly value: Watched;
}

/** Two streams are out, and neither has given anything. */
async function race(): Promise<Race> {
  const [primary, backup] = [fedTarget(), fedTarget()];
  const stage = openStreams({ primary, backup }, { hedge: HEDGE });
  const reading = readAll(stage.coalescer.stream('a'));
  const value = watch(stage.coalescer.request('a'));
  await stage.environment.advance(HEDGED_MS);
  assert.deepEqual([primary.calls.length, backup.calls.length, reading.chunks], [1, 1, []]);
  return { ...stage, primary, backup, reading, value };
}

const DEEDS = ['gives', 'ends', 'fails'] as const;
type Deed = (typeof DEEDS)[number];

for (const [first, second] of [
  ['primary', 'backup'],
  ['backup', 'primary'],
] as const) {
  for (const one of DEEDS) {
    for (const other of DEEDS) {
      test(`in one turn the ${first} ${one} and then the ${second} ${other}: one stream for all`, async () => {
        const stage = await race();
        const act = (name: 'primary' | 'backup', deed: Deed): void => {
          const feed = stage[name].calls[0]!;
          if (deed === 'gives') feed.give(`${name} one`);
          else if (deed === 'ends') feed.end();
          else feed.fail(httpError(503));
        };
        act(first, one);
        act(second, other);
        await turns(stage.settled);
        for (const name of ['primary', 'backup'] as const) {
          stage[name].calls[0]!.give(`${name} two`);
          stage[name].calls[0]!.end();
        }
        await turns(stage.settled);
        assert.equal(stage.calls(), 2);
        const [winner, deed] = one === 'fails' ? [second, other] : [first, one];
        const chunks = deed === 'ends' ? [] : [`${winner} one`, `${winner} two`];
        if (deed === 'fails') assert.equal(codeOfReading(stage.reading), 'COALESCER_TARGETS_FAILED');
        else assert.deepEqual([stage.reading.chunks, stage.reading.state, stage.value.value], [chunks, 'ended', chunks]);
        await stage.environment.advance(20);
        assertNothingLeft(stage.coalescer, stage.environment);
      });
    }
  }
}

test('all of a long stream arrives that has won, and the loser is asked for one chunk only', async () => {
  for (const winner of ['primary', 'backup'] as const) {
    const { primary, backup, reading, value, settled } = await race();
    const [won, lost] = winner === 'primary' ? [primary.calls[0]!, backup.calls[0]!] : [backup.calls[0]!, primary.calls[0]!];
    for (let chunk = 0; chunk < 300; chunk++) won.give(`${chunk} ${KB}`);
    won.end();
    await turns(settled, 20);
    const chunks = Array.from({ length: 300 }, (_, chunk) => `${chunk} ${KB}`);
    assert.deepEqual([reading.state, lost.pulls], ['ended', 1]);
    assert.deepEqual(reading.chunks, chunks);
    assert.deepEqual(value.value, chunks);
  }
});

test('a stream that has won runs ahead of a reader that stands still as far as one that was alone', async () => {
  const pulled = async (isHedged: boolean): Promise<number> => {
    const [primary, backup] = [fedTarget(), fedTarget()];
    const { coalescer, environment, settled } = openStreams({ primary, backup }, { hedge: HEDGE });
    const iterator = coalescer.stream('a')[Symbol.asyncIterator]();
    const first = iterator.next();
    await environment.advance(isHedged ? HEDGED_MS : AFTER_MS / 2);
    const feed = (isHedged ? backup : primary).calls[0]!;
    for (let chunk = 0; chunk < 300; chunk++) feed.give(KB);
    await first;
    await turns(settled, 20);
    const { pulls } = feed;
    for (let chunk = 1; chunk < 300; chunk++) assert.equal((await iterator.next()).value, KB);
    feed.end();
    assert.equal((await iterator.next()).done, true);
    return pulls;
  };
  const alone = await pulled(false);
  assert.ok(alone < 100, `${alone} chunks`);
  assert.equal(await pulled(true), alone);
});

for (const midStream of ['verify', 'resume'] as const) {
  for (const winner of ['primary', 'backup'] as const) {
    test(`'${midStream}': the ${winner} has won and breaks off, and the next target goes on, unhedged`, async () => {
      const [primary, backup, third, fourth] = [resumableTarget(), resumableTarget(), resumableTarget(), resumableTarget()];
      const stage = openStreams({ primary, backup, third, fourth }, { hedge: HEDGE, streams: { midStream }, maxAttempts: 4 });
      const reading = readAll(stage.coalescer.stream('a'));
      await stage.environment.advance(HEDGED_MS);
      const won = (winner === 'primary' ? primary : backup).calls[0]!;
      won.give('one', 'two');
      await turns(stage.settled);
      won.fail(httpError(503));
      await turns(stage.settled);
      await stage.environment.advance(2_000);
      assert.deepEqual([stage.calls(), third.calls.length], [3, 1]);
      assert.deepEqual(third.calls[0]!.delivered, midStream === 'resume' ? ['one', 'two'] : null);
      if (midStream === 'verify') third.calls[0]!.give('one', 'two');
      third.calls[0]!.give('three');
      third.calls[0]!.end();
      await turns(stage.settled);
      assert.deepEqual([reading.chunks, reading.state], [['one', 'two', 'three'], 'ended']);
      await stage.environment.advance(20);
      assertNothingLeft(stage.coalescer, stage.environment);
    });
  }
}

test('a target that goes on in mid-air is not hedged', async () => {
  const [primary, backup, third] = [fedTarget(), fedTarget(), fedTarget()];
  const stage = openStreams({ primary, backup, third }, { hedge: HEDGE, streams: { midStream: 'verify' } });
  const reading = readAll(stage.coalescer.stream('a'));
  primary.calls[0]!.give('one');
  await turns(stage.settled);
  primary.calls[0]!.fail(httpError(503));
  await stage.environment.advance(2_000);
  assert.deepEqual([stage.calls(), third.calls.length, reading.chunks], [2, 0, ['one']]);
});

test('a stream that is hedged has the time to its first chunk that it would have alone', async () => {
  const { primary, backup, environment } = await race();
  await environment.advance(59_000);
  assert.equal(primary.calls[0]!.signal.aborted, false);
  await environment.advance(1_000);
  assert.deepEqual([primary.calls[0]!.signal.aborted, backup.calls[0]!.signal.aborted], [true, false]);
});

test('the place of a stream that has lost is taken at once by a flight that waits for it', async () => {
  const [primary, backup] = [fedTarget({ maxConcurrency: 1 }), fedTarget()];
  const stage = openStreams({ primary, backup }, { hedge: HEDGE });
  const reading = readAll(stage.coalescer.stream('a'));
  void watch(stage.coalescer.request('waits', { targets: ['primary'] }));
  await stage.environment.advance(HEDGED_MS);
  assert.deepEqual([primary.calls.length, backup.calls.length], [1, 1]);
  backup.calls[0]!.give('one');
  await turns(stage.settled);
  assert.deepEqual([reading.chunks, primary.calls[1]?.payload], [['one'], 'waits']);
});

test('a stream against a plain value: readers get all of what came first, and of the other nothing', async () => {
  for (const wins of ['value', 'stream'] as const) {
    const environment = countedEnvironment();
    const settled = (): Promise<void> => turns(() => environment.advance(0));
    const fed = fedTarget();
    let answer: (value: string) => void = () => undefined;
    const backup = (): Promise<string> =>
      new Promise((resolve) => {
        answer = resolve;
      });
    const targets = { primary: fed.spec, backup };
    const coalescer = createCoalescer({ scope: 'public', environment, hedge: HEDGE, streams: {}, targets });
    const reading = readAll(coalescer.stream('a'));
    const value = watch(coalescer.request('a'));
    await environment.advance(HEDGED_MS);
    const [feed] = fed.calls;
    if (wins === 'value') answer('plain');
    else feed!.give('chunk');
    await settled();
    answer('late');
    feed!.give('late');
    feed!.end();
    await settled();
    assert.equal(fed.calls.length, 1);
    assert.equal(feed!.isClosed, wins === 'value', 'the stream that lost is closed');
    if (wins === 'value') assert.deepEqual([reading.chunks, value.value], [['plain'], 'plain']);
    else
      assert.deepEqual(
        [reading.chunks, value.value],
        [
          ['chunk', 'late'],
          ['chunk', 'late'],
        ],
      );
    await environment.advance(20);
    assertNothingLeft(coalescer, environment);
  }
});

const PLACES = ['isComplete', 'its iterator', 'its first pull'] as const;
for (const where of PLACES) {
  test(`a hedge whose stream ends its own flight in ${where} strands nobody`, async () => {
    for (const act of ['cancel', 'forget', 'close', 'throw'] as const) {
      const environment = countedEnvironment();
      let calls = 0;
      const meddle = (place: (typeof PLACES)[number]): void => {
        if (place !== where) return;
        if (act === 'throw') throw httpError(503);
        if (act === 'close') void watch(coalescer.close({ drainMs: 0 }));
        else coalescer[act]({ payload: 'a' });
      };
      let given = 0;
      const iterator = {
        next: () => {
          meddle('its first pull');
          return Promise.resolve(given < 2 ? { done: false, value: ++given } : { done: true, value: undefined });
        },
      };
      const stream = {
        [Symbol.asyncIterator]: () => {
          meddle('its iterator');
          return iterator as AsyncIterator<unknown>;
        },
      };
      const run = (): AsyncIterable<unknown> => {
        calls++;
        return stream;
      };
      const isComplete = (): boolean => {
        meddle('isComplete');
        return true;
      };
      const primary = fedTarget();
      const targets = { primary: primary.spec, backup: { run, isComplete } };
      const options = { scope: 'public', environment, hedge: HEDGE, flightTimeoutMs: 1_000, streams: {}, breaker: false } as const;
      const coalescer = createCoalescer({ ...options, targets });
      const reading = readAll(coalescer.stream('a'));
      await environment.advance(HEDGED_MS);
      assert.deepEqual([primary.calls.length, calls], [1, 1], act);
      await environment.advance(3_000);
      assert.notEqual(reading.state, 'reading', act);
      assertNothingLeft(coalescer, environment);
    }
  });
}
