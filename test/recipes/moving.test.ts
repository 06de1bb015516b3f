// Moving from the peers, as in recipes/: before and after join the same calls, and differ where the recipe says so.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as asyncCacheDedupe from '../../recipes/from-async-cache-dedupe.js';
import * as dataLoader from '../../recipes/from-dataloader.js';
import * as opossum from '../../recipes/from-opossum.js';
import * as pMemoize from '../../recipes/from-p-memoize.js';
import * as promiseCoalesce from '../../recipes/from-promise-coalesce.js';

/** Counts its calls, and answers with their number. */
function counting<Payload>(): { (payload: Payload): Promise<string>; calls: number } {
  const call = async (): Promise<string> => {
    const number = ++call.calls;
    await new Promise((resolve) => setImmediate(resolve));
    return `answer ${number}`;
  };
  call.calls = 0;
  return call;
}

const moment = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('from promise-coalesce', () => {
  test('both join equal calls, and start anew after them', async () => {
    for (const way of [promiseCoalesce.before, promiseCoalesce.after]) {
      const read = counting<number>();
      const readUser = way(read);
      const joined = await Promise.all([readUser(1), readUser(1), readUser(2)]);
      assert.equal(read.calls, 2);
      assert.deepEqual(joined, ['answer 1', 'answer 1', 'answer 2']);
      assert.equal(await readUser(1), 'answer 3');
    }
  });

  test('two functions share keys by mistake before, and never after', async () => {
    const shared = async (way: typeof promiseCoalesce.before): Promise<number> => {
      const [one, other] = [counting<number>(), counting<number>()];
      await Promise.all([way(one)(1), way(other)(1)]);
      return one.calls + other.calls;
    };
    assert.deepEqual([await shared(promiseCoalesce.before), await shared(promiseCoalesce.after)], [1, 2]);
  });
});

describe('from p-memoize', () => {
  const today = { city: 'Oslo', day: 'today' };

  test('both join equal calls', async () => {
    for (const way of [pMemoize.before, pMemoize.after]) {
      const read = counting<pMemoize.Query>();
      const forecast = way(read);
      await Promise.all([forecast(today), forecast({ day: 'today', city: 'Oslo' }), forecast({ ...today, city: 'Rome' })]);
      assert.equal(read.calls, 2);
    }
  });

  test('values are kept for ever before, and not at all after', async () => {
    const again = async (way: typeof pMemoize.before): Promise<string> => {
      const forecast = way(counting());
      await forecast(today);
      return forecast(today);
    };
    assert.deepEqual([await again(pMemoize.before), await again(pMemoize.after)], ['answer 1', 'answer 2']);
  });
});

describe('from async-cache-dedupe', () => {
  test('both join equal calls, and start anew after them', async () => {
    for (const way of [asyncCacheDedupe.before, asyncCacheDedupe.after]) {
      const read = counting<unknown>();
      const search = way(read);
      await Promise.all([search({ a: 1, b: 2 }), search({ b: 2, a: 1 }), search({ a: 2 })]);
      assert.equal(read.calls, 2);
      assert.equal(await search({ a: 1, b: 2 }), 'answer 3');
    }
  });

  test('unequal filters get one answer before, and are told apart or refused after', async () => {
    const read = counting<unknown>();
    const search = asyncCacheDedupe.before(read);
    await Promise.all([search(new Map([['admin', true]])), search(new Map([['admin', false]]))]);
    assert.equal(read.calls, 1);
    await assert.rejects(asyncCacheDedupe.after(counting())(new Map([['admin', true]])), { code: 'COALESCER_NOT_KEYABLE' });
  });

  test('a retry in a catch joins the failed call before, and starts anew after', async () => {
    const retried = async (way: typeof asyncCacheDedupe.before): Promise<number> => {
      let calls = 0;
      const search = way(async () => {
        calls++;
        await moment();
        throw new Error('away');
      });
      await search('x')
        .catch(() => search('x'))
        .catch(() => undefined);
      return calls;
    };
    assert.deepEqual([await retried(asyncCacheDedupe.before), await retried(asyncCacheDedupe.after)], [1, 2]);
  });
});

describe('from opossum', () => {
  const away = async (): Promise<string> => {
    await moment();
    throw new Error('away');
  };

  test('both join equal calls', async () => {
    for (const way of [opossum.before, opossum.after]) {
      const read = counting<string>();
      const translate = way(read, away);
      await Promise.all([translate('one'), translate('one')]);
      assert.equal(read.calls, 1);
    }
    const read = counting<string>();
    const translate = opossum.afterWithoutFallback(read);
    await Promise.all([translate('one'), translate('one')]);
    assert.equal(read.calls, 1);
  });

  test('ten callers fall back once', async () => {
    for (const way of [opossum.before, opossum.after]) {
      const fallback = counting<string>();
      const translate = way(away, fallback);
      await Promise.all(Array.from({ length: 10 }, () => translate('one')));
      assert.equal(fallback.calls, 1);
    }
  });

  test('what was coalesced is kept before, and gone after', async () => {
    const again = async (way: typeof opossum.before): Promise<string> => {
      const translate = way(counting(), away);
      await translate('one');
      return translate('one');
    };
    assert.deepEqual([await again(opossum.before), await again(opossum.after)], ['answer 1', 'answer 2']);
  });

  test('a 404 is a reason to fall back before, and the answer after', async () => {
    const missing = async (): Promise<string> => Promise.reject(Object.assign(new Error('no such text'), { status: 404 }));
    const fallback = counting<string>();
    assert.equal(await opossum.before(missing, fallback)('one'), 'answer 1');
    await assert.rejects(opossum.after(missing, fallback)('one'), { status: 404 });
    assert.equal(fallback.calls, 1);
  });

  test('when all fail, all callers get one error that tells the attempts', async () => {
    const translate = opossum.after(away, away);
    const errors = await Promise.all([translate('one'), translate('one')].map((asked) => asked.catch((error: unknown) => error)));
    assert.equal(errors[0], errors[1]);
    assert.equal((errors[0] as { attempts: readonly unknown[] }).attempts.length, 2);
  });
});

describe('from DataLoader', () => {
  function batches(): { readonly load: dataLoader.LoadUsers; readonly sizes: number[] } {
    const sizes: number[] = [];
    return {
      sizes,
      load: async (ids) => {
        sizes.push(ids.length);
        await moment();
        return ids.map((id) => `user ${id} of batch ${sizes.length}`);
      },
    };
  }

  test('both make one call of different keys, and join equal ones', async () => {
    for (const way of [dataLoader.before, dataLoader.after]) {
      const { load, sizes } = batches();
      const readUser = way(load);
      const users = await Promise.all([readUser(1), readUser(2), readUser(1)]);
      assert.deepEqual(sizes, [2]);
      assert.deepEqual(users, ['user 1 of batch 1', 'user 2 of batch 1', 'user 1 of batch 1']);
    }
  });

  test('a value is kept until it is cleared before, and gone after', async () => {
    const again = async (way: typeof dataLoader.before): Promise<readonly number[]> => {
      const { load, sizes } = batches();
      const readUser = way(load);
      await readUser(1);
      await readUser(1);
      return sizes;
    };
    assert.deepEqual([await again(dataLoader.before), await again(dataLoader.after)], [[1], [1, 1]]);
  });

  test('a key whose batch is away is joined', async () => {
    const { load, sizes } = batches();
    const readUser = dataLoader.after(load);
    const first = readUser(1);
    while (sizes.length === 0) await moment();
    assert.deepEqual(await Promise.all([first, readUser(1)]), ['user 1 of batch 1', 'user 1 of batch 1']);
    assert.deepEqual(sizes, [1]);
  });
});
