// Chunks are what they were when they were given: for who asks whether that was all, and for who goes on from them; and what is kept for that is bounded.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCoalescer } from '../../src/index.js';
import { packBody } from '../../workers/body.js';
import { Delivered } from '../../workers/delivered.js';
import { Wire } from '../../workers/wire.js';
import { httpError } from '../inline/stage.js';
import { fedTarget, openStreams, readAll, resumableTarget, turns } from './stage.js';

test('isComplete sees the last chunk as it was given, though its buffer has been filled again', async () => {
  const seen: string[] = [];
  const run = async function* (): AsyncGenerator<Uint8Array> {
    const buffer = Buffer.alloc(6);
    for (const text of ['hello ', '[DONE]']) {
      buffer.write(text);
      yield buffer;
      buffer.fill(0);
    }
  };
  const isComplete = (last: Uint8Array | undefined): boolean => {
    seen.push(Buffer.from(last ?? []).toString());
    return seen.at(-1) === '[DONE]';
  };
  const coalescer = createCoalescer({ scope: 'public', streams: {}, targets: { only: { run, isComplete } } });
  assert.equal(Buffer.concat((await coalescer.request('a')) as Uint8Array[]).toString(), 'hello [DONE]');
  assert.deepEqual(seen, ['[DONE]']);
});

for (const share of ['readonly', 'copy'] as const) {
  test(`what a resume writes to the chunks it goes on from reaches no reader (share: '${share}')`, async () => {
    const backup = resumableTarget();
    const { spec } = backup;
    const writing: typeof spec.resume = (payload, delivered, context) => {
      for (const chunk of delivered) {
        if (chunk instanceof Uint8Array) chunk.fill(0);
        else Object.assign(chunk as object, { v: 'written' });
      }
      return spec.resume!(payload, delivered, context);
    };
    const primary = fedTarget();
    const { coalescer, settled } = openStreams(
      { primary, backup: { ...backup, spec: { ...spec, resume: writing } } },
      { share, streams: { midStream: 'resume' } },
    );
    const slow = coalescer.stream('a');
    const early = readAll(coalescer.stream('a'));
    await settled();
    primary.calls[0]!.give(Buffer.from('abc'), { v: 'said' });
    await settled();
    primary.calls[0]!.fail(httpError(502));
    await turns(settled);
    backup.calls[0]!.end();
    await turns(settled);
    const late = readAll(slow);
    await turns(settled);
    for (const { chunks, state } of [early, late]) assert.deepEqual([state, String(chunks[0]), chunks[1]], ['ended', 'abc', { v: 'said' }]);
  });
}

test('a resume is given what is of a class as it is', async () => {
  class Token {
    readonly #text: string;
    constructor(text: string) {
      this.#text = text;
    }
    get text(): string {
      return this.#text;
    }
  }
  const [primary, backup] = [fedTarget(), resumableTarget()];
  const { coalescer, settled } = openStreams({ primary, backup }, { streams: { midStream: 'resume' } });
  const reading = readAll(coalescer.stream('a'));
  await settled();
  primary.calls[0]!.give(new Token('abc'), new URL('https://one.example/'));
  await settled();
  primary.calls[0]!.fail(httpError(502));
  await turns(settled);
  const [token, url] = backup.calls[0]!.delivered as [Token, URL];
  assert.deepEqual([token.text, url.href], ['abc', 'https://one.example/']);
  backup.calls[0]!.end();
  await turns(settled);
  assert.equal(reading.state, 'ended');
});

test('a thread keeps chunks for `resume` up to replayBytes, however empty they are', () => {
  const delivered = new Delivered(new Wire(), 1_000, null);
  for (let chunk = 0; chunk < 31; chunk++) delivered.add(packBody(Buffer.alloc(0), null));
  assert.equal(delivered.all()?.length, 31);
  delivered.add(packBody(Buffer.alloc(0), null));
  assert.equal(delivered.all(), null);
});
