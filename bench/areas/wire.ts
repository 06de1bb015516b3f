/** Packing and unpacking launch frames, one and many in an envelope, beside structured clone and JSON of the same. Both ends on this thread; envelopes are cloned as a port would. */
import { LAUNCH, type LaunchFrame, PACKED } from '../../workers/protocol.js';
import { type Envelope, Wire } from '../../workers/wire.js';
import { chatRequest } from '../payloads.js';
import type { Area } from './area.js';

const MANY = 64;
const ENVELOPES = 64;

/** What is asked; its body is packed by whoever packs. */
const launches = (count: number): { readonly header: readonly unknown[]; readonly payload: unknown }[] =>
  Array.from({ length: count }, (_, at) => ({
    header: [LAUNCH, at, at + 1, null, `key-${at}`, 31_000.5, null],
    payload: chatRequest(at),
  }));

export const wire: Area = {
  name: 'wire',
  conditions: ['fresh', 'after gc'],
  async open() {
    const sender = new Wire();
    const receiver = new Wire();
    const byWire = (asked: ReturnType<typeof launches>): number => {
      const frames = asked.map(({ header, payload }) => [...header, PACKED, sender.packValue(payload)] as unknown as LaunchFrame);
      const { envelope, transferList } = sender.pack(frames, false);
      const payloads: unknown[] = [];
      receiver.read<LaunchFrame>(structuredClone<Envelope>(envelope, { transfer: transferList }), (frame) =>
        payloads.push(receiver.unpackBody(PACKED, frame.at(-1))),
      );
      return payloads.length;
    };
    const byClone = (asked: ReturnType<typeof launches>): number => structuredClone(asked).length;
    const byJson = (asked: ReturnType<typeof launches>): number => (JSON.parse(JSON.stringify(asked)) as unknown[]).length;
    const rows = ([1, MANY] as const).flatMap((count) =>
      Object.entries({ wire: byWire, 'structured clone': byClone, JSON: byJson }).map(([name, cross]) => {
        const envelopes = Array.from({ length: ENVELOPES / count }, () => launches(count));
        const run = (): unknown => envelopes.reduce((sum, asked) => sum + cross(asked), 0);
        return { name: `wire/${name}, ${count === 1 ? '1 frame' : `${count} frames`} a message`, per: ENVELOPES, run };
      }),
    );
    return { rows };
  },
};
