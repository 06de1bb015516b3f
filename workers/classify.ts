/** What an error means when its target does not say: HTTP statuses and connection errors, as most clients throw them. */
import type { Verdict } from './targets.js';

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
  for (const status of [field(error, 'status'), field(error, 'statusCode'), field(field(error, 'response'), 'status')]) {
    if (typeof status === 'number' && Number.isInteger(status) && status >= 100 && status <= 599) return status;
  }
  return undefined;
}

/** The code of an error (`ECONNRESET`, `rate_limit_exceeded`), its cause's where it has none (fetch wraps them). */
export function codeOf(error: unknown): string | undefined {
  for (const code of [field(error, 'code'), field(field(error, 'cause'), 'code')]) if (typeof code === 'string') return code.slice(0, 200);
  return undefined;
}

/** The error's message, or the thrown value itself as text: at most 500 characters. */
export function messageOf(error: unknown): string {
  const message = field(error, 'message');
  if (typeof message === 'string') return message.slice(0, 500);
  try {
    return String(error).slice(0, 500);
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
