import { defineTargets } from 'coalescer';
import { shout, type Config } from './shout.ts';

export default defineTargets(({ sign }: Config) => ({
  primary: async (word: string): Promise<string> => Promise.reject(new Error(`primary is away, and cannot say ${word}`)),
  backup: async (word: string): Promise<string> => shout(word) + sign,
}));
