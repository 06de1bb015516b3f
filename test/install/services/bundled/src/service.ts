// Names its targets module by a path that no bundler follows: the module is an entry of its own, beside the service.
import { createCoalescer, isCoalescerError, threadTargets } from 'coalescer';
import { dirname, join } from 'node:path';
import type targets from './targets.js';

const here = dirname(process.argv[1] ?? '');
const module_ = threadTargets<typeof targets>(join(here, `targets.${process.argv[2] ?? 'js'}`), { config: { sign: '!' } });

async function main(): Promise<void> {
  const users = createCoalescer({ name: 'users', scope: 'public', targets: { read: async (id: number) => `user ${id}` } });
  console.log(`inline: ${await users.request(7)}`);
  await users.close();
  try {
    const kept = createCoalescer({
      name: 'kept',
      scope: 'public',
      keep: { ttlMs: 1_000 },
      targets: { read: async (id: number) => `user ${id}` },
    });
    console.log(`kept: ${await kept.request(7)}`);
    await kept.close();
  } catch (error) {
    console.log(`kept: ${(error as Error).message}`);
  }
  const words = createCoalescer({ name: 'words', scope: 'public', targets: module_ });
  try {
    await words.ready();
    console.log(`thread: ${await words.request('hello')}`);
  } catch (error) {
    if (!isCoalescerError(error)) throw error;
    console.log(`${error.code}: ${error.message}`);
  }
  await words.close();
}

void main();
