// recipes/shared-fetch.ts under the SDKs of OpenAI, Anthropic and the AI SDK, against servers that speak their streams.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import Anthropic from '@anthropic-ai/sdk';
import { streamText } from 'ai';
import OpenAI, { BadRequestError, RateLimitError } from 'openai';
import { createCalls, sharedFetch, type ApiCall, type Calls } from '../../recipes/shared-fetch.js';
import { anthropicAnswer, openaiStream, Provider, refuse, type Asked } from './fixtures/providers.js';
import { until } from './until.js';

interface Opened {
  readonly calls: Calls;
  readonly primary: Provider;
  readonly backup: Provider;
  /** What the SDKs are made with. */
  readonly client: (tenant: string) => {
    readonly apiKey: string;
    readonly maxRetries: 0;
    readonly baseURL: string;
    readonly fetch: typeof fetch;
  };
}

type Answer = (asked: Asked) => void;

async function open(t: TestContext, answer: Answer, instead: Answer = answerWell): Promise<Opened> {
  const [primary, backup] = [new Provider(answer), new Provider(instead)];
  const [baseURL, backupUrl] = [await primary.open(), await backup.open()];
  const calls = createCalls([
    { baseUrl: baseURL, headers: { authorization: 'Bearer first' } },
    { baseUrl: backupUrl, headers: { authorization: 'Bearer second' } },
  ]);
  t.after(async () => {
    await calls.close();
    for (const provider of [primary, backup]) provider.close();
  });
  const isShared = ({ body }: ApiCall): boolean => (body as { store?: boolean }).store !== true;
  return {
    calls,
    primary,
    backup,
    client: (tenant) => ({ apiKey: 'none', maxRetries: 0, baseURL, fetch: sharedFetch(calls, { tenant, baseUrl: baseURL, isShared }) }),
  };
}

function answerWell(asked: Asked): void {
  for (const text of ['hello ', 'you']) openaiStream.say(asked, text);
  openaiStream.end(asked);
}

const question = { model: 'm', messages: [{ role: 'user' as const, content: 'hello' }] };

async function askOpenai(client: OpenAI): Promise<string> {
  let text = '';
  for await (const { choices } of await client.chat.completions.create({ ...question, stream: true }))
    text += choices[0]?.delta.content ?? '';
  return text;
}

test("equal calls of a tenant through any SDK are one call upstream, with the upstream's own credential; another tenant has its own", async (t) => {
  const { calls, primary, client } = await open(t, () => undefined);
  const [acme, other] = [new OpenAI(client('acme')), new OpenAI(client('other'))];
  const asked = [acme, acme, new OpenAI(client('acme')), other].map(askOpenai);
  await until(() => calls.stats().requests === 4 && primary.asked.length === 2);
  for (const call of primary.asked) answerWell(call);
  assert.deepEqual(new Set(await Promise.all(asked)), new Set(['hello you']));
  assert.deepEqual(
    primary.asked.map(({ credential }) => credential),
    ['Bearer first', 'Bearer first'],
  );
});

test("the AI SDK and Anthropic's SDK take it, too", async (t) => {
  const openai = await open(t, answerWell);
  const model = createOpenAICompatible({ name: 'ours', ...openai.client('acme') })('m');
  const texts = await Promise.all([1, 2, 3].map(() => streamText({ model, prompt: 'hello', maxRetries: 0 }).text));
  assert.deepEqual([texts, openai.primary.asked.length], [['hello you', 'hello you', 'hello you'], 1]);

  const anthropic = await open(t, (asked) => anthropicAnswer(asked, ['hello ', 'you']));
  const client = new Anthropic(anthropic.client('acme'));
  const messages = await Promise.all([1, 2, 3].map(() => client.messages.stream({ ...question, max_tokens: 10 }).finalText()));
  assert.deepEqual([messages, anthropic.primary.asked.length], [['hello you', 'hello you', 'hello you'], 1]);
});

const failures: Readonly<Record<string, Answer>> = {
  'is overloaded': (asked) => refuse(asked, 503),
  'tells of its error behind a 200': (asked) => openaiStream.fail(asked),
  'ends its stream before it began': ({ response }) => void response.writeHead(200, { 'content-type': 'text/event-stream' }).end(),
  'hangs up': ({ response }) => void response.destroy(),
};

for (const [what, fail] of Object.entries(failures)) {
  test(`where the first upstream ${what} the next one answers, once for all`, async (t) => {
    const { primary, backup, client } = await open(t, fail);
    const acme = new OpenAI(client('acme'));
    const texts = await Promise.all(Array.from({ length: 10 }, () => askOpenai(acme)));
    assert.deepEqual([primary.asked.length, backup.asked.map(({ credential }) => credential)], [1, ['Bearer second']]);
    assert.deepEqual(new Set(texts), new Set(['hello you']));
  });
}

test("errors are the SDK's own, whoever said them last: one call for what the request is to blame for, else one each", async (t) => {
  const refused = await open(t, (asked) => refuse(asked, 400));
  await assert.rejects(askOpenai(new OpenAI(refused.client('acme'))), BadRequestError);
  assert.deepEqual([refused.primary.asked.length, refused.backup.asked.length], [1, 0]);

  const down = await open(
    t,
    (asked) => refuse(asked, 503),
    (asked) => refuse(asked, 429),
  );
  await assert.rejects(askOpenai(new OpenAI(down.client('acme'))), RateLimitError);
  assert.deepEqual([down.primary.asked.length, down.backup.asked.length], [1, 1]);
});

test('a stream that is cut in its middle is an error, which the SDK alone would take for its end', async (t) => {
  const { primary, backup, client } = await open(t, (asked) => {
    openaiStream.say(asked, 'hello ');
    asked.response.end();
  });
  await assert.rejects(askOpenai(new OpenAI(client('acme'))));
  assert.deepEqual([primary.asked.length, backup.asked.length], [1, 0]);
});

test('what is not to be shared goes upstream by itself, as does what is no call of the API', async (t) => {
  const { calls, primary, client } = await open(t, (asked) => refuse(asked, 400));
  const acme = new OpenAI(client('acme'));
  const stored = [1, 2].map(() => acme.chat.completions.create({ ...question, store: true }));
  for (const result of await Promise.allSettled([...stored, acme.models.list()])) assert.equal(result.status, 'rejected');
  assert.deepEqual([primary.asked.length, calls.stats().requests], [3, 0]);
});

test('one that stops reading leaves, and the last one ends the call upstream', async (t) => {
  const { primary, client } = await open(t, (asked) => openaiStream.say(asked, 'hello '));
  const acme = new OpenAI(client('acme'));
  const streams = await Promise.all([1, 2].map(() => acme.chat.completions.create({ ...question, stream: true })));
  for (const stream of streams) for await (const _ of stream) break;
  assert.equal(primary.asked.length, 1);
  await until(() => primary.asked[0]?.response.destroyed === true);
});
