import { expect, test } from 'vitest';
import { openWords } from './words.ts';

for (const name of ['./targets.js', './targets.ts']) {
  for (const threads of [0, 1]) {
    test(`${name} with ${threads} threads`, async () => {
      const words = openWords(name, threads);
      const answers = await Promise.all([words.request('hello'), words.request('hello')]);
      expect(words.stats().targets['backup']?.attempts).toBe(1);
      expect(answers).toEqual(['HELLO!', 'HELLO!']);
      await words.close();
    });
  }
}
