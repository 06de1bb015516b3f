import { defineTargets, type AttemptContext } from 'coalescer';

export interface Config {
  readonly sign: string;
}

export default defineTargets((config: Config, host) => {
  host.onClose(() => undefined);
  return {
    primary: async (word: string): Promise<string> => {
      throw new Error(`primary is away, and cannot say ${word}`);
    },
    backup: {
      run: async (word: string, { signal }: AttemptContext): Promise<string> => (signal.aborted ? '' : word.toUpperCase() + config.sign),
      attemptTimeoutMs: 1_000,
    },
  };
});
