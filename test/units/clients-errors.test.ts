// What real HTTP clients and AI SDKs throw, read by the default `classify`: each asks a real server, which refuses.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import Anthropic from '@anthropic-ai/sdk';
import { generateText } from 'ai';
import axios from 'axios';
import { got } from 'got';
import ky from 'ky';
import OpenAI from 'openai';
import { Agent, interceptors, request } from 'undici';
import { classifyHttp, isAbort, isSpendCap, retryAfterMsOf, statusOf } from '../../workers/classify.js';

/** As OpenAI says that the money is spent. */
const SPENT = { error: { message: 'spent', type: 'insufficient_quota', code: 'insufficient_quota' } };

/** Answers with the status that the path names, and never to `/hang`. */
const server = createServer((incoming, response) => {
  incoming.resume();
  const status = Number(/^\/(\d+)/.exec(incoming.url ?? '')?.[1] ?? 0);
  if (status > 0) response.writeHead(status, { 'content-type': 'application/json', 'retry-after': '7' }).end(JSON.stringify(SPENT));
}).listen(0);
after(() => {
  server.close();
  server.closeAllConnections();
});
const origin = (): string => `http://localhost:${(server.address() as AddressInfo).port}`;

type Call = (url: string, signal: AbortSignal) => PromiseLike<unknown>;

const none = { apiKey: 'none', maxRetries: 0 } as const;
const agent = new Agent();
const throwing = agent.compose(interceptors.responseError());
after(() => agent.close());

const clients: Readonly<Record<string, { readonly call: Call; readonly tellsAborts?: false; readonly tellsSpent?: false }>> = {
  openai: {
    call: (baseURL, signal) => new OpenAI({ ...none, baseURL }).chat.completions.create({ model: 'm', messages: [] }, { signal }),
    tellsAborts: false, // its error for it has neither a name nor a code
  },
  anthropic: {
    call: (baseURL, signal) => new Anthropic({ ...none, baseURL }).messages.create({ model: 'm', max_tokens: 1, messages: [] }, { signal }),
  },
  'the AI SDK': {
    call: (baseURL, abortSignal) =>
      generateText({ model: createOpenAICompatible({ name: 'm', baseURL })('m'), prompt: 'hello', maxRetries: 0, abortSignal }),
  },
  axios: { call: (url, signal) => axios.get(url, { signal }) },
  // They leave the body to whoever catches.
  got: { call: (url, signal) => got(url, { retry: { limit: 0 }, signal }).json(), tellsSpent: false },
  ky: { call: (url, signal) => ky(url, { retry: 0, signal }).json(), tellsSpent: false },
  undici: { call: (url, signal) => request(url, { dispatcher: throwing, signal }), tellsSpent: false },
};

async function thrownBy(call: Call, path: string, signal = new AbortController().signal): Promise<unknown> {
  let isThrown = false;
  const error = await Promise.resolve(call(`${origin()}${path}`, signal)).catch((thrown: unknown) => {
    isThrown = true;
    return thrown;
  });
  assert.ok(isThrown, 'it should have thrown');
  return error;
}

for (const [name, { call, tellsAborts = true, tellsSpent = true }] of Object.entries(clients)) {
  test(`${name}: the status, the time and the spend cap of an answer are read from its error`, async () => {
    for (const [status, verdict] of [[400, 'answer'], [404, 'answer'], [401, 'failover'], [429, 'failover'], [529, 'failover']] as const) {
      const error = await thrownBy(call, `/${status}`);
      assert.equal(statusOf(error), status);
      assert.equal(classifyHttp(error), verdict, String(status));
      assert.equal(retryAfterMsOf(error, { wallNow: () => 0 }), 7_000);
      assert.equal(isSpendCap(error), tellsSpent);
    } // biome-ignore format: a table
  });

  test(`${name}: a call that its caller gives up is told from one that fails`, async () => {
    const giveUp = new AbortController();
    server.once('request', () => giveUp.abort());
    assert.equal(isAbort(await thrownBy(call, '/hang', giveUp.signal)), tellsAborts);
  });
}

test('AWS: the status and the time are read from the response that its errors carry', () => {
  // As @smithy makes them; a ServiceException has no status of its own.
  const error = Object.assign(new Error('slow down'), {
    name: 'ThrottlingException',
    $fault: 'client',
    $metadata: { httpStatusCode: 429 },
    $response: { statusCode: 429, headers: { 'retry-after': '7' } },
  });
  assert.equal(statusOf(error), 429);
  assert.equal(retryAfterMsOf(error, { wallNow: () => 0 }), 7_000);
});
