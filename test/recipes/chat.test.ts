// recipes/chat.ts with the SDKs of OpenAI and Anthropic, against servers that speak their streams.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI, { BadRequestError } from 'openai';
import { askChat, createChats, streamChat, type Chat, type ChatChunk, type Chats } from '../../recipes/chat.js';
import { anthropicAnswer, openaiStream, Provider, refuse, type Asked } from './fixtures/providers.js';
import { until } from './until.js';

const chat: Chat = { model: 'small', messages: [{ role: 'user', content: 'hello' }], tokensMax: 100 };
const acme = { tenant: 'acme' };

interface Opened {
  readonly chats: Chats;
  readonly openai: Provider;
  readonly anthropic: Provider;
}

/** OpenAI does what the test says, Anthropic answers. */
async function open(t: TestContext, answer: (asked: Asked) => void): Promise<Opened> {
  const openai = new Provider(answer);
  const anthropic = new Provider((asked) => anthropicAnswer(asked, ['hello ', 'from Anthropic']));
  const client = { apiKey: 'none', maxRetries: 0 };
  const chats = createChats({
    openai: new OpenAI({ ...client, baseURL: await openai.open() }),
    anthropic: new Anthropic({ ...client, baseURL: await anthropic.open() }),
    models: { small: { openai: 'gpt-small', anthropic: 'claude-small' }, large: { openai: 'gpt-large', anthropic: 'claude-large' } },
  });
  t.after(async () => {
    await chats.close();
    for (const provider of [openai, anthropic]) provider.close();
  });
  return { chats, openai, anthropic };
}

function answerWell(asked: Asked): void {
  for (const text of ['hello ', 'from ', 'OpenAI']) openaiStream.say(asked, text);
  openaiStream.end(asked);
}

async function readAll(stream: AsyncIterable<ChatChunk>): Promise<ChatChunk[]> {
  const chunks: ChatChunk[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

const textOf = (chunks: readonly ChatChunk[]): string => chunks.map((chunk) => ('text' in chunk ? chunk.text : '')).join('');

test('equal chats of a tenant are one call, streamed or whole; another tenant has its own, and so has who wants a sample', async (t) => {
  const { chats, openai, anthropic } = await open(t, () => undefined);
  const streams = Array.from({ length: 20 }, () => readAll(streamChat(chats, chat, acme)));
  const whole = askChat(chats, { ...chat, messages: [...chat.messages] }, acme);
  await until(() => openai.asked.length === 1);
  const others = [askChat(chats, chat, { tenant: 'other' }), ...[1, 2].map(() => askChat(chats, chat, { ...acme, wantsSample: true }))];
  await until(() => openai.asked.length === 4);
  for (const asked of openai.asked) answerWell(asked);

  const answer = { text: 'hello from OpenAI', reason: 'stop', tokens: 12 };
  assert.deepEqual(await Promise.all([whole, ...others]), [answer, answer, answer, answer]);
  assert.deepEqual(new Set((await Promise.all(streams)).map(textOf)), new Set([answer.text]));
  assert.deepEqual([openai.asked.length, anthropic.asked.length], [4, 0]);
});

const failures: Readonly<Record<string, (asked: Asked) => void>> = {
  'is overloaded (503)': (asked) => refuse(asked, 503),
  'is out of quota (429)': (asked) => refuse(asked, 429),
  'does not take the key (401)': (asked) => refuse(asked, 401),
  'tells of its error after a 200': (asked) => openaiStream.fail(asked),
  'ends its stream before it began': ({ response }) => void response.writeHead(200, { 'content-type': 'text/event-stream' }).end(),
  'hangs up': ({ response }) => void response.destroy(),
};

for (const [what, fail] of Object.entries(failures)) {
  test(`OpenAI ${what}: Anthropic is asked once for all, for its own model, and everybody has its answer`, async (t) => {
    const { chats, openai, anthropic } = await open(t, fail);
    const streams = await Promise.all(Array.from({ length: 20 }, () => readAll(streamChat(chats, chat, acme))));
    assert.deepEqual([openai.asked.length, anthropic.asked.map(({ model }) => model)], [1, ['claude-small']]);
    assert.deepEqual(new Set(streams.map(textOf)), new Set(['hello from Anthropic']));
    assert.deepEqual(streams[0]?.at(-1), { reason: 'end_turn', tokens: 12 });
  });
}

test('a request that is itself at fault is refused once, with the error of the SDK, and Anthropic is not asked', async (t) => {
  const { chats, openai, anthropic } = await open(t, (asked) => refuse(asked, 400));
  const refusals = await Promise.allSettled([1, 2, 3].map(() => askChat(chats, chat, acme)));
  assert.deepEqual([openai.asked.length, anthropic.asked.length], [1, 0]);
  for (const refusal of refusals) assert.ok(refusal.status === 'rejected' && refusal.reason instanceof BadRequestError);
});

test("a text that is cut in its middle is nobody's whole answer, though the SDK just ends it", async (t) => {
  const { chats, openai, anthropic } = await open(t, (asked) => {
    openaiStream.say(asked, 'hello ');
    asked.response.end();
  });
  const read = readAll(streamChat(chats, chat, acme));
  await assert.rejects(read, { code: 'COALESCER_STREAM_BROKEN', chunks: 1 });
  assert.deepEqual([openai.asked.length, anthropic.asked.length], [1, 0]);
});

test("a client that goes away is nobody's loss, and the last one ends the provider's work", async (t) => {
  const { chats, openai } = await open(t, (asked) => openaiStream.say(asked, 'hello '));
  const clients = [new AbortController(), new AbortController()];
  const seen: ChatChunk[][] = [[], []];
  const reads = clients.map(async ({ signal }, at) => {
    for await (const chunk of streamChat(chats, chat, { ...acme, signal })) seen[at]?.push(chunk);
  });
  await until(() => seen.every((chunks) => chunks.length === 1));
  const [asked] = openai.asked as [Asked];
  assert.equal(openai.asked.length, 1);

  clients[0]?.abort(new Error('the first one left'));
  await assert.rejects(reads[0] as Promise<void>, /the first one left/);
  openaiStream.say(asked, 'you');
  await until(() => seen[1]?.length === 2);
  assert.equal(asked.response.destroyed, false);

  clients[1]?.abort(new Error('the last one left'));
  await assert.rejects(reads[1] as Promise<void>, /the last one left/);
  await until(() => asked.response.destroyed);
});
