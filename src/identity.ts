/** Whose request it is, and for what: scope and key of a payload. The only place where either is made or checked. */
import { formedKey, newMemo, NO_FORM, NoCanonicalForm, type FormedKey, type KeyForm } from '../workers/canonical.js';
import { CoalescerError } from './errors.js';
import { given } from '../workers/given.js';
import type { FilledOptions } from './options.js';

/** Scopes are tenants, not documents. */
const SCOPE_CHARACTERS_MAX = 8_192;

/** Makes identities according to one coalescer's options. */
export class Identities {
  readonly #name: string;
  readonly #scope: FilledOptions['scope'];
  readonly #memo = newMemo();
  readonly #payloadsCross: boolean;
  readonly #payloadBytes: number;
  readonly #keyOf: ((payload: unknown) => string | null) | null;

  constructor(options: FilledOptions, payloadsCross: boolean) {
    this.#payloadsCross = payloadsCross;
    this.#payloadBytes = options.limits.payloadBytes;
    this.#name = options.name;
    this.#scope = options.scope;
    this.#keyOf = options.key as ((payload: unknown) => string | null) | null;
  }

  /** `null`: shared by all callers. @throws CoalescerError COALESCER_SCOPE_MISSING */
  scope(payload: unknown, requested: string | undefined): string | null {
    return requested === undefined && this.#scope === 'public' ? null : this.#checkedScope(payload, requested);
  }

  #checkedScope(payload: unknown, requested: string | undefined): string {
    const option: unknown = this.#scope;
    if (option === 'public') {
      throw new TypeError(
        `${this.#name}: scope: this coalescer is 'public'; a request cannot have a scope of its own, got ${given(requested)}`,
      );
    }
    const scope: unknown = option === 'per-request' ? requested : (option as (payload: unknown) => unknown)(payload);
    if (typeof scope !== 'string' || scope === '') {
      const source = option === 'per-request' ? "the request's options.scope" : 'what options.scope returned for the payload';
      throw new CoalescerError(
        'COALESCER_SCOPE_MISSING',
        this.#name,
        `${source}: expected a string that says whose request it is, got ${given(scope)}`,
      );
    }
    if (!scope.isWellFormed())
      throw new TypeError(
        `${this.#name}: scope: expected well-formed Unicode, got a lone surrogate: two scopes would become one where it crosses`,
      );
    if (scope.length > SCOPE_CHARACTERS_MAX) {
      throw new RangeError(`${this.#name}: scope: expected at most ${SCOPE_CHARACTERS_MAX} characters, got ${scope.length}`);
    }
    return scope;
  }

  /** `null`: this request is not shared. @throws CoalescerError COALESCER_NOT_KEYABLE */
  key(payload: unknown, requested: string | null | undefined): { readonly key: string | null; readonly form: KeyForm } {
    if (requested === undefined && this.#keyOf === null) return this.#canonical(payload);
    return { key: this.#checkedKey(payload, requested), form: NO_FORM };
  }

  #checkedKey(payload: unknown, requested: string | null | undefined): string | null {
    const key: unknown = requested === undefined ? this.#keyOf?.(payload) : requested;
    if (key === null || (typeof key === 'string' && key.isWellFormed())) return key;
    const source = requested === undefined ? 'what options.key returned for the payload' : "the request's options.key";
    const came = typeof key === 'string' ? 'one with a lone surrogate' : given(key);
    throw new CoalescerError(
      'COALESCER_NOT_KEYABLE',
      this.#name,
      `${source}: expected a well-formed string, or null for "do not share", got ${came}`,
      { path: '$' },
    );
  }

  #canonical(payload: unknown): FormedKey {
    try {
      return formedKey(payload, this.#memo, this.#payloadsCross, this.#payloadBytes);
    } catch (error) {
      if (!(error instanceof NoCanonicalForm)) throw error;
      const { path, reason, isTooLarge } = error.refusal;
      if (isTooLarge) {
        const message = `limits.payloadBytes is reached: at most ${this.#payloadBytes}, and the payload would take more: ${reason}`;
        throw new CoalescerError('COALESCER_LIMIT', this.#name, message, { limit: 'payloadBytes' });
      }
      const help = 'send plain JSON data, or give the coalescer a key function';
      throw new CoalescerError('COALESCER_NOT_KEYABLE', this.#name, `the payload has no canonical form at ${path}: ${reason}; ${help}`, {
        path,
        cause: error,
      });
    }
  }
}
