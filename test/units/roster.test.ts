// Who is on duty: how threads that die or cannot be set up are replaced, how soon, and what becomes of those that are on their way when all is closed.
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { test } from 'node:test';
import { promisesSettled as settled } from '../../workers/environment.js';
import { TABLE_HASH } from '../../workers/flight-steps.js';
import type { Hosts } from '../../src/hosts.js';
import type { PortLink } from '../../src/port-link.js';
import { Roster } from '../../src/roster.js';
import { flightOf } from './flights.js';
import { manualSeam, type ManualSeam } from './manual-seam.js';

type SetUp = 'works' | 'fails' | 'dies' | 'waits' | 'other build';

/** A thread as the roster sees it. */
class Thread {
  readonly targetNames = [];
  readonly ends: string[] = [];
  isLost = false;
  isOpen = false;
  closings = 0;
  readonly life = { activate: async () => this.#activate() };
  readonly #stage: Stage;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  async open(): Promise<void> {
    this.#stage.watched();
    await this.#stage.opening;
    if (this.#stage.loads) this.isOpen = true;
    else throw new Error('it does not load');
  }

  async #activate(): Promise<object> {
    const fate = this.#stage.setUps.shift() ?? 'works';
    this.#stage.watched();
    if (fate === 'fails') throw new Error('the database is away');
    if (fate === 'waits') await this.#stage.settingUp;
    if (fate === 'dies') this.dies();
    return { targetNames: ['primary'], mayBeForOne: false, tableHash: fate === 'other build' ? 'other' : TABLE_HASH };
  }

  end(why: string): void {
    this.ends.push(why);
    if (!this.isLost) this.dies();
  }

  dies(): void {
    this.isLost = true;
    this.#stage.roster.lost(this as unknown as PortLink);
  }

  async close(): Promise<void> {
    this.closings++;
  }
}

class Stage {
  readonly released: unknown[] = [];
  readonly seam: ManualSeam = { ...manualSeam(), release: (timer) => void this.released.push(timer) };
  readonly threads: Thread[] = [];
  /** What becomes of the next set-ups. */
  readonly setUps: SetUp[] = [];
  loads = true;
  opening: Promise<void> = Promise.resolve();
  settingUp: Promise<void> = Promise.resolve();
  hostsClosed = 0;
  /** Called where a thread is opened, and where it is set up. */
  watched: () => void = () => undefined;
  readonly told: string[] = [];
  readonly roster: Roster;

  constructor(count = 1, spare = false) {
    const hosts = { close: async () => void this.hostsClosed++ } as Partial<Hosts> as Hosts;
    this.roster = new Roster({
      seam: this.seam,
      count,
      spare,
      openHosts: async () => hosts,
      makeLink: () => {
        const thread = new Thread(this);
        this.threads.push(thread);
        return thread as unknown as PortLink;
      },
      owner: {
        manned: () => void this.told.push('manned'),
        unmanned: (error) => void this.told.push(`unmanned: ${(error as Error).message}`),
        settingUp: () => undefined,
        activated: (_, isReplacement) => void this.told.push(isReplacement ? 'replaced' : 'ready'),
      },
    });
  }

  get last(): Thread {
    return this.threads.at(-1)!;
  }
  pick(): unknown {
    return this.roster.pick(flightOf());
  }
  async start(): Promise<string> {
    return this.roster.start().then(
      () => 'started',
      (error: unknown) => (error as Error).message,
    );
  }
}

test('a start that fails is tried again after a second, then after two, and so on up to thirty: not each time that somebody asks', async () => {
  const stage = new Stage();
  const waits: number[] = [];
  stage.setUps.push(...Array.from({ length: 8 }, (): SetUp => 'fails'));
  assert.equal(await stage.start(), 'the database is away');
  for (let failure = 1; failure <= 7; failure++) {
    const from = stage.seam.now();
    const { length } = stage.threads;
    while (stage.threads.length === length) {
      stage.seam.advance(100);
      assert.equal(await stage.start(), 'the database is away');
    }
    waits.push(stage.seam.now() - from);
  }
  assert.deepEqual(waits, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  stage.seam.advance(30_000);
  assert.equal(await stage.start(), 'started');
  stage.setUps.push('fails', 'fails', 'fails');
  stage.last.dies();
  await settled();
  stage.seam.advance(990);
  assert.equal(await stage.start(), 'the database is away');
  stage.seam.advance(10);
  assert.equal(await stage.start(), 'started', 'one that works begins anew');
});

test('while one of two places is filled and the other cannot be, nobody is told that nobody comes, and then it has started', async () => {
  const stage = new Stage(2);
  await stage.start();
  const [one, other] = stage.threads;
  let opens: () => void = () => undefined;
  stage.settingUp = new Promise((resolve) => (opens = resolve));
  // Of one place: the first, and then what is left of its three tries.
  stage.setUps.push('fails', 'waits', 'fails', 'fails');
  one!.dies();
  other!.dies();
  await settled();
  assert.deepEqual([stage.pick(), stage.setUps, stage.told.length], [null, [], 4]);
  opens();
  await settled();
  assert.deepEqual(stage.told.slice(4), ['replaced', 'manned']);
  assert.equal(await stage.start(), 'started');
});

test('a thread that dies is replaced at once ten times in a row, and then later each time; one flight that ends begins anew', async () => {
  const stage = new Stage();
  await stage.start();
  const dies = async (): Promise<number> => {
    const from = stage.seam.now();
    const { length } = stage.threads;
    stage.last.dies();
    await settled();
    while (stage.threads.length === length) {
      assert.equal(stage.pick(), null);
      stage.seam.advance(100);
      await settled();
    }
    return stage.seam.now() - from;
  };
  const waits: number[] = [];
  for (let death = 0; death < 21; death++) waits.push(await dies());
  const atOnce = Array.from({ length: 10 }, () => 0);
  assert.deepEqual(waits, [...atOnce, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000, 30_000]);
  assert.equal(stage.released.length, 11, 'no process lives for it');
  assert.deepEqual([...stage.roster.links], [stage.last], 'nothing is held of the dead');
  stage.roster.worked();
  assert.equal(await dies(), 0);
});

test('threads are opened and set up in nobody’s context, also where a request needs the first, one that failed, or one for a quarantine', async () => {
  const request = new AsyncLocalStorage<string>();
  const stage = new Stage();
  const seen: (string | undefined)[] = [];
  stage.watched = () => void seen.push(request.getStore());
  stage.setUps.push('fails');
  assert.equal(await request.run('first', () => stage.start()), 'the database is away');
  stage.seam.advance(1_000);
  request.run('second', () => stage.pick());
  await settled();
  assert.equal(await stage.start(), 'started');
  await request.run('third', () => stage.roster.take('quarantine'));
  assert.deepEqual(
    seen,
    Array.from({ length: 6 }, () => undefined),
  );
});

test('a thread that waits to be replaced when all is closed is not', async () => {
  const stage = new Stage();
  await stage.start();
  for (let death = 0; death < 11; death++) {
    stage.last.dies();
    await settled();
  }
  assert.deepEqual([stage.threads.length, stage.seam.timers()], [11, 1]);
  await stage.roster.close();
  assert.equal(stage.seam.timers(), 0);
});

for (const [fate, message] of [
  ['fails', /the database is away/],
  ['dies', /the thread died when it was set up/],
  ['other build', /flies table other, this thread .+: two builds of the package/],
] as const) {
  test(`the first set-up is tried once, and a replacement three times, where it ${fate}`, async () => {
    const stage = new Stage();
    stage.setUps.push(fate);
    assert.match(await stage.start(), message);
    assert.deepEqual([stage.threads.length, stage.last.ends, stage.pick()], [1, ['its set-up failed'], null]);
    stage.seam.advance(1_000);
    assert.equal(await stage.start(), 'started');
    stage.setUps.push(fate, fate);
    stage.last.dies();
    await settled();
    assert.deepEqual([stage.threads.length, stage.pick()], [5, stage.last], 'the third has worked');
    stage.setUps.push(fate, fate, fate);
    stage.last.dies();
    await settled();
    assert.equal(stage.threads.length, 8);
    assert.match(stage.told.at(-1)!, message);
    assert.match(stage.told.at(-1)!, /^unmanned/);
  });
}

test('two standbys are kept: one that dies is replaced, and it is never one of the dead that takes over', async () => {
  const stage = new Stage(1, true);
  await stage.start();
  await settled();
  assert.deepEqual([stage.threads.length, stage.told], [3, ['ready', 'manned']]);
  const [active, one, other] = stage.threads;
  one!.dies();
  await settled();
  assert.equal(stage.threads.length, 4, 'a new standby');
  active!.dies();
  await settled();
  assert.equal(stage.pick(), other);
  assert.equal(stage.threads.length, 5);
});

test('a place that cannot be filled again while another one is manned is no reason not to be ready', async () => {
  const stage = new Stage(2);
  await stage.start();
  const [one, other] = stage.threads;
  stage.setUps.push('fails', 'fails', 'fails');
  one!.dies();
  await settled();
  assert.deepEqual([stage.threads.length, stage.pick(), await stage.start()], [5, other, 'started']);
});

test('a standby that goes into quarantine is replaced, and so are those that were missing while nothing could be set up', async () => {
  const stage = new Stage(1, true);
  stage.setUps.push('fails');
  assert.equal(await stage.start(), 'the database is away');
  stage.seam.advance(1_000);
  assert.equal(await stage.start(), 'started');
  await settled();
  const living = (): number => stage.threads.filter(({ isLost }) => !isLost).length;
  assert.equal(living(), 3);
  await stage.roster.take('quarantine');
  await settled();
  assert.equal(living(), 4);
});

test('one that is opening when all is closed is ended, and nobody is set up on it', async () => {
  const stage = new Stage();
  let opens: () => void = () => undefined;
  stage.opening = new Promise((resolve) => (opens = resolve));
  const starting = stage.start();
  await settled();
  const closing = stage.roster.close();
  opens();
  await closing;
  assert.equal(await starting, 'the coalescer was closed while a thread was starting');
  assert.deepEqual([stage.last.ends, stage.told, stage.hostsClosed], [['closed'], [], 1]);
});

test('close closes standbys and those on duty in order, and then what is left of their hosts', async () => {
  const stage = new Stage(2, true);
  await stage.start();
  await settled();
  await stage.roster.close();
  assert.deepEqual(
    stage.threads.map(({ closings }) => closings),
    [1, 1, 1, 1],
  );
  assert.equal(stage.hostsClosed, 1);
});
