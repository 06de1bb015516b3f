import { createCoalescer, threadTargets, type Coalescer } from 'coalescer';
import type targets from './targets.ts';

/** @param name `./targets.js`, as it will be once it is built, or `./targets.ts` */
export function openWords(name: string, threads: number): Coalescer<string, string> {
  const module_ = threadTargets<typeof targets>(new URL(name, import.meta.url), { threads, config: { sign: '!' } });
  return createCoalescer({ name: 'words', scope: 'public', targets: module_ });
}
