// A `fetch` for the SDKs of AI providers (`new OpenAI({ baseURL, fetch, maxRetries: 0 })`, Anthropic's, the AI SDK's): equal calls of a tenant are one
// call upstream, streamed to all of them, and the next upstream is asked where one fails. The SDK does not notice, and throws what it always throws.
// What matters here:
// - of an SDK's headers only those that change the answer are in the key, and each upstream has its own credential;
// - calls that do something (store a conversation, start a job) are nobody else's: `isShared` says which may be shared, and asked for again;
// - the head of an answer is given with its first bytes: until then another upstream may still answer;
// - an event stream that ends without its last event has been cut, and that is a failure.
import { createCoalescer, isCoalescerError, type Coalescer } from 'coalescer';

/** One that speaks the same API: another region, account or provider. */
export interface Upstream {
  /** As an SDK would have it: `https://api.openai.com/v1`. */
  readonly baseUrl: string;
  /** Its credential: `authorization` or `x-api-key`. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface ApiCall {
  /** Behind the base: `/chat/completions`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

export interface SharedFetchOptions {
  readonly tenant: string;
  /** The SDK's: the first upstream's, as a rule. */
  readonly baseUrl: string;
  readonly isShared: (call: ApiCall) => boolean;
}

export interface Head {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}
/** An answer is its head, and then its bytes. */
export type Piece = Head | Uint8Array<ArrayBuffer>;
export type Calls = Coalescer<ApiCall, unknown, Piece, 'per-request'>;

/** What changes an answer. Not: who asks, by which SDK, and for how many times. */
const KEYED = new Set(['accept', 'content-type', 'anthropic-version', 'anthropic-beta', 'openai-beta', 'idempotency-key']);
/** What is about one connection and its bytes, or about one caller. */
const UNSHARED = new Set(['connection', 'content-encoding', 'content-length', 'keep-alive', 'set-cookie', 'transfer-encoding']);
/** Of OpenAI's chats, of its responses, of Anthropic's messages. Texts cannot have one: in them a line's end is written as \n. */
const LAST_EVENT = /\n(?:data: ?\[DONE\]|event: ?(?:response\.(?:completed|incomplete|failed)|message_stop))/;
const LAST_EVENT_CHARACTERS = 32;
/** An answer that begins with an error, behind a 200. */
const ERROR_EVENT = /^(?:event: ?error|data: ?\{"error")/;

/** What an upstream answers where it does not answer well. */
class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly headers: Head['headers'];
  readonly body: string;

  constructor({ status, headers }: Head, body: string) {
    super(`the upstream said ${status}`);
    this.status = status;
    this.headers = headers;
    this.body = body;
  }
}

async function* ask({ baseUrl, headers }: Upstream, call: ApiCall, signal: AbortSignal): AsyncGenerator<Piece> {
  const init = { method: 'POST', headers: { ...call.headers, ...headers }, body: JSON.stringify(call.body), signal };
  const response = await fetch(baseUrl + call.path, init);
  const head = { status: response.status, headers: headersOf(response.headers, (name) => !UNSHARED.has(name)) };
  if (!response.ok || response.body === null) throw new Refusal(head, await response.text());
  const decoder = new TextDecoder();
  let isOpen = false;
  let isEnded = response.headers.get('content-type')?.startsWith('text/event-stream') !== true;
  let tail = '';
  for await (const bytes of response.body) {
    const text = tail + decoder.decode(bytes, { stream: true });
    if (!isOpen) {
      if (ERROR_EVENT.test(text)) throw new Refusal({ ...head, status: 502 }, text);
      isOpen = true;
      yield head;
    }
    isEnded ||= LAST_EVENT.test(text);
    tail = text.slice(-LAST_EVENT_CHARACTERS);
    yield bytes;
  }
  if (!isEnded) throw new Error('the event stream was cut');
}

const headersOf = (headers: Headers, isMeant: (name: string) => boolean): Record<string, string> =>
  Object.fromEntries([...headers].filter(([name]) => isMeant(name)));

/** One for all tenants. Close it at the end. */
export const createCalls = (upstreams: readonly Upstream[]): Calls =>
  createCoalescer({
    name: 'api calls',
    scope: 'per-request',
    targets: Object.fromEntries(upstreams.map((upstream) => [upstream.baseUrl, targetOf(upstream)])),
    streams: {},
  });

const targetOf =
  (upstream: Upstream) =>
  (call: ApiCall, { signal }: { readonly signal: AbortSignal }): AsyncIterable<Piece> =>
    ask(upstream, call, signal);

/** The `fetch` of one tenant's SDK, whose base is `baseUrl`. What is not shared goes there as it is. */
export function sharedFetch(calls: Calls, { tenant, baseUrl, isShared }: SharedFetchOptions): typeof fetch {
  return async (input, init) => {
    const call = callOf(input, init, baseUrl);
    if (call === null || !isShared(call)) return fetch(input, init);
    const stream = calls.stream(call, { scope: tenant, signal: init?.signal ?? undefined });
    const pieces = stream[Symbol.asyncIterator]();
    try {
      const { value: head } = (await pieces.next()) as { readonly value: Head };
      return new Response(ReadableStream.from({ [Symbol.asyncIterator]: () => pieces as AsyncIterator<Uint8Array> }), head);
    } catch (error) {
      const reason = isCoalescerError(error, 'COALESCER_TARGETS_FAILED') ? error.cause : error;
      if (reason instanceof Refusal) return new Response(reason.body, reason);
      throw error;
    }
  };
}

function callOf(input: Parameters<typeof fetch>[0], init: RequestInit | undefined, baseUrl: string): ApiCall | null {
  const url = input instanceof Request ? null : String(input);
  if (url?.startsWith(baseUrl) !== true || init?.method !== 'POST' || typeof init.body !== 'string') return null;
  const headers = headersOf(new Headers(init.headers), (name) => KEYED.has(name));
  return { path: url.slice(baseUrl.length), headers, body: JSON.parse(init.body) };
}
