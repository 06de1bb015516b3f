import { isCoalescerError } from 'coalescer';
import { openWords } from './words.ts';

for (const name of ['./targets.js', './targets.ts']) {
  for (const threads of [0, 1]) {
    const words = openWords(name, threads);
    try {
      console.log(`${name}, ${threads} threads: ${await words.request('hello')}`);
    } catch (error) {
      console.log(`${name}, ${threads} threads: ${isCoalescerError(error) ? error.message : String(error)}`);
    }
    await words.close();
  }
}
