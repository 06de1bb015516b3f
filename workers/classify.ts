/** What an error means when its target does not say: HTTP statuses and connection errors, as most clients throw them. */
import type { Verdict } from './targets.js';
import { cut } from './text.js';

/** Statuses that another target would repeat: the request itself is at fault (RFC 9110 section 15.5). */
const ANSWERS: ReadonlySet<number> = new Set([400, 404, 405, 410, 413, 414, 415, 422]);

/** A field of an error, read without running into getters that throw. */
function field(value: unknown, name: string): unknown {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined;
  try {
    return (value as Record<string, unknown>)[name];
  } catch {
    // A getter that throws says nothing; the error that is being classified must not be replaced by it.
    return undefined;
  }
}

/** The HTTP status that an error carries, as fetch wrappers, SDKs and axios spell it. */
export function statusOf(error: unknown): number | undefined {
  const own = field(error, 'status');
  if (isStatus(own)) return own;
  const spelled = field(error, 'statusCode');
  if (isStatus(spelled)) return spelled;
  const response = field(field(error, 'response'), 'status');
  return isStatus(response) ? response : undefined;
}

const isStatus = (status: unknown): status is number =>
  typeof status === 'number' && Number.isInteger(status) && status >= 100 && status <= 599;

/** The code of an error (`ECONNRESET`, `rate_limit_exceeded`), its cause's where it has none (fetch wraps them). */
export function codeOf(error: unknown): string | undefined {
  const own = field(error, 'code');
  if (typeof own === 'string') return cut(own, 200);
  const inner = field(field(error, 'cause'), 'code');
  return typeof inner === 'string' ? cut(inner, 200) : undefined;
}

/** What is told of an error. */
export interface ErrorReading {
  readonly code: string | undefined;
  readonly status: number | undefined;
  readonly message: string;
}
export function readError(error: unknown): ErrorReading {
  return { code: codeOf(error), status: statusOf(error), message: messageOf(error) };
}

/** A header of an error's response, from a `Headers` or a plain bag. */
export function headerOf(error: unknown, name: string): string | undefined {
  const headers = field(error, 'headers') ?? field(field(error, 'response'), 'headers');
  const get = field(headers, 'get');
  try {
    const value: unknown = typeof get === 'function' ? get.call(headers, name) : field(headers, name);
    return typeof value === 'string' || typeof value === 'number' ? String(value).trim() : undefined;
  } catch {
    return undefined; // a bag whose `get` throws says nothing
  }
}

/**
 * How long the upstream asks to be left alone: `retryAfterMs` on the error, else its `retry-after-ms` or `retry-after` header (RFC 9110 section
 * 10.2.3, in seconds). 0: it does not ask, or what it says is no duration.
 */
export function retryAfterMsOf(error: unknown): number {
  const given = field(error, 'retryAfterMs');
  const ms = typeof given === 'number' ? given : Number(headerOf(error, 'retry-after-ms') ?? Number.NaN);
  if (Number.isFinite(ms)) return Math.max(0, ms);
  const seconds = headerOf(error, 'retry-after');
  return seconds !== undefined && /^\d{1,9}$/.test(seconds) ? Number(seconds) * 1_000 : 0;
}

/** The error's message, or the thrown value itself as text: at most 500 characters. */
export function messageOf(error: unknown): string {
  const message = field(error, 'message');
  if (typeof message === 'string') return cut(message, 500);
  try {
    return cut(String(error), 500);
  } catch {
    // An object without a primitive form (`Object.create(null)`): its type is all there is to say.
    return `a thrown ${typeof error}`;
  }
}

/**
 * The verdict where a target has no `classify`: 400 404 405 410 413 414 415 422 and `AbortError` are answers; other statuses (401 and 403
 * among them: the next target has other credentials), connection errors and errors without a status fail over.
 */
export function classifyHttp(error: unknown): Verdict {
  const status = statusOf(error);
  if (status !== undefined) return ANSWERS.has(status) ? 'answer' : 'failover';
  return field(error, 'name') === 'AbortError' ? 'answer' : 'failover';
}
