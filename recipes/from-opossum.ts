// From opossum with `coalesce` and a fallback. What changes:
// - the fallback is a target like the first: a time-out of the first leaves it its share of the time, and a third may follow;
// - what an error means is a target's own business (`classify`): a 404 is the answer, not a reason to fall back;
// - values are gone after their flight, where opossum keeps what it coalesced, the fallback's too, for `coalesceTTL`;
// - when all fail, all callers get one COALESCER_TARGETS_FAILED that lists the attempts, and the last error is its cause.
import { coalesce, createCoalescer } from 'coalescer';
import CircuitBreaker from 'opossum';

export type Translate = (text: string) => Promise<string>;

export function before(translate: Translate, fallback: Translate): Translate {
  // Its types do not know `coalesce` yet.
  const options = { timeout: 1_000, coalesce: true };
  const breaker = new CircuitBreaker((text: string) => translate(text), options);
  breaker.fallback((text: string) => fallback(text));
  return (text) => breaker.fire(text);
}

export function after(translate: Translate, fallback: Translate): Translate {
  const translations = createCoalescer({
    name: 'translations',
    scope: 'public',
    targets: { translate: { run: (text: string) => translate(text), attemptTimeoutMs: 1_000 }, fallback: (text: string) => fallback(text) },
  });
  return (text) => translations.request(text);
}

/** Without a fallback it is one line; errors come as thrown. */
export const afterWithoutFallback = (translate: Translate): Translate => coalesce((text: string) => translate(text), { scope: 'public' });
