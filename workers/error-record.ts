/**
 * How errors cross: as plain data, from which an `Error` is made again on the other side. Name, message, stack, code and status cross, headers that
 * say when to come back, the error's own plain data, and three causes; its class does not.
 */
import { packBody } from './body.js';
import { inspectCrossing } from './crossing.js';
import { cut } from './text.js';
import { headerOf, messageOf, statusOf } from './classify.js';
import type { Body } from './protocol.js';

/** An error as plain data, or a thrown value that is plain data itself. */
export type ErrorRecord = { readonly thrown: unknown } | ErrorParts;

interface ErrorParts {
  readonly name: string;
  readonly message: string;
  readonly stack: string | null;
  /** `code`, `status`, `headers` and the error's own plain data. */
  readonly data: Readonly<Record<string, unknown>>;
  readonly cause: ErrorRecord | null;
}

/** The limit for all own data of one error; the rest is dropped. */
const DATA_CHARACTERS_MAX = 16_384;
const CAUSES_MAX = 3;
const TEXT_CHARACTERS_MAX = 16_384;
/** The request's id, and when to ask again (RFC 9110 section 10.2.3; the others as AI providers send them). */
const HEADERS = ['retry-after', 'retry-after-ms', 'date', 'x-should-retry', 'request-id', 'x-request-id'];

/** A value that throws when it is read could not cross. */
function isPlain(value: unknown): boolean {
  try {
    return inspectCrossing(value, DATA_CHARACTERS_MAX).refusal === null;
  } catch {
    return false;
  }
}
const text = (value: unknown, otherwise: string): string =>
  typeof value === 'string' ? cut(value, TEXT_CHARACTERS_MAX).toWellFormed() : otherwise;

/** Packs an error. Though each part passed the guard, the whole may not: it is nested deeper, or has changed since. */
export function packError(error: unknown, pack: ((value: unknown) => Uint8Array) | null): Body {
  const record = errorRecord(error);
  try {
    return packBody(record, pack);
  } catch {
    return packBody(bareOf(record), pack);
  }
}

/** Without its cause, and with primitive data only: those were checked, and cannot change. */
function bareOf(record: ErrorRecord): ErrorRecord {
  const parts = 'thrown' in record ? described(record.thrown) : record;
  const data = Object.fromEntries(Object.entries(parts.data).filter(([, value]) => typeof value !== 'object'));
  return { ...parts, data, cause: null };
}

/** For a thrown value that is no error and cannot cross as it is. */
function described(thrown: unknown): ErrorParts {
  return { name: 'Error', message: text(messageOf(thrown), ''), stack: null, data: dataOf(thrown), cause: null };
}

/** A Proxy that could be read once may throw the next time. */
function dataOf(thrown: unknown): Record<string, unknown> {
  try {
    return typeof thrown === 'object' && thrown !== null ? ownData(thrown) : {};
  } catch {
    return {};
  }
}

/** Describes whatever was thrown. It never throws itself: what cannot be read is left out. */
export function errorRecord(error: unknown): ErrorRecord {
  try {
    return describe(error, CAUSES_MAX);
  } catch (trap) {
    // A Proxy, say, that throws at every read.
    const message = text(`the target threw something that cannot be read: ${messageOf(trap)}`, '');
    return { name: 'Error', message, stack: null, data: {}, cause: null };
  }
}

function describe(error: unknown, causes: number): ErrorRecord {
  if (typeof error !== 'object' || error === null || !isErrorLike(error)) {
    return isPlain(error) && sizeOf(error) <= DATA_CHARACTERS_MAX ? { thrown: error } : described(error);
  }
  const cause = read(error, 'cause');
  return {
    name: text(read(error, 'name'), 'Error'),
    message: text(read(error, 'message'), ''),
    stack: typeof read(error, 'stack') === 'string' ? text(read(error, 'stack'), '') : null,
    data: ownData(error),
    cause: cause === undefined || causes === 0 ? null : describe(cause, causes - 1),
  };
}

/** Makes an `Error` again, with its own data as properties. */
export function errorOf(record: ErrorRecord): unknown {
  if ('thrown' in record) return record.thrown;
  const error = bareError(record.message, record.cause === null ? {} : { cause: errorOf(record.cause) });
  // As on an error of a subclass: present, but not enumerable.
  if (record.name !== 'Error') Object.defineProperty(error, 'name', { value: record.name, configurable: true, writable: true });
  // Assigned, not defined: defining would first compute a stack of its own.
  if (record.stack !== null) error.stack = record.stack;
  return Object.assign(error, record.data);
}

/** An error without stack frames. They would be the library's own, and capturing them took 18 µs of the caller's thread for each failed flight. */
function bareError(message: string, options: ErrorOptions): Error {
  const limit = Error.stackTraceLimit;
  // If it cannot be written (frozen intrinsics), frames are captured in vain.
  Reflect.set(Error, 'stackTraceLimit', 0);
  try {
    return new Error(message, options);
  } finally {
    Reflect.set(Error, 'stackTraceLimit', limit);
  }
}

function isErrorLike(value: object): boolean {
  return value instanceof Error || (typeof read(value, 'message') === 'string' && typeof read(value, 'name') === 'string');
}

function read(value: object, name: string): unknown {
  try {
    return (value as Record<string, unknown>)[name];
  } catch {
    return undefined; // a getter threw: this part of the error is left out
  }
}

function ownData(error: object): Record<string, unknown> {
  const data: Record<string, unknown> = {};
  let room = DATA_CHARACTERS_MAX;
  const headers = pickHeaders(error);
  if (headers !== null) data['headers'] = headers;
  // These first (they may be getters of the class), so that large data cannot crowd them out.
  for (const name of new Set(['code', 'status', 'statusCode', 'retryAfterMs', ...Object.keys(error)])) {
    if (['name', 'message', 'stack', 'cause', 'headers', '__proto__'].includes(name) || !name.isWellFormed()) continue;
    const value = read(error, name);
    if (value === undefined || !isPlain(value)) continue;
    const size = name.length + sizeOf(value);
    if (size > room) continue;
    room -= size;
    data[name] = value;
  }
  if (data['status'] !== undefined || data['statusCode'] !== undefined) return data;
  // The response that it is on (got, ky, AWS) does not cross.
  const status = statusOf(error);
  return status === undefined ? data : { ...data, status };
}

function pickHeaders(error: object): Record<string, string> | null {
  const found: Record<string, string> = {};
  for (const name of HEADERS) {
    const value = headerOf(error, name);
    if (value !== undefined && value.length <= 200) found[name] = value.toWellFormed();
  }
  return Object.keys(found).length === 0 ? null : found;
}

/** Characters of a plain value as JSON, roughly. */
function sizeOf(value: unknown): number {
  if (ArrayBuffer.isView(value)) return value.byteLength;
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part))?.length ?? 0;
}
