// The user's mistake: a wrong option, or a file that cannot be used. Told in one line, without a stack; exit code 2.

export class InputError extends Error {
  override readonly name = 'InputError';
}

/** Text from outside, made fit for one line of a message. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}

/** What went wrong, and what that came from: a stack is of no use to who only reads a line. */
export function told(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const causes = error instanceof AggregateError ? error.errors : error.cause === undefined ? [] : [error.cause];
  // Some messages have told it already.
  const from = causes.map((cause) => told(cause)).filter((cause) => !error.message.includes(cause));
  return [error.message === '' ? error.name : error.message, ...from].join(': ');
}
