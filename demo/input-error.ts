// The user's mistake: a wrong option, or a file that cannot be used. Told in one line, without a stack; exit code 2.

export class InputError extends Error {
  override readonly name = 'InputError';
}

/** Text from outside, made fit for one line of a message. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
