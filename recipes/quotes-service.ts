// A service that can be tested: it is given its targets and its time. ../test/recipes/quotes-service.test.ts is its unit test.
import { createCoalescer, type Coalescer, type Environment } from 'coalescer';

export type ReadQuote = (symbol: string, context: { readonly signal: AbortSignal }) => Promise<number>;

export interface QuotesServiceSetup {
  readonly exchange: ReadQuote;
  readonly mirror: ReadQuote;
  /** Time and chance. @default the process's */
  readonly environment?: Environment;
}

export class QuotesService {
  readonly #quotes: Coalescer<string, number>;

  constructor({ exchange, mirror, ...rest }: QuotesServiceSetup) {
    this.#quotes = createCoalescer({ name: 'quotes', scope: 'public', targets: { exchange, mirror }, attemptTimeoutMs: 500, ...rest });
  }

  /** In cents. */
  async price(symbol: string, signal?: AbortSignal): Promise<number> {
    return Math.round((await this.#quotes.request(symbol, { signal })) * 100);
  }

  close(): Promise<void> {
    return this.#quotes.close();
  }
}
