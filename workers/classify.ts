/** What an error means if its target does not say: HTTP statuses and connection errors, as most clients throw them. */
import type { Seam } from './environment.js';
import type { Verdict } from './targets.js';
import { cut } from './text.js';

/** Statuses that another target would give as well: the request itself is at fault (RFC 9110 section 15.5). */
const ANSWERS: ReadonlySet<number> = new Set([400, 404, 405, 410, 413, 414, 415, 422]);

/** An error's properties. */
type Bag = Readonly<Record<string, unknown>>;

/**
 * The fields that are read, each by a function of its own, so that each read has an inline cache of its own: one function that takes the name
 * would be megamorphic, and cost a failover 0.4 µs.
 */
const of = {
  status: (bag: Bag): unknown => bag['status'],
  statusCode: (bag: Bag): unknown => bag['statusCode'],
  response: (bag: Bag): unknown => bag['response'],
  awsResponse: (bag: Bag): unknown => bag['$response'],
  headers: (bag: Bag): unknown => bag['headers'],
  responseHeaders: (bag: Bag): unknown => bag['responseHeaders'],
  retryAfterMs: (bag: Bag): unknown => bag['retryAfterMs'],
  code: (bag: Bag): unknown => bag['code'],
  type: (bag: Bag): unknown => bag['type'],
  errorCode: (bag: Bag): unknown => bag['error_code'],
  error: (bag: Bag): unknown => bag['error'],
  data: (bag: Bag): unknown => bag['data'],
  details: (bag: Bag): unknown => bag['details'],
  cause: (bag: Bag): unknown => bag['cause'],
  name: (bag: Bag): unknown => bag['name'],
  message: (bag: Bag): unknown => bag['message'],
} as const;

const isBag = (value: unknown): value is Bag => (typeof value === 'object' || typeof value === 'function') && value !== null;

/** A field of an error; `undefined` if its getter throws. */
function field(value: unknown, read: (bag: Bag) => unknown): unknown {
  if (!isBag(value)) return undefined;
  try {
    return read(value);
  } catch {
    // The getter's error must not replace the one that is being classified.
    return undefined;
  }
}

/** The HTTP status that an error carries: its own, as fetch wrappers and most SDKs have it, or its response's, as got, ky and AWS have it. */
export function statusOf(error: unknown): number | undefined {
  return statusIn(error) ?? statusIn(responseOf(error));
}

function statusIn(bag: unknown): number | undefined {
  const status = field(bag, of.status);
  if (isStatus(status)) return status;
  const spelled = field(bag, of.statusCode);
  return isStatus(spelled) ? spelled : undefined;
}

const responseOf = (error: unknown): unknown => field(error, of.response) ?? field(error, of.awsResponse);

const isStatus = (status: unknown): status is number =>
  typeof status === 'number' && Number.isInteger(status) && status >= 100 && status <= 599;

/** The code of an error (`ECONNRESET`, `rate_limit_exceeded`), or that of its cause, two deep, if it has none: fetch wraps errors, and SDKs wrap what fetch throws. */
export function codeOf(error: unknown): string | undefined {
  const code = textOf(error, of.code, 200);
  if (code !== undefined) return code;
  const cause = field(error, of.cause);
  if (cause === undefined) return undefined;
  return textOf(cause, of.code, 200) ?? textOf(field(cause, of.cause), of.code, 200);
}

/** A text field, cut to `most` characters. */
function textOf(value: unknown, read: (bag: Bag) => unknown, most: number): string | undefined {
  const text = field(value, read);
  return typeof text === 'string' ? cut(text, most) : undefined;
}

/** A header of an error's response, from a `Headers` or a plain object, in any case. */
export const headerOf = (error: unknown, name: string): string | undefined => headerIn(headersOf(error), name);

const headersOf = (error: unknown): unknown =>
  field(error, of.headers) ?? field(error, of.responseHeaders) ?? field(responseOf(error), of.headers);

function headerIn(headers: unknown, name: string): string | undefined {
  const get = field(headers, (bag) => bag['get']);
  try {
    const value: unknown = typeof get === 'function' ? get.call(headers, name) : inBag(headers, name);
    return typeof value === 'string' || typeof value === 'number' ? String(value).trim() : undefined;
  } catch {
    return undefined; // if `get` throws, there is no header
  }
}

/** Tries the name in lower case first, then in any case. */
function inBag(headers: unknown, name: string): unknown {
  const value = field(headers, (bag) => bag[name]);
  if (value !== undefined || typeof headers !== 'object' || headers === null) return value;
  const spelled = Object.keys(headers).find((key) => key.toLowerCase() === name);
  return spelled === undefined ? undefined : field(headers, (bag) => bag[spelled]);
}

/** No upstream is left alone for longer, whatever it says: an hour. */
export const RETRY_AFTER_MS_MAX = 3_600_000;
/** An RFC 9110 section 5.6.7 date, in its three forms; the last one does not say GMT, but means it. */
const HTTP_DATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? [\w -]+ \d\d:\d\d:\d\d(?: GMT| \d{4})$/;

function dateOf(text: string | undefined): number {
  if (text === undefined || text.length > 40 || !HTTP_DATE.test(text)) return Number.NaN;
  return Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
}

/** A number without sign or exponent, as headers write it. */
function numberOf(text: string | undefined): number {
  return text !== undefined && /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
}

/**
 * How long the upstream asks to be left alone: `retryAfterMs` on the error, else its `retry-after-ms` or `retry-after` header (RFC 9110 section
 * 10.2.3: seconds, or a date, which is compared with the response's own `date` if it has one, so that no two clocks are compared). 0 if it does
 * not ask, or not with a valid time; at most an hour.
 */
export function retryAfterMsOf(error: unknown, clock: Pick<Seam, 'wallNow'>): number {
  const ms = askedMs(error, clock);
  return Number.isNaN(ms) ? 0 : Math.min(RETRY_AFTER_MS_MAX, Math.max(0, ms));
}

function askedMs(error: unknown, clock: Pick<Seam, 'wallNow'>): number {
  const given = field(error, of.retryAfterMs);
  if (typeof given === 'number' && !Number.isNaN(given)) return given;
  const headers = headersOf(error);
  if (headers === undefined) return Number.NaN;
  const inMs = numberOf(headerIn(headers, 'retry-after-ms'));
  if (!Number.isNaN(inMs)) return inMs;
  const text = headerIn(headers, 'retry-after');
  const seconds = numberOf(text);
  if (!Number.isNaN(seconds)) return seconds * 1_000;
  const date = dateOf(text);
  if (Number.isNaN(date)) return Number.NaN;
  const sent = dateOf(headerIn(headers, 'date'));
  return date - (Number.isNaN(sent) ? clock.wallNow() : sent);
}

/** Codes that say that the spending limit is reached: neither waiting nor asking again helps. */
const SPEND_CAPS: ReadonlySet<string> = new Set(['enforced_spend_limit_reached', 'insufficient_quota', 'billing_hard_limit_reached']);

/**
 * Does the error say that the spending limit is reached? Clients say so on the error, in its details, or in the body of the answer, which is `error`
 * in providers' SDKs, `data` in the AI SDK, and `response.data` in axios.
 */
export function isSpendCap(error: unknown): boolean {
  if (saysSpent(error) || saysSpent(field(error, of.details))) return true;
  return isSpentIn(field(error, of.error)) || isSpentIn(field(error, of.data)) || isSpentIn(field(field(error, of.response), of.data));
}

function isSpentIn(body: unknown): boolean {
  return isBag(body) && (saysSpent(body) || saysSpent(field(body, of.error)) || saysSpent(field(body, of.details)));
}

/** Reads all three in one `try`; one by one only if one of them throws. */
function saysSpent(part: unknown): boolean {
  if (!isBag(part)) return false;
  try {
    return isCap(part['code']) || isCap(part['type']) || isCap(part['error_code']);
  } catch {
    return isCap(field(part, of.code)) || isCap(field(part, of.type)) || isCap(field(part, of.errorCode));
  }
}

const isCap = (said: unknown): boolean => typeof said === 'string' && SPEND_CAPS.has(said);

/**
 * Is it a bare error, as nearly all network errors are: without a status, a time, or anything else that says more than "failed"? Reads all fields
 * in one `try`, for speed.
 */
export function saysNothing(error: unknown): boolean {
  if (!isBag(error)) return false;
  try {
    const isWithout =
      error['status'] === undefined &&
      error['statusCode'] === undefined &&
      error['response'] === undefined &&
      error['$response'] === undefined &&
      error['headers'] === undefined &&
      error['responseHeaders'] === undefined &&
      error['retryAfterMs'] === undefined &&
      error['error'] === undefined &&
      error['data'] === undefined &&
      error['details'] === undefined;
    return isWithout && !isAbortName(error['name']) && !saysSpent(error);
  } catch {
    return false; // if a getter throws, the caller reads field by field
  }
}

/** The error's message, or the thrown value itself as text: at most 500 characters. */
export function messageOf(error: unknown): string {
  return textOf(error, of.message, 500) ?? thrown(error);
}

function thrown(error: unknown): string {
  try {
    return cut(String(error), 500);
  } catch {
    // An object that cannot be made a string (`Object.create(null)`): only its type can be told.
    return `a thrown ${typeof error}`;
  }
}

/** Was the call aborted by its caller? (openai's error for that has no name, and cannot be told from others.) */
export function isAbort(error: unknown): boolean {
  return isAbortName(field(error, of.name));
}

/** As fetch and most clients name it; axios; Anthropic's SDK; Mistral's. */
const isAbortName = (name: unknown): boolean =>
  name === 'AbortError' || name === 'CanceledError' || name === 'APIUserAbortError' || name === 'RequestAbortedError';

/**
 * The verdict if a target has no `classify`: 400 404 405 410 413 414 415 422 and aborted calls are answers; other statuses (401 and 403
 * among them: the next target has other credentials), connection errors and errors without a status fail over.
 */
export function classifyHttp(error: unknown): Verdict {
  const status = statusOf(error);
  if (status !== undefined) return ANSWERS.has(status) ? 'answer' : 'failover';
  return isAbort(error) ? 'answer' : 'failover';
}
