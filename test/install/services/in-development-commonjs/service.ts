import { createCoalescer, threadTargets } from 'coalescer';
import type targets from './targets';

async function main(): Promise<void> {
  for (const threads of [0, 1]) {
    const words = createCoalescer({ scope: 'public', targets: threadTargets<typeof targets>(require.resolve('./targets'), { threads }) });
    console.log(`${threads} threads: ${await words.request('hello')}`);
    await words.close();
  }
}

void main();
