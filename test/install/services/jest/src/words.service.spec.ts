import { createCoalescer, isCoalescerError } from 'coalescer';
import { scriptedTarget, virtualEnvironment } from 'coalescer/testing';
import { WordsService } from './words.service';

for (const threads of [0, 1]) {
  describe(`a service with ${threads} threads`, () => {
    let service: WordsService;

    beforeAll(async () => {
      service = new WordsService(threads);
      await service.words.ready();
    });

    afterAll(() => service.onApplicationShutdown());

    it('coalesces and fails over', async () => {
      const answers = await Promise.all(Array.from({ length: 10 }, () => service.say('hello')));
      expect(service.words.stats().targets['primary']?.attempts).toBe(1);
      expect(new Set(answers)).toEqual(new Set(['HELLO!']));
      // A long key, for which a built-in module is loaded late.
      expect(await service.say('long'.repeat(5_000))).toHaveLength(20_001);
    });
  });
}

it('tells errors by their code, and runs under virtual time', async () => {
  const environment = virtualEnvironment();
  const model = scriptedTarget<{ text: string; at?: undefined }, { vector: Float32Array; when: Date }>();
  const chat = createCoalescer({ name: 'chat', scope: 'public', share: 'copy', targets: { model }, environment });
  const first = chat.request({ text: 'a' });
  const second = chat.request({ text: 'a', at: undefined }, { timeoutMs: 10 }).catch((error: unknown) => error);
  expect(model.calls.length).toBe(1);
  await environment.advance(30);
  expect(isCoalescerError(await second, 'COALESCER_TIMEOUT')).toBe(true);
  const value = { vector: Float32Array.of(1, 2), when: new Date(0) };
  model.calls[0]?.resolve(value);
  expect(await first).toEqual(value);
  expect(await first).not.toBe(value);
  await expect(chat.request({ text: new Map() } as never)).rejects.toMatchObject({ code: 'COALESCER_NOT_KEYABLE', path: '$.text' });
  await chat.close();
});

it('refuses what is not plain data, of whichever realm', async () => {
  const service = new WordsService(0);
  await expect(service.words.request({ buffer: Buffer.from('x') } as never)).rejects.toMatchObject({ code: 'COALESCER_NOT_KEYABLE' });
  await service.onApplicationShutdown();
});
