/** What an error means when its target does not say: HTTP statuses and connection errors, as most clients throw them. */
import type { Seam } from './environment.js';
import type { Verdict } from './targets.js';
import { cut } from './text.js';

/** Statuses that another target would repeat: the request itself is at fault (RFC 9110 section 15.5). */
const ANSWERS: ReadonlySet<number> = new Set([400, 404, 405, 410, 413, 414, 415, 422]);

/** What may be on an error. */
type Bag = Readonly<Record<string, unknown>>;

/**
 * The fields that are looked for, each by a function of its own: read by one that takes the name, they cost a failover 0.4 µs, since V8 cannot
 * remember where a name lies that is another one each time.
 */
const of = {
  status: (bag: Bag): unknown => bag['status'],
  statusCode: (bag: Bag): unknown => bag['statusCode'],
  response: (bag: Bag): unknown => bag['response'],
  headers: (bag: Bag): unknown => bag['headers'],
  retryAfterMs: (bag: Bag): unknown => bag['retryAfterMs'],
  code: (bag: Bag): unknown => bag['code'],
  type: (bag: Bag): unknown => bag['type'],
  errorCode: (bag: Bag): unknown => bag['error_code'],
  error: (bag: Bag): unknown => bag['error'],
  details: (bag: Bag): unknown => bag['details'],
  cause: (bag: Bag): unknown => bag['cause'],
  name: (bag: Bag): unknown => bag['name'],
  message: (bag: Bag): unknown => bag['message'],
} as const;

const isBag = (value: unknown): value is Bag => (typeof value === 'object' || typeof value === 'function') && value !== null;

/** A field of an error, read without running into getters that throw. */
function field(value: unknown, read: (bag: Bag) => unknown): unknown {
  if (!isBag(value)) return undefined;
  try {
    return read(value);
  } catch {
    // A getter that throws says nothing; the error that is being classified must not be replaced by it.
    return undefined;
  }
}

/** The HTTP status that an error carries, as fetch wrappers, SDKs and axios spell it. */
export function statusOf(error: unknown): number | undefined {
  const own = field(error, of.status);
  if (isStatus(own)) return own;
  const spelled = field(error, of.statusCode);
  if (isStatus(spelled)) return spelled;
  const response = field(field(error, of.response), of.status);
  return isStatus(response) ? response : undefined;
}

const isStatus = (status: unknown): status is number =>
  typeof status === 'number' && Number.isInteger(status) && status >= 100 && status <= 599;

/** The code of an error (`ECONNRESET`, `rate_limit_exceeded`), its cause's where it has none: fetch wraps them, and SDKs wrap what fetch throws. */
export function codeOf(error: unknown): string | undefined {
  const code = textOf(error, of.code, 200);
  if (code !== undefined) return code;
  const cause = field(error, of.cause);
  if (cause === undefined) return undefined;
  return textOf(cause, of.code, 200) ?? textOf(field(cause, of.cause), of.code, 200);
}

/** A field that is a text: at most so many characters of it. */
function textOf(value: unknown, read: (bag: Bag) => unknown, most: number): string | undefined {
  const text = field(value, read);
  return typeof text === 'string' ? cut(text, most) : undefined;
}

/** A header of an error's response, from a `Headers` or a plain bag, however it spells the name. */
export const headerOf = (error: unknown, name: string): string | undefined => headerIn(headersOf(error), name);

const headersOf = (error: unknown): unknown => field(error, of.headers) ?? field(field(error, of.response), of.headers);

function headerIn(headers: unknown, name: string): string | undefined {
  const get = field(headers, (bag) => bag['get']);
  try {
    const value: unknown = typeof get === 'function' ? get.call(headers, name) : inBag(headers, name);
    return typeof value === 'string' || typeof value === 'number' ? String(value).trim() : undefined;
  } catch {
    return undefined; // a bag whose `get` throws says nothing
  }
}

/** The name in lower case, else however it is written. */
function inBag(headers: unknown, name: string): unknown {
  const value = field(headers, (bag) => bag[name]);
  if (value !== undefined || typeof headers !== 'object' || headers === null) return value;
  const spelled = Object.keys(headers).find((key) => key.toLowerCase() === name);
  return spelled === undefined ? undefined : field(headers, (bag) => bag[spelled]);
}

/** No upstream is left alone for longer, whatever it says: an hour. */
export const RETRY_AFTER_MS_MAX = 3_600_000;
/** A date as RFC 9110 section 5.6.7 has it, in its three forms; the last one does not say GMT, and means it. */
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
 * 10.2.3: seconds, or a date, which counts from the answer's own `date` where it has one, so that no two clocks are compared). 0: it does not
 * ask, or what it says is no time; at most an hour.
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

/** Codes by which providers say that no more money may be spent: waiting does not help, and neither does asking again. */
const SPEND_CAPS: ReadonlySet<string> = new Set(['enforced_spend_limit_reached', 'insufficient_quota', 'billing_hard_limit_reached']);

/** Does the error say that what may be spent is spent? As SDKs carry it: on the error, in its body (`error`), or in that one's details. */
export function isSpendCap(error: unknown): boolean {
  const body = field(error, of.error);
  if (saysSpent(error) || saysSpent(field(error, of.details))) return true;
  return isBag(body) && (saysSpent(body) || saysSpent(field(body, of.error)) || saysSpent(field(body, of.details)));
}

/** All three at one look; one by one only where one of them throws. */
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
 * Is it an error that is nothing but that, as nearly all are that come from a network: without a status, a time, or anything else that a verdict could
 * be read from? At one look.
 */
export function saysNothing(error: unknown): boolean {
  if (!isBag(error)) return false;
  try {
    const isWithout =
      error['status'] === undefined &&
      error['statusCode'] === undefined &&
      error['response'] === undefined &&
      error['headers'] === undefined &&
      error['retryAfterMs'] === undefined &&
      error['error'] === undefined &&
      error['details'] === undefined;
    return isWithout && error['name'] !== 'AbortError' && !saysSpent(error);
  } catch {
    return false; // one that throws is read field by field
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
    // An object without a primitive form (`Object.create(null)`): its type is all there is to say.
    return `a thrown ${typeof error}`;
  }
}

/** The call was given up, by whoever made it. */
export function isAbort(error: unknown): boolean {
  return field(error, of.name) === 'AbortError';
}

/**
 * The verdict where a target has no `classify`: 400 404 405 410 413 414 415 422 and `AbortError` are answers; other statuses (401 and 403
 * among them: the next target has other credentials), connection errors and errors without a status fail over.
 */
export function classifyHttp(error: unknown): Verdict {
  const status = statusOf(error);
  if (status !== undefined) return ANSWERS.has(status) ? 'answer' : 'failover';
  return isAbort(error) ? 'answer' : 'failover';
}
