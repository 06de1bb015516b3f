/** A stream of small chunks, on a thread: as many as the payload says. */
import { defineTargets } from '../../src/index.js';

export interface Token {
  readonly at: number;
  readonly text: string;
}

export default defineTargets({
  async *tokens({ count }: { readonly count: number; readonly id: number }): AsyncGenerator<Token> {
    for (let at = 0; at < count; at++) yield { at, text: `token ${at}` };
  },
});
