/** How a bug is put in on purpose, and taken out again: another method in the place of one. */
import type { Alteration } from './world.js';

export interface Mutant {
  readonly name: string;
  /** Puts the bug in; returns what takes it out again. */
  readonly plant: () => () => void;
  readonly alteration?: Alteration;
}

/** Puts another method in the place of one. */
// `any`: whatever the method takes and returns, the other one does too.
export function swap<Owner extends object, Name extends keyof Owner & string>(
  owner: Owner,
  name: Name,
  make: (original: any) => (this: any, ...given: any[]) => any,
): () => () => void {
  return () => {
    const before = Object.getOwnPropertyDescriptor(owner, name) as PropertyDescriptor;
    Object.defineProperty(owner, name, { ...before, value: make(before.value) });
    return () => void Object.defineProperty(owner, name, before);
  };
}

/** Puts another getter in the place of one. */
// `any`: the same.
export function swapGetter(owner: object, name: string, make: (original: (this: any) => any) => (this: any) => any): () => () => void {
  return () => {
    const before = Object.getOwnPropertyDescriptor(owner, name) as PropertyDescriptor;
    Object.defineProperty(owner, name, { ...before, get: make(Reflect.get(before, 'get') as () => any) });
    return () => void Object.defineProperty(owner, name, before);
  };
}

/** The bug is elsewhere. */
export const nothing = (): (() => void) => () => undefined;
