// For the tests of refusals: a tiny machine with one thing in it that no table can hold, and what the tabulator must say of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AnyStateMachine, createMachine } from 'xstate';
import { MachineNotTabulable, type TabulateOptions, tabulate } from '../../machines/index.js';

type Bodies = Readonly<Record<string, unknown>>;

export interface Refused {
  readonly config: object;
  readonly actions?: Bodies;
  readonly guards?: Bodies;
  readonly options?: Partial<TabulateOptions>;
  /** Where, from the machine's id. */
  readonly at: string;
  readonly says: RegExp;
  /** A piece of the source that the cause's stack must lead to: the name of the function that went too far. */
  readonly cause?: RegExp;
}

/** Untyped on purpose: a typed setup() would not let most of these be written. */
export const tiny = (
  config: object,
  { actions = {}, guards = {} }: { actions?: Bodies | undefined; guards?: Bodies | undefined } = {},
): AnyStateMachine => createMachine({ id: 'tiny', ...config } as never, { actions, guards } as never);

export const refuses = (sentence: string, { config, actions, guards, options, at, says, cause }: Refused): void => {
  test(sentence, () => {
    const machine = tiny(config, { actions, guards });
    assert.throws(
      () => tabulate(machine, { events: ['go'], inputs: [undefined], ...options }),
      (error) => {
        assert.ok(error instanceof MachineNotTabulable, String(error));
        assert.equal(error.code, 'MACHINE_NOT_TABULABLE');
        assert.equal(error.machine, 'tiny');
        assert.equal(error.path, at);
        assert.ok(error.message.startsWith(`Machine 'tiny' cannot be tabulated: at '${at}', `), error.message);
        assert.match(error.message, says);
        if (cause) assert.match(String((error.cause as Error).stack), cause);
        return true;
      },
    );
  });
};
