/** How many waiters get one value. */
import { isPlainObject } from '../workers/plain.js';

/**
 * `readonly`: the same object for all; the compiler forbids writing. `frozen`: plain data is also frozen at run time, even for a single waiter.
 * Other values (a typed array, a Proxy that refuses) cannot be frozen and are given as they are.
 * `copy`: each waiter gets a structured clone: a class instance loses its class. `same`: the same object, writable at your own risk.
 */
export type Share = 'readonly' | 'frozen' | 'copy' | 'same';

type Primitive = string | number | bigint | boolean | symbol | null | undefined;

// `any` in the function's parameters: a function is left alone, whatever it takes.
/** `V`, deeply read-only. */
export type Frozen<V> = V extends Primitive | ((...args: any[]) => unknown) | Date | RegExp | ArrayBuffer | ArrayBufferView
  ? V
  : V extends ReadonlyMap<infer K, infer X>
    ? ReadonlyMap<K, Frozen<X>>
    : V extends ReadonlySet<infer X>
      ? ReadonlySet<Frozen<X>>
      : V extends object
        ? { readonly [K in keyof V]: Frozen<V[K]> }
        : V;
/** What a waiter gets for a `V`. */
export type Shared<V, H extends Share> = H extends 'readonly' | 'frozen' ? Frozen<V> : V;

/**
 * Freezes plain data at any depth. Typed arrays cannot be frozen, and a frozen Date or Map stays writable inside: these, and what
 * getters return, are left alone.
 */
export function freezeDeep(value: unknown): void {
  const seen = new Set<object>();
  const waiting: unknown[] = [value];
  for (let part = waiting.pop(); waiting.length > 0 || part !== undefined; part = waiting.pop()) {
    if (typeof part !== 'object' || part === null || seen.has(part)) continue;
    seen.add(part);
    try {
      if (!Array.isArray(part) && !isPlainObject(part)) continue;
      Object.freeze(part);
      // One at a time: asking for all descriptors takes four times as long.
      for (const name of Object.getOwnPropertyNames(part)) {
        const inner: unknown = Object.getOwnPropertyDescriptor(part, name)?.value;
        if (typeof inner === 'object') waiting.push(inner);
      }
    } catch {
      // A Proxy that refuses, or a module namespace: not plain data after all. The flight has settled, and its waiters get it as it is.
    }
  }
}
