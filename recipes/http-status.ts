// Which HTTP status an error of a request is, and the signal of a client that went away. What the recipes for servers have in common.
import { isCoalescerError, type CoalescerErrorCode } from 'coalescer';
import type { ServerResponse } from 'node:http';

const STATUSES: { readonly [Code in CoalescerErrorCode]?: number } = {
  COALESCER_TARGETS_FAILED: 502,
  COALESCER_TIMEOUT: 504,
  // Ask again, elsewhere or later.
  COALESCER_LIMIT: 503,
  COALESCER_CLOSED: 503,
  COALESCER_NOT_KEYABLE: 400,
  COALESCER_SCOPE_MISSING: 401,
};

/** A target's own error comes as thrown: its status is the upstream's answer. */
export function statusOf(error: unknown): number {
  // The client's own fault, unlike the other limits.
  if (isCoalescerError(error, 'COALESCER_LIMIT') && error.limit === 'payloadBytes') return 413;
  if (isCoalescerError(error)) return STATUSES[error.code] ?? 500;
  const status = (error as { status?: unknown } | null)?.status;
  return typeof status === 'number' && status >= 400 && status < 600 ? status : 500;
}

/** Aborted when the client has gone before its answer: the request leaves its flight, and the last one to leave ends the upstream call. */
export function signalOf(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) gone.abort(new Error('the client has gone'));
  });
  return gone.signal;
}
